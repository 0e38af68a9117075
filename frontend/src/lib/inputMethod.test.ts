// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isForInputMethod, leaveKeysToInputMethod } from "./inputMethod.ts";

describe("a key belongs to the input method", () => {
  test.each([
    ["during a composition", { isComposing: true, keyCode: 13 }, true],
    ["at its end in Safari, which says so by the code only", { isComposing: false, keyCode: 229 }, true],
    ["before the composition's first letter", { isComposing: true, keyCode: 229 }, true],
    ["never otherwise", { isComposing: false, keyCode: 13 }, false],
  ])("%s", (_when, event, expected) => {
    expect(isForInputMethod(event)).toBe(expected);
  });
});

describe("a page that leaves such keys to the input method", () => {
  let end: () => void;
  const heard = vi.fn();
  beforeEach(() => {
    end = leaveKeysToInputMethod(window);
    document.body.innerHTML = "<input><textarea></textarea>";
    document.addEventListener("keydown", heard, { capture: true });
  });
  afterEach(() => {
    end();
    document.removeEventListener("keydown", heard, { capture: true });
    heard.mockClear();
  });

  function press(field: string, init: KeyboardEventInit): boolean {
    const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
    return document.querySelector(field)?.dispatchEvent(event) ?? false;
  }

  test.each(["Enter", "Escape", "ArrowUp", "ArrowDown", "Tab", "a"])("no handler hears %s", (key) => {
    press("input", { key, keyCode: 229 });
    press("textarea", { key, isComposing: true });
    expect(heard).not.toHaveBeenCalled();
    press("input", { key, keyCode: 13 });
    expect(heard).toHaveBeenCalledOnce();
  });

  test("the Enter that ends a composition submits no form, and nothing is taken from the composition itself", () => {
    expect(press("input", { key: "Enter", keyCode: 229 })).toBe(false);
    expect(press("input", { key: "Enter", keyCode: 229, isComposing: true })).toBe(true);
    expect(press("textarea", { key: "Enter", keyCode: 229 })).toBe(true);
    expect(press("input", { key: "a", keyCode: 229 })).toBe(true);
  });
});

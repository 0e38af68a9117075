import { expect, test } from "vitest";
import { type Claim, claim, NO_CLAIMS, owner } from "./toolbarOwner.ts";

const after = (...steps: readonly [Claim, string, boolean][]) =>
  owner(steps.reduce((claims, step) => claim(claims, ...step), NO_CLAIMS));

test("what the reader did last decides between pointer and focus", () => {
  expect(after(["focused", "a", true], ["hovered", "b", true])).toBe("b");
  expect(after(["hovered", "b", true], ["focused", "a", true])).toBe("a");
  expect(after(["focused", "a", true], ["hovered", "b", true], ["hovered", "b", false])).toBe("a");
  expect(after(["hovered", "b", true], ["focused", "a", true], ["focused", "a", false])).toBe("b");
});

test("a toolbar in use stays, and an open menu before all", () => {
  expect(after(["focused", "a", true], ["inToolbar", "a", true], ["hovered", "b", true])).toBe("a");
  expect(after(["held", "a", true], ["hovered", "b", true], ["focused", "c", true], ["inToolbar", "c", true])).toBe(
    "a",
  );
  expect(after(["held", "a", true], ["hovered", "b", true], ["held", "a", false])).toBe("b");
});

test("a row that is left late takes nothing from the next one", () => {
  expect(after(["hovered", "a", true], ["hovered", "b", true], ["hovered", "a", false])).toBe("b");
  expect(after(["hovered", "a", true], ["hovered", "a", false])).toBeNull();
});

test("a row that comes under a resting pointer takes nothing from the focused one", () => {
  const focused = claim(NO_CLAIMS, "focused", "a", true);
  const scrolled = claim(focused, "hovered", "b", true, false);
  expect(owner(scrolled)).toBe("a");
  expect(owner(claim(scrolled, "hovered", "b", true))).toBe("b");
});

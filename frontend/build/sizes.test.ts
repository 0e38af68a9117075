import { expect, test } from "vitest";
import { firstLoad } from "./sizes.ts";

const part = (bytes: number, modules: string[], imports: string[] = [], isEntry = false) => ({
  bytes,
  modules,
  imports,
  isEntry,
});
const parts = new Map([
  ["index.js", part(100, ["/src/main.tsx"], ["shared.js"], true)],
  ["shared.js", part(10, ["/src/ui/Button.tsx"])],
  ["form.js", part(1, ["/src/SignIn.tsx"], ["shared.js"])],
  ["chat.js", part(1_000, ["/src/Shell.tsx"], ["list.js", "shared.js"])],
  ["list.js", part(200, ["/src/List.tsx"], ["chat.js"])],
  ["dialog.js", part(5_000, ["/src/Dialog.tsx"], ["shared.js"])],
]);

test("a first screen loads the entry, its part, and what these import, each once", () => {
  expect(firstLoad(parts, "/src/SignIn.tsx")).toBe(111);
  expect(firstLoad(parts, "/src/Shell.tsx")).toBe(1_310);
});

test("a screen that is in no chunk is a mistake, not a small screen", () => {
  expect(() => firstLoad(parts, "/src/Gone.tsx")).toThrow("no chunk contains /src/Gone.tsx");
});

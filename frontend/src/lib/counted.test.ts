import { expect, test } from "vitest";
import { countedOf } from "./counted.ts";

const room = (part: Partial<Parameters<typeof countedOf>[0]>) =>
  countedOf({
    level: "all",
    quietUntil: null,
    state: "joined",
    request: false,
    kind: "public",
    unread: 5,
    unreadMentions: 2,
    ...part,
  });

test("a room counts what the user wants to be notified of", () => {
  expect(room({ level: "all" })).toBe(5);
  expect(room({ level: "mentions" })).toBe(2);
  expect(room({ level: "none" })).toBe(0);
  expect(room({ level: "all", quietUntil: 1 })).toBe(0);
  expect(room({ kind: "direct", level: "mentions" })).toBe(5);
  expect(room({ kind: "direct", level: "none" })).toBe(0);
});

test("an invitation, a join that waits and a stranger's request do not count", () => {
  expect(room({ state: "invited" })).toBe(0);
  expect(room({ state: "joining" })).toBe(0);
  expect(room({ kind: "direct", request: true })).toBe(0);
});

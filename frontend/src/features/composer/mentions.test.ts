import { describe, expect, test } from "vitest";
import { complete, mentionAt, suggest } from "./mentions.ts";

const people = [
  { id: "1", name: "ada", display_name: "Ada Lovelace" },
  { id: "2", name: "grace", display_name: "Grace Hopper" },
  { id: "3", name: "adele", display_name: null },
  { id: "4", name: "zoë", display_name: "Zoë Ådal" },
];

describe("a mention being typed", () => {
  test("begins with @ at the start or after a space", () => {
    expect(mentionAt("@gr", 3)).toEqual({ start: 0, end: 3, prefix: "gr" });
    expect(mentionAt("hi @gr", 6)).toEqual({ start: 3, end: 6, prefix: "gr" });
    expect(mentionAt("hi @", 4)).toEqual({ start: 3, end: 4, prefix: "" });
  });

  test("is not found inside an address, after a space, or away from the caret", () => {
    expect(mentionAt("ada@example", 11)).toBeNull();
    expect(mentionAt("@ada now", 8)).toBeNull();
    expect(mentionAt("hi @ada", 2)).toBeNull();
  });
});

describe("suggestions", () => {
  const names = (prefix: string, self: string | null = null) => suggest(people, prefix, self).map((one) => one.name);

  test("match handles first, then words of the display name", () => {
    expect(names("ad")).toEqual(["ada", "adele", "zoë"]);
    expect(names("HOP")).toEqual(["grace"]);
  });

  test("ignore accents and leave the user themselves out", () => {
    expect(names("zoe")).toEqual(["zoë"]);
    expect(names("ada", "1")).toEqual(["zoë"]);
  });
});

test("completion inserts the name and puts the caret after it", () => {
  const query = mentionAt("hi @gr!", 6);
  expect(query && complete("hi @gr!", query, "grace")).toEqual({ text: "hi @grace !", caret: 10 });
  const spaced = mentionAt("@gr there", 3);
  expect(spaced && complete("@gr there", spaced, "grace")).toEqual({ text: "@grace there", caret: 7 });
});

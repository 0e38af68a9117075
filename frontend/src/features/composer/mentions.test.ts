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

describe("a mention follows the rules of the text", () => {
  test.each([
    ["交给@bo", "bo"],
    ["@小", "小"],
    ["hi @कृ", "कृ"],
    ["hi @ป้", "ป้"],
    ["(@b", "b"],
    ["**@b", "b"],
    ["- @b", "b"],
    ["> @b", "b"],
    ["@ann/@b", "b"],
    ["@نمی\u200c", "نمی\u200c"],
    ["@ada.", "ada."],
    ["`a` @b", "b"],
  ])("%s", (text, prefix) => {
    expect(mentionAt(text, text.length)?.prefix).toBe(prefix);
  });

  test.each([
    "```\n@b",
    "https://social.example/@b",
    "\\@b",
    "a@b",
    "@ada@b",
    "@@b",
    "`` ` `` `\n@b`",
    "x/@b",
    "josé@b",
  ])("%s offers nobody", (text) => {
    expect(mentionAt(text, text.length)).toBeNull();
  });
});

describe("suggestions", () => {
  const names = (prefix: string, self: string | null = null) => suggest(people, prefix, self).map((one) => one.name);

  test("match handles first, then words of the display name", () => {
    expect(names("ad")).toEqual(["ada", "adele", "zoë"]);
    expect(names("HOP")).toEqual(["grace"]);
  });

  test("compare letters of all scripts, in every language of the browser", () => {
    const people = ["कृष्ण", "கமல்", "ป้อม", "Ivan", "نمی\u200cدان"].map((name) => ({
      id: name,
      name,
      display_name: null,
    }));
    const names = (prefix: string) => suggest(people, prefix, null).map((one) => one.name);
    expect(names("कृ")).toEqual(["कृष्ण"]);
    expect(names("कु")).toEqual([]);
    expect(names("ป้")).toEqual(["ป้อม"]);
    expect(names("IV")).toEqual(["Ivan"]);
    expect(names("نمید")).toEqual(["نمی\u200cدان"]);
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

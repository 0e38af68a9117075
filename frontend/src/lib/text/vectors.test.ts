import { describe, expect, test } from "vitest";
import { foldHandle, handlesOf } from "./handle.ts";
import { mentionedWords, parseMarkdown, toPlainText } from "./markdown.ts";
import { vectors } from "./vectors.ts";

function hrefs(text: string): string[] {
  const found: string[] = [];
  JSON.stringify(parseMarkdown(text), (key, value) => {
    if (key === "href") found.push(value);
    return value;
  });
  return found;
}

function mentions(text: string, users: readonly string[]): string[] {
  const named = new Map(users.map((user) => [foldHandle(user), user]));
  const found = mentionedWords(text).flatMap((word) => {
    const handle = handlesOf(word).find((handle) => named.has(foldHandle(handle)));
    return handle === undefined ? [] : [named.get(foldHandle(handle)) ?? ""];
  });
  return [...new Set(found)];
}

describe("vectors", () => {
  test.each(vectors)("$what: $text", ({ text, users = ["bob", "ann"], mentions: mentioned, links, visible }) => {
    expect(mentions(text, users)).toEqual(mentioned);
    if (links !== undefined) expect(hrefs(text)).toEqual(links);
    if (visible !== undefined) expect(toPlainText(text)).toBe(visible);
  });
});

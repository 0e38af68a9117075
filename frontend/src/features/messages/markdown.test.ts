import { describe, expect, test } from "vitest";
import { emojiRuns, isEmojiOnly, quickEmojis } from "./emoji.ts";
import { allowed, type Block, type Inline, parseMarkdown, toPlainLine } from "./markdown.ts";

function inlines(text: string): readonly Inline[] {
  const [first] = parseMarkdown(text);
  if (first?.type !== "paragraph") throw new Error(`not a paragraph: ${JSON.stringify(first)}`);
  return first.children;
}

function links(blocks: readonly Block[]): string[] {
  const found: string[] = [];
  JSON.stringify(blocks, (key, value) => {
    if (key === "href") found.push(value);
    return value;
  });
  return found;
}

describe("what a message may use", () => {
  test("bold, italic, struck, code", () => {
    expect(inlines("**a** _b_ ~~c~~ `d`").map((node) => node.type)).toEqual([
      "strong",
      "text",
      "emphasis",
      "text",
      "strike",
      "text",
      "code",
    ]);
  });

  test("a code block keeps its language and its spaces", () => {
    expect(parseMarkdown("```rust\nfn main() {\n    1\n}\n```")).toEqual([
      { type: "code", lang: "rust", text: "fn main() {\n    1\n}" },
    ]);
  });

  test("lists and quotes nest", () => {
    const [quote, list] = parseMarkdown("> said\n\n3. one\n4. two");
    expect(quote?.type).toBe("quote");
    expect(list).toMatchObject({ type: "list", ordered: true, start: 3 });
  });

  test("typed line breaks stay", () => {
    expect(inlines("one\ntwo")).toEqual([{ type: "text", text: "one\ntwo" }]);
  });

  test("syntax outside the subset stays as typed", () => {
    for (const text of ["# not a heading", "a &amp; b", "---", "[x]: https://example.org"]) {
      expect(toPlainLine(text)).toBe(text.replace("https://example.org", "example.org"));
    }
  });

  test("deeply nested quotes or lists are text, and are not parsed to the bottom", () => {
    for (const level of [">", "> ", "- ", "1. "]) {
      const text = `${level.repeat(999)}deep`;
      expect(parseMarkdown(text)).toEqual([{ type: "paragraph", children: [{ type: "text", text }] }]);
    }
    expect(parseMarkdown("> > > fine")[0]?.type).toBe("quote");
  });

  test("the same text gives the same tree", () => {
    expect(parseMarkdown("same **one**")).toBe(parseMarkdown("same **one**"));
  });
});

describe("links and mentions", () => {
  test("URLs become links without the punctuation after them", () => {
    expect(links(parseMarkdown("see https://example.org/a(b)_c, (https://example.org/x)."))).toEqual([
      "https://example.org/a(b)_c",
      "https://example.org/x",
    ]);
  });

  test("long URLs are shown shortened and link to the whole URL", () => {
    const url = `https://example.org/${"a".repeat(100)}`;
    const [link] = inlines(url);
    expect(link).toMatchObject({ type: "link", href: url });
    expect(link?.type === "link" && link.children[0]?.type === "text" && link.children[0].text.length).toBe(60);
  });

  test("mentions are found, email addresses are not", () => {
    expect(inlines("hi @ada, and ada@example.org").filter((node) => node.type === "mention")).toEqual([
      { type: "mention", name: "ada" },
    ]);
    expect(inlines("@grace.").at(0)).toEqual({ type: "mention", name: "grace" });
  });
});

describe("hostile text", () => {
  const HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](blob:https://example.org/1)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "javascript:alert(1)",
    "[x](//evil.example)",
    "[x](\u0001javascript:alert(1))",
  ];

  test.each(HOSTILE)("%s makes no link", (text) => {
    expect(links(parseMarkdown(text))).toEqual([]);
  });

  test("raw HTML is text, character for character", () => {
    expect(toPlainLine("<b onclick=x>hi</b>")).toBe("<b onclick=x>hi</b>");
  });

  test("only http, https and mailto are followed", () => {
    expect(allowed("https://example.org")).toBe("https://example.org/");
    expect(allowed("mailto:ada@example.org")).toBe("mailto:ada@example.org");
    expect(allowed("ftp://example.org")).toBeNull();
    expect(allowed(" https://example.org")).toBeNull();
  });
});

describe("emojis", () => {
  test("a message that contains only emojis is recognised", () => {
    for (const text of ["🎉", "👍🏽 ❤️", "👩‍👩‍👧‍👦", "🇯🇵🇩🇪", "1️⃣"]) expect(isEmojiOnly(text)).toBe(true);
    for (const text of ["", "1", "ok 🎉", "🎉🎉🎉🎉🎉"]) expect(isEmojiOnly(text)).toBe(false);
  });

  test("runs of emojis are separated from text; digits and signs are text", () => {
    expect(emojiRuns("tea ☕ 👍🏽👩‍👩‍👧 ❤️ 1 #1 © done")).toEqual([
      "tea ",
      "☕",
      " ",
      "👍🏽👩‍👩‍👧",
      " ",
      "❤️",
      " 1 #1 © done",
    ]);
    expect(emojiRuns("plain")).toEqual(["plain"]);
  });

  test("the most used come first, and six in all", () => {
    expect(quickEmojis({ "☕": 9, "🍕": 3 })).toEqual(["☕", "🍕", "👍", "❤️", "😂", "🎉"]);
  });
});

import { describe, expect, test } from "vitest";
import { allowed } from "./address.ts";
import { parseMarkdown, toPlainLine, toPlainText } from "./markdown.ts";
import type { Block, Inline } from "./tree.ts";
import { hostile } from "./vectors.ts";

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
    const [quote, list] = parseMarkdown("> said\n\n3. one\n   - two\n7) three");
    expect(quote?.type).toBe("quote");
    expect(list).toMatchObject({ type: "list", ordered: true, items: [{ mark: "3." }, { mark: "7)" }] });
    expect(list?.type === "list" && list.items[0]?.children[1]).toMatchObject({ type: "list", ordered: false });
  });

  test("typed line breaks stay", () => {
    expect(inlines("one\ntwo")).toEqual([{ type: "text", text: "one\ntwo" }]);
  });

  test("syntax outside the subset stays as typed", () => {
    for (const text of ["# not a heading", "a &amp; b", "---", "[x]: https://example.org"]) {
      expect(toPlainLine(text)).toBe(text);
    }
  });

  test("deeply nested quotes or lists are text from some depth on", () => {
    for (const level of [">", "> ", "- ", "1. "]) {
      const text = `${level.repeat(999)}deep`;
      expect(toPlainText(text)).toContain(level.repeat(900));
      expect(JSON.stringify(parseMarkdown(text)).split('"children"').length).toBeLessThan(12);
    }
    expect(parseMarkdown("> > > fine")[0]?.type).toBe("quote");
  });

  test("formatting nests as it was typed", () => {
    expect(inlines("***a** b*")).toEqual([
      {
        type: "emphasis",
        children: [
          { type: "strong", children: [{ type: "text", text: "a" }] },
          { type: "text", text: " b" },
        ],
      },
    ]);
    expect(inlines("**a _b** c_")).toEqual([
      {
        type: "strong",
        children: [{ type: "text", text: "a _b" }],
      },
      { type: "text", text: " c_" },
    ]);
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

  test("a URL is shown as it was typed, however long it is", () => {
    const url = `https://example.org/${"a".repeat(100)}`;
    expect(inlines(url)).toEqual([{ type: "link", href: url, host: null, children: [{ type: "text", text: url }] }]);
  });

  test("no direction or invisible character is part of a URL", () => {
    for (const c of ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff"]) {
      expect(links(parseMarkdown(`https://bank.example/${c}moc.live`))).toEqual(["https://bank.example/"]);
    }
  });

  test("mentions are found, email addresses are not", () => {
    expect(inlines("hi @ada, and ada@example.org").filter((node) => node.type === "mention")).toEqual([
      { type: "mention", word: "ada" },
    ]);
    expect(inlines("@grace.").at(0)).toEqual({ type: "mention", word: "grace" });
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

  test("takes time in proportion to its length", () => {
    const pieces = [...hostile, `@${"a_".repeat(300)}`];
    const texts = pieces.map((piece) => piece.repeat(4000).slice(0, 4000));
    texts.push("[".repeat(2000) + "](a".repeat(666), "*a ".repeat(666) + " b*".repeat(666));
    texts.push(
      `@a${"_".repeat(3900)}b`,
      `https://a.example/${"*".repeat(3900)}`,
      `${" ".repeat(3999)}x`,
      `- ${" ".repeat(3990)}-`,
    );
    for (const text of texts) {
      // The best of three: a busy machine interrupts one of them.
      const times = [1, 2, 3].map(() => {
        const begun = performance.now();
        parseMarkdown(text);
        return performance.now() - begun;
      });
      expect(Math.min(...times), text.slice(0, 30)).toBeLessThan(100);
    }
  });

  test("only http, https and mailto are followed", () => {
    expect(allowed("https://example.org")).toBe("https://example.org/");
    expect(allowed("mailto:ada@example.org")).toBe("mailto:ada@example.org");
    expect(allowed("ftp://example.org")).toBeNull();
    expect(allowed(" https://example.org")).toBeNull();
  });
});

/**
 * Owns the tree of a message's text, and its one-line form. It never produces HTML: raw HTML in a message is text, and so
 * is everything that the format in `docs/protocol/text.md` does not name.
 */
import { blocks } from "./blocks.ts";
import type { Block, Inline } from "./tree.ts";

const CACHED = 500;

const cache = new Map<string, readonly Block[]>();

/** Returns the tree of a message's text. The same text returns the same object. */
export function parseMarkdown(text: string): readonly Block[] {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parsed = blocks(text);
  if (cache.size >= CACHED) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  cache.set(text, parsed);
  return parsed;
}

/** Returns the text of a message in one line, without Markdown: for quotes, previews and announcements. */
export function toPlainLine(text: string): string {
  return toPlainText(text).replace(/\s+/gu, " ").trim();
}

/**
 * Returns a typed text as it is sent: without blank lines before it and white space after it. The blanks that its first
 * line begins with stay.
 */
export function withoutBlankEnds(text: string): string {
  return text.replace(/^(?:[ \t]*(?:\r\n|\r|\n))+/u, "").trimEnd();
}

/** Returns what a reader of a message sees as text. */
export function toPlainText(text: string): string {
  return parseMarkdown(text).map(blockText).join("\n");
}

/** Returns the words after every `@` of a text that may mention somebody. */
export function mentionedWords(text: string): string[] {
  return parseMarkdown(text).flatMap(wordsOfBlock);
}

/** Returns whether a text ends with a mention. */
export function endsWithMention(text: string): boolean {
  let last: Block | Inline | undefined = blocks(text).at(-1);
  while (last !== undefined && last.type !== "mention") {
    if (last.type === "list") last = last.items.at(-1)?.children.at(-1);
    else last = last.type !== "link" && "children" in last ? last.children.at(-1) : undefined;
  }
  return last !== undefined;
}

function wordsOfBlock(node: Block): string[] {
  switch (node.type) {
    case "paragraph":
      return node.children.flatMap(wordsOf);
    case "code":
      return [];
    case "quote":
      return node.children.flatMap(wordsOfBlock);
    case "list":
      return node.items.flatMap((item) => item.children.flatMap(wordsOfBlock));
  }
}

function wordsOf(node: Inline): string[] {
  if (node.type === "mention") return [node.word];
  return "children" in node ? node.children.flatMap(wordsOf) : [];
}

function blockText(node: Block): string {
  switch (node.type) {
    case "paragraph":
      return node.children.map(inlineText).join("");
    case "code":
      return node.lang === null ? node.text : `${node.lang}\n${node.text}`;
    case "quote":
      return node.children.map(blockText).join("\n");
    case "list":
      return node.items.map(({ mark, children }) => `${mark ?? "•"} ${children.map(blockText).join("\n")}`).join("\n");
  }
}

function inlineText(node: Inline): string {
  switch (node.type) {
    case "text":
    case "code":
      return node.text;
    case "mention":
      return `@${node.word}`;
    case "link":
      return node.children.map(inlineText).join("") + (node.host === null ? "" : ` (${node.host})`);
    default:
      return node.children.map(inlineText).join("");
  }
}

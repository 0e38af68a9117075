/**
 * Owns which parts of Markdown a message may use, as a tree of our own nodes. It never produces HTML: raw HTML in a
 * message is text, a link with a disallowed scheme is text, a picture is a link.
 */
import type { Nodes, PhrasingContent, RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmStrikethroughFromMarkdown } from "mdast-util-gfm-strikethrough";
import { gfmStrikethrough } from "micromark-extension-gfm-strikethrough";

export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "strong" | "emphasis" | "strike"; readonly children: readonly Inline[] }
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "break" }
  | { readonly type: "mention"; readonly name: string }
  | { readonly type: "link"; readonly href: string; readonly children: readonly Inline[] };

export type Block =
  | { readonly type: "paragraph"; readonly children: readonly Inline[] }
  | { readonly type: "code"; readonly lang: string | null; readonly text: string }
  | { readonly type: "quote"; readonly children: readonly Block[] }
  | {
      readonly type: "list";
      readonly ordered: boolean;
      readonly start: number;
      readonly items: readonly (readonly Block[])[];
    };

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const SHOWN_URL_CHARS = 60;
const MAX_DEPTH = 12;
const CACHED = 500;

// Constructs that chat has no use for, or that would hide typed text.
const DISABLED = {
  disable: {
    null: [
      "htmlFlow",
      "htmlText",
      "codeIndented",
      "setextUnderline",
      "definition",
      "thematicBreak",
      "labelStartImage",
      "characterReference",
      "headingAtx",
    ],
  },
};

// Quotes and lists this deep are not real writing; parsing them takes far too long.
const TOWER = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){13}/mu;

const cache = new Map<string, readonly Block[]>();

/** Returns the tree of a message's text. The same text returns the same object. */
export function parseMarkdown(text: string): readonly Block[] {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const blocks = TOWER.test(text) ? [paragraph([{ type: "text", text }])] : parse(text);
  if (cache.size >= CACHED) {
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  }
  cache.set(text, blocks);
  return blocks;
}

function parse(text: string): readonly Block[] {
  const root = fromMarkdown(text, {
    extensions: [DISABLED, gfmStrikethrough({ singleTilde: false })],
    mdastExtensions: [gfmStrikethroughFromMarkdown()],
  });
  return root.children.flatMap((node) => block(node, 0));
}

function block(node: RootContent, depth: number): Block[] {
  if (depth > MAX_DEPTH) return [paragraph([{ type: "text", text: plain(node) }])];
  switch (node.type) {
    case "paragraph":
      return [paragraph(node.children.flatMap((child) => inline(child, false)))];
    case "code":
      return [{ type: "code", lang: node.lang ?? null, text: node.value }];
    case "blockquote":
      return [{ type: "quote", children: node.children.flatMap((child) => block(child, depth + 1)) }];
    case "list":
      return [
        {
          type: "list",
          ordered: node.ordered === true,
          start: node.start ?? 1,
          items: node.children.map((item) => item.children.flatMap((child) => block(child, depth + 1))),
        },
      ];
    default: {
      const text = plain(node);
      return text === "" ? [] : [paragraph([{ type: "text", text }])];
    }
  }
}

function paragraph(children: readonly Inline[]): Block {
  return { type: "paragraph", children };
}

function inline(node: PhrasingContent, inLink: boolean): Inline[] {
  switch (node.type) {
    case "text":
      return inLink ? [{ type: "text", text: node.value }] : words(node.value);
    case "strong":
    case "emphasis":
      return [{ type: node.type, children: node.children.flatMap((child) => inline(child, inLink)) }];
    case "delete":
      return [{ type: "strike", children: node.children.flatMap((child) => inline(child, inLink)) }];
    case "inlineCode":
      return [{ type: "code", text: node.value }];
    case "break":
      return [{ type: "break" }];
    case "link": {
      const children = node.children.flatMap((child) => inline(child, true));
      const href = allowed(node.url);
      if (href !== null) return [{ type: "link", href, children: shortened(children) }];
      // The refused URL stays readable, so that no typed text disappears.
      return [...children, { type: "text", text: ` (${node.url})` }];
    }
    default:
      return [{ type: "text", text: plain(node) }];
  }
}

function plain(node: Nodes): string {
  if ("value" in node) return node.value;
  if ("alt" in node) return node.alt ?? "";
  if ("children" in node) return node.children.map(plain).join("");
  return "";
}

/** Returns the URL if a link may point there. Control characters are refused: browsers skip them inside a scheme. */
export function allowed(url: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\u0000-\u0020\u007f]/.test(url)) return null;
  try {
    const parsed = new URL(url);
    return SCHEMES.has(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

const WORD = /(?<url>\bhttps?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}@/._-])@(?<name>[\p{L}\p{N}][\p{L}\p{N}._-]*)/gu;

/** Finds URLs and mentions in plain text. */
function words(text: string): Inline[] {
  const found: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(WORD)) {
    let whole = match[0];
    let node: Inline;
    if (match.groups?.url !== undefined) {
      whole = withoutTail(whole);
      const href = allowed(whole);
      if (href === null) continue;
      node = { type: "link", href, children: [{ type: "text", text: shortUrl(whole) }] };
    } else {
      whole = whole.replace(/[._-]+$/u, "");
      node = { type: "mention", name: whole.slice(1) };
    }
    if (match.index > from) found.push({ type: "text", text: text.slice(from, match.index) });
    found.push(node);
    from = match.index + whole.length;
  }
  if (from < text.length) found.push({ type: "text", text: text.slice(from) });
  return found;
}

/**
 * Returns the URL without trailing punctuation, which belongs to the sentence. A closing bracket stays if the URL
 * opened one.
 */
function withoutTail(url: string): string {
  let end = url.replace(/[.,;:!?'*_~]+$/u, "");
  while (end.endsWith(")") && end.split("(").length < end.split(")").length) {
    end = end.slice(0, -1).replace(/[.,;:!?'*_~]+$/u, "");
  }
  return end;
}

function shortUrl(url: string): string {
  const shown = url.replace(/^https?:\/\/(?:www\.)?/u, "").replace(/\/$/u, "");
  return shown.length <= SHOWN_URL_CHARS ? shown : `${shown.slice(0, SHOWN_URL_CHARS - 1)}…`;
}

function shortened(children: readonly Inline[]): readonly Inline[] {
  const only = children.length === 1 ? children[0] : undefined;
  return only?.type === "text" && /^https?:\/\//u.test(only.text)
    ? [{ type: "text", text: shortUrl(only.text) }]
    : children;
}

/** Returns the text of a message in one line, without Markdown: for quotes, previews and announcements. */
export function toPlainLine(text: string): string {
  const line = parseMarkdown(text).map(blockText).join(" ");
  return line.replace(/\s+/gu, " ").trim();
}

function blockText(node: Block): string {
  switch (node.type) {
    case "paragraph":
      return node.children.map(inlineText).join("");
    case "code":
      return node.text;
    case "quote":
      return node.children.map(blockText).join(" ");
    case "list":
      return node.items.map((item) => item.map(blockText).join(" ")).join(" ");
  }
}

function inlineText(node: Inline): string {
  switch (node.type) {
    case "text":
    case "code":
      return node.text;
    case "break":
      return " ";
    case "mention":
      return `@${node.name}`;
    default:
      return node.children.map(inlineText).join("");
  }
}

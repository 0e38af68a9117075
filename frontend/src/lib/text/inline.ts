/**
 * Owns what is formatted within one paragraph: code, links, addresses, mentions, and bold, italic and struck text.
 * `docs/protocol/text.md` defines the format; the server's `mentions.rs` implements the rules for what can be no mention.
 * Takes time in proportion to the length of the paragraph.
 */

import { addressEnd, allowed, hiddenHost } from "./address.ts";
import { after, before, handleAt, isInsideWord, isSpacedWord, isWord, lastSign } from "./handle.ts";
import type { Inline } from "./tree.ts";

/** Parentheses within each other in a link's target. */
const NESTED_PARENTHESES = 32;
const PUNCTUATION = /^[!-/:-@[-`{-~]$/u;
const SPACE = /^\p{White_Space}$/u;
const NO_TARGET = /^[\p{White_Space}\p{Cc}\\`<>"]$/u;
/** What begins something. Everything before it is plain. */
const SPECIAL = /[\\`[(@*_~hH]/gu;

/** Returns the parts of a paragraph. */
export function inlines(text: string): Inline[] {
  const marks = scan(text);
  return new Parser(text, marks.code, marks.brackets).parse(0, text.length, false);
}

/** Finds the code and the pairs of brackets of a paragraph, as the ends by the beginnings. */
function scan(text: string): { code: Map<number, number>; brackets: Map<number, number> } {
  const code = new Map<number, number>();
  const brackets = new Map<number, number>();
  const runs = new Map<number, number[]>();
  for (const run of text.matchAll(/`+/gu)) {
    const of = runs.get(run[0].length);
    if (of === undefined) runs.set(run[0].length, [run.index]);
    else of.push(run.index);
  }
  for (const of of runs.values()) of.reverse();
  const open: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at];
    if (c === "\\" && PUNCTUATION.test(text[at + 1] ?? "")) at += 1;
    else if (c === "`") {
      const length = runLength(text, at);
      const of = runs.get(length) ?? [];
      while ((of.at(-1) ?? Number.POSITIVE_INFINITY) < at + length) of.pop();
      const end = of.at(-1);
      const holds = end !== undefined && /\P{White_Space}/u.test(text.slice(at + length, end));
      if (holds) code.set(at, end + length);
      at = (holds ? end : at) + length - 1;
    } else if (c === "[") open.push(at);
    else if (c === "]") {
      const opened = open.pop();
      if (opened !== undefined) brackets.set(opened, at);
    }
  }
  return { code, brackets };
}

function runLength(text: string, at: number): number {
  let end = at;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** A mark that has been read and may be closed. */
interface Open {
  readonly mark: string;
  /** How many characters of it are not closed yet. */
  left: number;
  /** Whether the mark could also have closed something, and how long it was (CommonMark's rule of three). */
  readonly both: boolean;
  readonly length: number;
  /** Where its text is in the output. */
  readonly place: number;
}

class Parser {
  /** The end of a link's target by its beginning. */
  private readonly targets = new Map<number, number>();

  constructor(
    private readonly text: string,
    private readonly code: ReadonlyMap<number, number>,
    private readonly brackets: ReadonlyMap<number, number>,
  ) {}

  parse(from: number, to: number, inLink: boolean): Inline[] {
    const { text } = this;
    const out = new Output();
    let at = from;
    while (at < to) {
      const c = text[at] ?? "";
      if (c === "\\") {
        const end = Math.min(PUNCTUATION.test(text[at + 1] ?? "") ? at + 2 : at + 1, to);
        out.text(text.slice(at, end));
        at = end;
      } else if (c === "`") {
        const end = this.code.get(at);
        const length = Math.min(runLength(text, at), to - at);
        if (end === undefined) out.text(text.slice(at, at + length));
        else out.push({ type: "code", text: codeText(text.slice(at + length, end - length)) });
        at = end ?? at + length;
      } else if (c === "(" && this.targets.has(at)) {
        const end = this.targets.get(at) ?? at + 1;
        out.text(text.slice(at, end));
        at = end;
      } else if (c === "[") {
        at = this.link(at, inLink, out);
      } else if (c === "h" || c === "H") {
        const end = addressEnd(text, at, to, (mark) => out.isOpen(mark));
        const url = text.slice(at, end);
        const href = inLink ? null : allowed(url);
        if (href === null) out.text(url === "" ? c : url);
        else out.push({ type: "link", href, host: hiddenHost(url, url), children: [{ type: "text", text: url }] });
        at = Math.max(end, at + 1);
      } else if (c === "@") {
        at = this.mention(at, to, out);
      } else if (c === "*" || c === "_" || c === "~") {
        const length = Math.min(runLength(text, at), to - at);
        out.mark(c, length, before(text, at), after(text, at + length));
        at += length;
      } else {
        SPECIAL.lastIndex = at + 1;
        const end = Math.min(SPECIAL.exec(text)?.index ?? to, to);
        out.text(text.slice(at, end));
        at = end;
      }
    }
    return out.done();
  }

  /** Reads a link `[label](target)`; without one, the bracket is text. */
  private link(at: number, inLink: boolean, out: Output): number {
    const close = this.brackets.get(at);
    const end = close === undefined ? null : this.findTarget(at, close);
    if (close !== undefined && end !== null && !inLink) {
      const target = this.text.slice(close + 2, end - 1);
      const href = allowed(target);
      if (href !== null) {
        const host = hiddenHost(target, this.text.slice(at + 1, close));
        out.push({ type: "link", href, host, children: this.parse(at + 1, close, true) });
        return end;
      }
    }
    out.text("[");
    return at + 1;
  }

  private findTarget(at: number, close: number): number | null {
    const { text } = this;
    if (text[close + 1] !== "(" || !/\P{White_Space}/u.test(text.slice(at + 1, close))) return null;
    let depth = 0;
    for (let place = close + 1; place < text.length; place += 1) {
      const c = text[place] ?? "";
      if (c === "(") {
        if (depth === NESTED_PARENTHESES) return null;
        depth += 1;
      } else if (c === ")") {
        depth -= 1;
        if (depth > 0) continue;
        if (place === close + 2) return null;
        this.targets.set(close + 1, place + 1);
        return place + 1;
      } else if (NO_TARGET.test(c)) return null;
    }
    return null;
  }

  private mention(at: number, to: number, out: Output): number {
    const { text } = this;
    const sign = lastSign(text, at);
    // Mentions may follow each other: `@ada/@bob`, `@ada@小明`.
    const follows = out.mentioned === at || (text[at - 1] === "/" && out.mentioned === at - 1);
    const word = isInsideWord(sign) && !follows ? "" : handleAt(text, at + 1, to);
    if (word === "") {
      out.text("@");
      return at + 1;
    }
    const end = at + 1 + word.length;
    out.push({ type: "mention", word });
    out.mentioned = end;
    return end;
  }
}

function codeText(text: string): string {
  const line = text.replaceAll("\n", " ");
  return line.startsWith(" ") && line.endsWith(" ") ? line.slice(1, -1) : line;
}

/** Collects the parts of a paragraph, and closes marks as soon as they can be. */
class Output {
  private readonly parts: Inline[] = [];
  private readonly open: Open[] = [];
  private readonly count = new Map<string, number>();
  /** Where the last mention ended. */
  mentioned = -1;

  text(text: string): void {
    this.parts.push({ type: "text", text });
  }

  push(part: Inline): void {
    this.parts.push(part);
  }

  /** Returns whether a mark could close one that is open. */
  isOpen(mark: string): boolean {
    return (this.count.get(mark) ?? 0) > 0;
  }

  mark(mark: string, length: number, left: string, right: string): void {
    const opens = canOpen(mark, length, left, right);
    const closes = canClose(mark, length, left, right);
    const rest = closes ? this.close(mark, length, opens && closes) : length;
    if (rest === 0) return;
    this.text(mark.repeat(rest));
    if (!opens) return;
    this.open.push({ mark, left: rest, both: closes, length, place: this.parts.length - 1 });
    this.count.set(mark, (this.count.get(mark) ?? 0) + 1);
  }

  /** Closes what a mark can close. Returns how many characters of it are left. */
  private close(mark: string, length: number, both: boolean): number {
    let rest = length;
    while (rest > 0 && this.isOpen(mark)) {
      // Marks that were opened later and are not closed are text.
      while (this.open.at(-1)?.mark !== mark) this.drop();
      const open = this.open.at(-1);
      if (open === undefined) break;
      const total = open.length + length;
      const clash = total % 3 === 0 && (open.length % 3 !== 0 || length % 3 !== 0);
      if (mark !== "~" && (both || open.both) && clash) break;
      const used = mark === "~" || (open.left > 1 && rest > 1) ? 2 : 1;
      // Marks around nothing but marks are a face, not a format: `*_*`.
      if (!this.parts.slice(open.place + 1).some(says)) break;
      const children = this.parts.splice(open.place + 1);
      open.left -= used;
      rest -= used;
      this.parts.pop();
      if (open.left > 0) this.text(mark.repeat(open.left));
      else this.drop();
      this.push({ type: mark === "~" ? "strike" : used === 2 ? "strong" : "emphasis", children: merged(children) });
    }
    return rest;
  }

  private drop(): void {
    const dropped = this.open.pop();
    if (dropped !== undefined) this.count.set(dropped.mark, (this.count.get(dropped.mark) ?? 0) - 1);
  }

  done(): Inline[] {
    return merged(this.parts);
  }
}

function says(part: Inline): boolean {
  return part.type !== "text" || /[^*_~\p{White_Space}]/u.test(part.text);
}

function merged(parts: readonly Inline[]): Inline[] {
  const found: Inline[] = [];
  let texts: string[] = [];
  const end = () => {
    const text = texts.join("");
    if (text !== "") found.push({ type: "text", text });
    texts = [];
  };
  for (const part of parts) {
    if (part.type === "text") {
      texts.push(part.text);
      continue;
    }
    end();
    found.push(part);
  }
  end();
  return found;
}

/** A mark opens before something visible, and not within a word: `7*6*5` and `a_b_c` keep their signs. */
function canOpen(mark: string, length: number, left: string, right: string): boolean {
  if (right === "" || SPACE.test(right) || (mark === "~" && length !== 2)) return false;
  if (mark === "_" ? isWord(left) : isSpacedWord(left)) return false;
  // A single sign after or before such punctuation multiplies, or stands for any text: `(a)*(b)`, `*.txt`.
  return length > 1 || (!/[)\]}]/u.test(left) && !/[)\]},.;:!?]/u.test(right));
}

function canClose(mark: string, length: number, left: string, right: string): boolean {
  if (left === "" || SPACE.test(left) || (mark === "~" && length !== 2)) return false;
  if (mark === "_" ? isWord(right) : isSpacedWord(right)) return false;
  return length > 1 || !/[([{]/u.test(left);
}

/**
 * Owns how a text is divided into paragraphs, code, quotes and lists. `docs/protocol/text.md` defines the format; the
 * server's `blocks.rs` implements the same rules. Takes time in proportion to the length of the text.
 */
import { inlines } from "./inline.ts";
import type { Block, Item } from "./tree.ts";

/** Quotes and lists within each other. What is deeper is text. */
const MAX_DEPTH = 8;
/** Columns of a tab at the beginning of a line. */
const TAB = 4;

const FENCE = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$/u;
const LANGUAGE = /^[A-Za-z0-9_+#.-]{1,20}$/u;
const QUOTED = new RegExp(`^ {0,3}>(>{0,${MAX_DEPTH - 1}})(?=[ \\t\\p{Alphabetic}]|$)`, "u");
const MARKER = /^( {0,3})([-*]|[0-9]{1,9}[.)])([ \t]+)(?=.*[^ \t*_-])/u;
const ONLY_QUOTES = /^[> \t]*$/u;
const BLANKS = /^[ \t]*/u;
const BLANK = /^[ \t]*$/u;

/** Returns the blocks of a text. */
export function blocks(text: string): Block[] {
  return within(text.split(/\r\n|\r|\n/u), 0);
}

function within(lines: readonly string[], depth: number): Block[] {
  const found: Block[] = [];
  let paragraph: string[] = [];
  const end = () => {
    if (paragraph.length > 0) found.push({ type: "paragraph", children: inlines(paragraph.join("\n")) });
    paragraph = [];
  };
  let at = 0;
  while (at < lines.length) {
    const fenced = fence(lines, at);
    const quoted = fenced === null && depth < MAX_DEPTH ? quote(lines, at) : null;
    const listed = fenced === null && quoted === null && depth < MAX_DEPTH ? item(lines, at) : null;
    if (fenced !== null) {
      end();
      found.push({ type: "code", lang: fenced.lang, text: fenced.lines.join("\n") });
      at = fenced.next;
    } else if (quoted !== null) {
      if (quoted.says) {
        end();
        found.push({ type: "quote", children: within(quoted.inner, depth + 1) });
      } else {
        paragraph.push(...lines.slice(at, quoted.next));
      }
      at = quoted.next;
    } else if (listed !== null) {
      end();
      addItem(found, { mark: listed.mark, children: within(listed.inner, depth + 1) });
      at = listed.next;
    } else {
      const line = lines[at] ?? "";
      if (BLANK.test(line)) end();
      else paragraph.push(line);
      at += 1;
    }
  }
  end();
  return found;
}

/** Adds an item to the list before it, or begins a list. */
function addItem(found: Block[], item: Item): void {
  const ordered = item.mark !== null;
  const last = found.at(-1);
  if (last?.type === "list" && last.ordered === ordered) (last.items as Item[]).push(item);
  else found.push({ type: "list", ordered, items: [item] });
}

/** Reads a block of code. One around nothing is none. */
function fence(lines: readonly string[], at: number): { lang: string | null; lines: string[]; next: number } | null {
  const opened = FENCE.exec(lines[at] ?? "");
  if (opened === null) return null;
  const [, indent = "", marks = "", rest = ""] = opened;
  const closes = new RegExp(`^ {0,3}${marks[0]}{${marks.length},}[ \\t]*$`, "u");
  let close = at + 1;
  while (close < lines.length && !closes.test(lines[close] ?? "")) close += 1;
  const body = lines.slice(at + 1, close).map((line) => withoutSpaces(line, indent.length));
  const info = rest.replace(/[ \t]+$/u, "").replace(BLANKS, "");
  const lang = LANGUAGE.test(info) ? info : null;
  // What is not one word is the first line of the code.
  if (info !== "" && lang === null) body.unshift(info);
  if (body.every((line) => BLANK.test(line))) return null;
  return { lang, lines: body, next: close + 1 };
}

function withoutSpaces(line: string, most: number): string {
  let cut = 0;
  while (cut < most && line[cut] === " ") cut += 1;
  return line.slice(cut);
}

/** Reads a quote: the lines that begin with `>`. Marks around nothing are text. */
function quote(lines: readonly string[], at: number): { inner: string[]; says: boolean; next: number } | null {
  const inner: string[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    if (!QUOTED.test(line)) break;
    inner.push(line.replace(/^ *> ?/u, ""));
  }
  if (next === at) return null;
  return { inner, says: inner.some((line) => !ONLY_QUOTES.test(line)), next };
}

/** Reads one item of a list: its line, and the lines below that are indented by two columns more. */
function item(lines: readonly string[], at: number): { mark: string | null; inner: string[]; next: number } | null {
  const line = lines[at] ?? "";
  const marked = MARKER.exec(line);
  if (marked === null) return null;
  const [, indent = "", mark = "", blanks = ""] = marked;
  // As in CommonMark: many blanks are content.
  const apart = blanks.length <= 4 ? blanks.length : 1;
  const offset = indent.length + mark.length + apart;
  const inner = [line.slice(offset)];
  let next = at + 1;
  for (let place = next; place < lines.length; place += 1) {
    const below = lines[place] ?? "";
    if (BLANK.test(below)) continue;
    if (columns(below) < indent.length + 2) break;
    while (inner.length < place - at) inner.push("");
    inner.push(withoutColumns(below, offset));
    next = place + 1;
  }
  return { mark: /^[0-9]/u.test(mark) ? mark : null, inner, next };
}

function columns(line: string): number {
  let columns = 0;
  for (const c of BLANKS.exec(line)?.[0] ?? "") columns += c === "\t" ? TAB : 1;
  return columns;
}

function withoutColumns(line: string, most: number): string {
  let left = most;
  let cut = 0;
  while (left > 0 && (line[cut] === " " || line[cut] === "\t")) {
    left -= line[cut] === "\t" ? TAB : 1;
    cut += 1;
  }
  return line.slice(cut);
}

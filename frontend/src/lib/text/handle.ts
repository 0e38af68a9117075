/**
 * Owns the page's copy of the rules for handles in texts: which characters they consist of, where one ends, and when two
 * are the same. `docs/protocol/text.md` defines them; the server's copy is `crates/domain/src/text`, and
 * `docs/protocol/text-vectors.json` guards both.
 */
import { USER_NAME_CHARS } from "../limits.ts";

/** Places at which a handle may end before the end of its word, in scripts written without spaces. */
const SHORTER_HANDLES = 8;

const LETTER = String.raw`[\p{Alphabetic}\p{N}]`;
const WORD = String.raw`(?:(?!\p{DI})[\p{Alphabetic}\p{N}\p{M}])`;
const OF_HANDLE = String.raw`(?:${WORD}|[_.\u200c\u200d-])`;

const IS_HANDLE = new RegExp(`^(?!\\p{DI})${LETTER}${OF_HANDLE}{0,${USER_NAME_CHARS - 2}}${WORD}$`, "u");
const IS_WORD = new RegExp(`^${WORD}$`, "u");
const BEGINS_HANDLE = new RegExp(`^(?!\\p{DI})${LETTER}`, "u");
const ONLY_MARK = /^\p{M}$/u;
const UNSPACED =
  /^[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}\p{scx=Yiii}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}\p{scx=Tibt}]$/u;
const WORD_AFTER = new RegExp(`${OF_HANDLE}*`, "uy");

/** Returns whether a character is a letter, a digit or a mark on one. */
export function isWord(c: string): boolean {
  return IS_WORD.test(c);
}

/** Returns whether a whole text can be a handle. The server also refuses a few: reserved ones, and marks where none belong. */
export function isHandle(text: string): boolean {
  return IS_HANDLE.test(text);
}

/** Returns whether words of the character's script touch other words without a space. */
export function isUnspaced(c: string): boolean {
  return UNSPACED.test(c);
}

/** Returns whether a character is part of a word that needs a space before another word. */
export function isSpacedWord(c: string): boolean {
  return isWord(c) && !isUnspaced(c);
}

/** Returns whether an `@` after this character is part of an address, a path or a word. */
export function isInsideWord(before: string): boolean {
  return before === "@" || before === "/" || before === "\\" || isSpacedWord(before);
}

/** Marks of formatting and signs that may stand between a word and an `@` without ending the word. */
const MARKS = /[*_~+-]/u;

/** Returns the last character before a place that says whether an `@` there begins a word; empty if there is none. */
export function lastSign(text: string, at: number): string {
  let end = at;
  while (end > 0 && MARKS.test(text[end - 1] ?? "")) end -= 1;
  return before(text, end);
}

/** Returns the word that may be a handle at a place, without what cannot end one; empty if none begins there. */
export function handleAt(text: string, at: number, to: number): string {
  if (!BEGINS_HANDLE.test(text.slice(at, at + 2))) return "";
  WORD_AFTER.lastIndex = at;
  const word = (WORD_AFTER.exec(text)?.[0] ?? "").slice(0, to - at);
  const end = at + word.length;
  // A user of another server (`@ada@social.example`), or a package (`@ada/core`).
  const joined = end + 1 < to && (text[end] === "@" || text[end] === "/");
  return joined && isSpacedWord(before(text, end)) && isSpacedWord(after(text, end + 1)) ? "" : trimmed(word);
}

/** Returns the character before a place; empty at the beginning. */
export function before(text: string, at: number): string {
  const last = text.codePointAt(at - 2);
  if (at >= 2 && last !== undefined && last > 0xffff) return String.fromCodePoint(last);
  return at > 0 ? (text[at - 1] ?? "") : "";
}

/** Returns the character at a place; empty at the end. */
export function after(text: string, at: number): string {
  const c = text.codePointAt(at);
  return c === undefined ? "" : String.fromCodePoint(c);
}

/**
 * Returns the handles that a word after an `@` may mean, longest first: the whole word, or, because some scripts are
 * written without spaces, a beginning of it that is followed by a letter of such a script.
 */
export function handlesOf(word: string): string[] {
  const found: string[] = [];
  let end = 0;
  for (const c of word) {
    if (found.length === SHORTER_HANDLES) break;
    const handle = isUnspaced(c) && !ONLY_MARK.test(c) ? trimmed(word.slice(0, end)) : "";
    if ([...handle].length > 1 && found.at(-1) !== handle) found.push(handle);
    end += c.length;
  }
  if (found.at(-1) !== word) found.push(word);
  return found.filter((handle) => [...handle].length <= USER_NAME_CHARS).reverse();
}

function trimmed(word: string): string {
  let end = word.length;
  while (end > 0) {
    const c = before(word, end);
    if (isWord(c)) break;
    end -= c.length;
  }
  return word.slice(0, end);
}

/** Returns the form in which two handles are compared: case, compatibility forms and joiners do not matter. */
export function foldHandle(handle: string): string {
  const lower = handle
    .normalize("NFKC")
    .replace(/\p{DI}/gu, "")
    .toLowerCase()
    .normalize("NFKC");
  return lower.replaceAll("ς", "σ");
}

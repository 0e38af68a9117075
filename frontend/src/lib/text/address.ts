/**
 * Owns addresses in texts: where one ends, where one may lead, and which host a reader is shown. `docs/protocol/text.md`
 * defines the format.
 */
import { after, before, isWord } from "./handle.ts";

const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const BEGINS = /https?:\/\//iuy;
const OPENING = "([{";
const CLOSING = ")]}";

/** Ends an address: blanks, quotation marks, and the punctuation of other scripts, except signs within words. */
const ENDS =
  /^(?:[\p{White_Space}\p{Cc}\p{Cf}<>"`\\]|(?!\p{ASCII}|[\u00b7\u2019])[\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}]|(?=[\u3000-\u303f\uff00-\uff65])[\p{P}\p{S}])$/u;
/** Is not the end of an address, because it belongs to the sentence. */
const NOT_LAST = /^(?:[.,:;!?'([{]|(?!\p{ASCII})\p{P})$/u;

/** Returns the end of the address that begins at a place; `at` if none does. `isOpen` tells whether a mark could close. */
export function addressEnd(text: string, at: number, to: number, isOpen: (mark: string) => boolean): number {
  if (/[A-Za-z0-9]/u.test(text[at - 1] ?? "")) return at;
  BEGINS.lastIndex = at;
  const scheme = BEGINS.exec(text)?.[0];
  if (scheme === undefined) return at;
  const begin = at + scheme.length;
  const first = after(text, begin);
  if (begin >= to || !(first === "[" || isWord(first))) return at;
  const open = [0, 0, 0];
  let end = begin;
  while (end < to) {
    const c = after(text, end);
    const opening = OPENING.indexOf(c);
    const closing = CLOSING.indexOf(c);
    if (opening >= 0) open[opening] = (open[opening] ?? 0) + 1;
    else if (closing >= 0) {
      if (open[closing] === 0) break;
      open[closing] = (open[closing] ?? 0) - 1;
    } else if (ENDS.test(c)) break;
    end += c.length;
  }
  for (;;) {
    const c = before(text, end);
    if (NOT_LAST.test(c)) end -= c.length;
    else if ("*_~".includes(c) && isOpen(c)) while (text[end - 1] === c) end -= 1;
    else break;
  }
  return end > begin ? end : at;
}

/** Returns the URL if a link may point there. Control characters are refused: browsers skip them inside a scheme. */
export function allowed(url: string): string | null {
  return parsed(url)?.href ?? null;
}

function parsed(url: string): URL | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\u0000-\u0020\u007f]/.test(url)) return null;
  try {
    const found = new URL(url);
    return SCHEMES.has(found.protocol) ? found : null;
  } catch {
    return null;
  }
}

/**
 * Returns where an address leads, if a text does not say exactly that. A text says it if it is the address itself with
 * nothing but the host between `//` and the path, or the host alone. Everything else could be mistaken: a text of its
 * own, a user's name before the host (`https://bank.example@evil.example`), letters that look like others.
 */
export function hiddenHost(url: string, text: string): string | null {
  const found = parsed(url);
  if (found === null) return null;
  if (found.protocol === "mailto:") return text === found.pathname || text === url ? null : found.pathname;
  const written = text === url ? (/^[^/]*\/\/([^/?#]*)/u.exec(url)?.[1] ?? "") : text;
  return written.toLowerCase() === found.host ? null : found.host;
}

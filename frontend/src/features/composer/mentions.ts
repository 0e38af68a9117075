/** Owns the completion of `@names`: finding the mention being typed, the matching people, and the completed text. */
import type { Person } from "@palaver/sdk";
import { compareNames } from "../../lib/intl.ts";
import { USER_NAME_CHARS } from "../../lib/limits.ts";
import { foldHandle } from "../../lib/text/handle.ts";
import { endsWithMention } from "../../lib/text/markdown.ts";

export interface MentionQuery {
  /** Index of the `@`. */
  readonly start: number;
  /** End of the typed part: the caret. */
  readonly end: number;
  readonly prefix: string;
}

const TYPED = new RegExp(`@([\\p{Alphabetic}\\p{N}\\p{M}._\\u200c\\u200d-]{0,${USER_NAME_CHARS}})$`, "u");
export const MAX_SUGGESTIONS = 8;

/** Returns the mention being typed at the caret, if there is one: where the text would mention a finished handle. */
export function mentionAt(text: string, caret: number): MentionQuery | null {
  const typed = text.slice(0, caret);
  const prefix = TYPED.exec(typed.slice(-2 * USER_NAME_CHARS))?.[1];
  // The next letter decides: `@ada.` may become `@ada.b`.
  if (prefix === undefined || !endsWithMention(`${typed}x`)) return null;
  return { start: caret - prefix.length - 1, end: caret, prefix };
}

/** Returns people whose handle, or a word of the display name, begins with `prefix`; handles first, then by name. */
export function suggest(people: readonly Person[], prefix: string, self: string | null): Person[] {
  const wanted = fold(prefix);
  const ranked: { person: Person; rank: number }[] = [];
  for (const person of people) {
    if (person.id === self) continue;
    const rank = rankOf(person, wanted);
    if (rank !== null) ranked.push({ person, rank });
  }
  ranked.sort((a, b) => a.rank - b.rank || compareNames(a.person.name, b.person.name));
  return ranked.slice(0, MAX_SUGGESTIONS).map(({ person }) => person);
}

/** Search terms of a person. Cached, because each key needs them for every member of the room. */
const found = new WeakMap<Person, { readonly name: string; readonly words: readonly string[] }>();

function rankOf(person: Person, wanted: string): number | null {
  let by = found.get(person);
  if (by === undefined) {
    by = {
      name: fold(person.name),
      words: fold(person.display_name ?? "")
        .split(/\s+/u)
        .filter(Boolean),
    };
    found.set(person, by);
  }
  if (by.name.startsWith(wanted)) return 0;
  return by.words.some((word) => word.startsWith(wanted)) ? 1 : null;
}

/** Compares as mentions do, and ignores the accents of alphabets, so that `zoe` finds `zoë`. */
function fold(text: string): string {
  return foldHandle(text)
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/gu, "");
}

/** Returns the text with the mention inserted, and the caret's new position. */
export function complete(text: string, query: MentionQuery, name: string): { text: string; caret: number } {
  const after = text.slice(query.end);
  const inserted = `@${name}${after.startsWith(" ") ? "" : " "}`;
  return {
    text: text.slice(0, query.start) + inserted + after,
    caret: query.start + inserted.length + (after.startsWith(" ") ? 1 : 0),
  };
}

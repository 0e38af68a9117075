/** Owns the completion of `@names`: finding the mention being typed, the matching people, and the completed text. */
import type { Person } from "@palaver/sdk";
import { compareNames } from "../../lib/intl.ts";
import { USER_NAME_CHARS } from "../../lib/limits.ts";
import { fold, rankOf } from "../../lib/search.ts";
import { endsWithMention } from "../../lib/text/markdown.ts";

export interface MentionQuery {
  /** Index of the `@`. */
  readonly start: number;
  /** End of the typed part: the caret. */
  readonly end: number;
  readonly prefix: string;
}

const TYPED = new RegExp(`@([\\p{Alphabetic}\\p{N}\\p{M}._\\u200c\\u200d-]{0,${USER_NAME_CHARS}})$`, "u");
/** As many as fit above the composer of a phone, so that the list never scrolls. */
export const MAX_SUGGESTIONS = 7;

/** Returns the mention being typed at the caret, if there is one: where the text would mention a finished handle. */
export function mentionAt(text: string, caret: number): MentionQuery | null {
  const typed = text.slice(0, caret);
  const prefix = TYPED.exec(typed.slice(-2 * USER_NAME_CHARS))?.[1];
  // The next letter decides: `@ada.` may become `@ada.b`.
  if (prefix === undefined || !endsWithMention(`${typed}x`)) return null;
  return { start: caret - prefix.length - 1, end: caret, prefix };
}

/** Returns people with `prefix` in their handle or name: first handles that begin with it, then words, then any part. */
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

/** Returns the text with the mention inserted, and the caret's new position. */
export function complete(text: string, query: MentionQuery, name: string): { text: string; caret: number } {
  const after = text.slice(query.end);
  const inserted = `@${name}${after.startsWith(" ") ? "" : " "}`;
  return {
    text: text.slice(0, query.start) + inserted + after,
    caret: query.start + inserted.length + (after.startsWith(" ") ? 1 : 0),
  };
}

/** Owns the completion of `@names`: what is being typed, who matches, what the text becomes. */
import type { Person } from "@palaver/sdk";
import { compareNames } from "../../lib/intl.ts";

export interface MentionQuery {
  /** Where the `@` is. */
  readonly start: number;
  /** Where the typed part ends: the caret. */
  readonly end: number;
  readonly prefix: string;
}

const TYPED = /(?:^|[\s([{"'])@([\p{L}\p{N}._-]{0,32})$/u;
export const MAX_SUGGESTIONS = 8;

/** The mention under the caret, if one is being typed there. */
export function mentionAt(text: string, caret: number): MentionQuery | null {
  const match = TYPED.exec(text.slice(0, caret));
  if (match === null) return null;
  const prefix = match[1] ?? "";
  return { start: caret - prefix.length - 1, end: caret, prefix };
}

/** People whose handle or a word of whose display name begins so; the handle's beginning first, then by name. */
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

/** What a person is found by. Kept, since each key asks it of everybody in the room. */
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

function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/** The text with the mention put in, and where the caret goes. */
export function complete(text: string, query: MentionQuery, name: string): { text: string; caret: number } {
  const after = text.slice(query.end);
  const inserted = `@${name}${after.startsWith(" ") ? "" : " "}`;
  return {
    text: text.slice(0, query.start) + inserted + after,
    caret: query.start + inserted.length + (after.startsWith(" ") ? 1 : 0),
  };
}

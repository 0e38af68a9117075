/** Owns how a person is shown: name, initials, colour. */
import type { Person } from "@palaver/sdk";
import { firstCharacter } from "./intl.ts";

/** Returns a person's display name, else their handle. */
export function called(person: Person): string {
  return person.display_name?.trim() || person.name;
}

/** Returns the handle as typed in a mention. Isolated, so that the sign stays before the name in right-to-left text. */
export function handle(person: Person): string {
  return `\u2066@${person.name}\u2069`;
}

/** Returns one or two letters for an avatar. Counts by grapheme, so that an emoji or an accent stays whole. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
  const letters = firstCharacter(words[0] ?? "") + (words.length > 1 ? firstCharacter(words.at(-1) ?? "") : "");
  return letters.toLocaleUpperCase() || "?";
}

/** Returns a hue that is always the same for one id. FNV-1a is short, and spreads ids that differ in one letter. */
export function hue(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) {
    hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % 360;
}

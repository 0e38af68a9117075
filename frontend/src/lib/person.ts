/** Owns how a person is shown: name, initials, colour. */
import type { MemberView, Person, RoomView } from "@palaver/sdk";
import { t } from "../i18n/index.ts";
import { firstCharacter } from "./intl.ts";

/** Returns a person's display name, else their handle; of a deleted account, that it is deleted. */
export function called(person: Person): string {
  if (person.deleted === true) return t("person.deleted");
  return person.display_name?.trim() || person.name;
}

/** Returns the name of a room; of a direct room, who the other person is. */
export function roomName(room: Pick<RoomView, "name" | "with">): string {
  return room.with?.deleted === true ? called(room.with) : room.name;
}

/** Returns the handle as typed in a mention, or nothing for a deleted account, whose handle is made up. Isolated, so that the sign stays before the name in right-to-left text. */
export function handle(person: Person): string {
  if (person.deleted === true) return "";
  return `\u2066@${person.name}\u2069`;
}

/** The place of a UUID's version, and the version of the ids that are derived from a name: only guests of older clients have one. */
const VERSION_AT = 14;
const DERIVED = "5";

/** Returns what marks a person who has no account: a guest, or whoever named this guest in an older client. */
export function guestMark(person: Person): string | undefined {
  if (person.guest !== true) return undefined;
  return t(person.id[VERSION_AT] === DERIVED ? "person.unverified" : "person.guest");
}

/** The users whose handle or display name reads like a text, by that text. Computed once for a list of members. */
const claims = new WeakMap<readonly MemberView[], ReadonlyMap<string, ReadonlySet<string>>>();

/**
 * Returns whether the name that a person is shown by is also that of another member: display names may repeat, and may be
 * another person's handle. Then the handle is shown beside it.
 */
export function isAmbiguous(person: Person, members: readonly MemberView[]): boolean {
  const shown = reading(called(person));
  if (shown === reading(person.name)) return false;
  let claimed = claims.get(members);
  if (claimed === undefined) {
    claimed = claimedBy(members);
    claims.set(members, claimed);
  }
  return [...(claimed.get(shown) ?? [])].some((id) => id !== person.id);
}

function claimedBy(members: readonly MemberView[]): ReadonlyMap<string, ReadonlySet<string>> {
  const claimed = new Map<string, Set<string>>();
  for (const { user } of members) {
    for (const name of [reading(user.name), reading(called(user))]) {
      claimed.set(name, (claimed.get(name) ?? new Set()).add(user.id));
    }
  }
  return claimed;
}

/** Returns what a reader takes in of a name: case, accents and the width of letters are easily overlooked. */
function reading(name: string): string {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").trim().toLowerCase();
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

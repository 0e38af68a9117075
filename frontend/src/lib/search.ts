/** Owns how people are found by a part of their names: case, accents and compatibility forms do not matter. */
import type { Person } from "@palaver/sdk";
import { foldHandle } from "./text/handle.ts";

/** Compares as mentions do, and ignores the accents of alphabets, so that `zoe` finds `zoë`. */
export function fold(text: string): string {
  return foldHandle(text)
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/gu, "")
    .normalize("NFC");
}

/** Search terms of a person. Cached, because each key needs them for every member of the room. */
const terms = new WeakMap<Person, { readonly handle: string; readonly name: string }>();

/**
 * Returns how well a folded text fits a person: 0 if the handle begins with it, 1 if a word of the name does, 2 if it is anywhere
 * in the handle or the name; null if it is not in them.
 */
export function rankOf(person: Person, wanted: string): number | null {
  let of = terms.get(person);
  if (of === undefined) {
    of = { handle: fold(person.name), name: fold(person.display_name ?? "") };
    terms.set(person, of);
  }
  if (of.handle.startsWith(wanted)) return 0;
  if (of.name.split(/[\s.'’-]+/u).some((word) => word.startsWith(wanted))) return 1;
  // People leave out the spaces of a name where a mention allows none.
  const isIn = of.name.includes(wanted) || of.handle.includes(wanted) || of.name.replace(/\s+/gu, "").includes(wanted);
  return isIn ? 2 : null;
}

/** Returns whether each word of a query is a part of a person's handle or name, in any order. */
export function matches(person: Person, query: string): boolean {
  const words = fold(query)
    .split(/\s+/u)
    .map((word) => word.replace(/^@/u, ""))
    .filter(Boolean);
  return words.every((word) => rankOf(person, word) !== null);
}

/**
 * Owns which handles of a text are highlighted. The server decides whom a message mentions and sends their ids; this
 * finds their handles in the text.
 */
import type { MemberView, MessageView, Person, UserId } from "@palaver/sdk";
import { foldHandle, handlesOf } from "../../lib/text/handle.ts";
import { mentionedWords } from "../../lib/text/markdown.ts";

/** Returns the handle that a word after an `@` begins with, and whether it is the reader's own; `null` if it is none. */
export type FindMention = (word: string) => { readonly handle: string; readonly mine: boolean } | null;

/** Finds nothing: for a message that mentions nobody. */
export const noMention: FindMention = () => null;

const byId = new WeakMap<readonly MemberView[], ReadonlyMap<UserId, Person>>();

function people(members: readonly MemberView[]): ReadonlyMap<UserId, Person> {
  let known = byId.get(members);
  if (known === undefined) {
    known = new Map(members.map(({ user }) => [user.id, user]));
    byId.set(members, known);
  }
  return known;
}

/** Returns the search for the mentions of a message, with the members that the page knows. */
export function findMention(
  message: Pick<MessageView, "text" | "mentions" | "seq">,
  members: readonly MemberView[],
  me: Person,
): FindMention {
  const known = people(members);
  // Which handles mean somebody is not known until the server has the message.
  const waits = message.seq === null;
  const ids = waits ? [me.id, ...known.keys()] : message.mentions;
  const named = new Map<string, UserId>();
  for (const id of ids) {
    const person = id === me.id ? me : known.get(id);
    if (person !== undefined) named.set(foldHandle(person.name), id);
  }
  const handleIn = (word: string) => handlesOf(word).find((handle) => named.has(foldHandle(handle)));
  const found = new Set(mentionedWords(message.text).map((word) => named.get(foldHandle(handleIn(word) ?? ""))));
  // Somebody who is no member, was renamed since, or was mentioned by a handle that looks alike.
  const others = waits ? [] : ids.filter((id) => !found.has(id));
  return (word) => {
    const handle = handleIn(word);
    if (handle !== undefined) return { handle, mine: named.get(foldHandle(handle)) === me.id };
    const longest = handlesOf(word)[0];
    if (longest === undefined || others.length === 0) return null;
    return { handle: longest, mine: others.length === 1 && others[0] === me.id };
  };
}

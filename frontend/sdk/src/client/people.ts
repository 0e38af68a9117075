/** Owns the requests about users and sessions, in the terms of the façade. */
import type { Rest } from "../rest/rest.ts";
import type { Person, SessionInfo } from "../types.ts";

/** A search shows about one screen of people. */
const ENOUGH = 20;
/** Pages that are asked for to find these. */
const PAGES_MAX = 5;

/** Finds users by any part of handle or name. */
export async function findUsers(rest: Rest, part: string): Promise<readonly Person[]> {
  const found: Person[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { items, next } = await rest.people.search(part, after);
    found.push(...items);
    if (next == null || found.length >= ENOUGH) break;
    after = next;
  }
  return found;
}

export async function listSessions(rest: Rest): Promise<readonly SessionInfo[]> {
  const { items } = await rest.people.sessions();
  return items.map(({ id, device, created_at, last_used_at, current }) => ({
    id,
    createdAt: created_at,
    lastSeenAt: last_used_at,
    userAgent: device,
    current,
  }));
}

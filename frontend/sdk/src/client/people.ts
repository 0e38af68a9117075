/** Owns the requests about users and sessions, in the terms of the façade. */
import type { Rest } from "../rest/rest.js";
import type { Person, SessionInfo } from "../types.js";

export async function findUsers(rest: Rest, prefix: string): Promise<readonly Person[]> {
  return (await rest.people.find(prefix)).items;
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

/**
 * Owns the number of users online on the server. The welcome tells it, and a heartbeat may; between these, the users whose
 * presence is followed change it as they come and go.
 */
import type { PresenceView, UserId } from "../types.ts";
import type { PresenceFrame } from "../wire.ts";

/**
 * Returns the number after a presence frame; null while the server has told none.
 * @param before presence as known before the frame, `after` with it.
 */
export function onlineAfter(
  online: number | null,
  before: ReadonlyMap<UserId, PresenceView>,
  after: ReadonlyMap<UserId, PresenceView>,
  frame: PresenceFrame,
  me: UserId | undefined,
): number | null {
  if (online === null) return null;
  let now = online;
  if (!frame.full) {
    for (const { user, status } of frame.users) {
      const known = before.get(user)?.status;
      if (known === undefined || user === me) continue;
      now += Number(status !== "offline") - Number(known !== "offline");
    }
  }
  // There are at least as many as are seen: people whose presence is followed only now, and this user.
  let seen = 1;
  for (const { user, status } of after.values()) if (user !== me && status !== "offline") seen += 1;
  return Math.max(now, seen);
}

/** Owns the rooms that the user was removed or banned from: what a link to one of them says. */
import type { ClosedRoom, RoomId } from "../types.ts";
import { withEntry, withoutEntry } from "./batch.ts";
import type { Core } from "./model.ts";

/** So many are remembered; the oldest is forgotten first. */
const CLOSED_MAX = 50;

/** Notes why a known room is about to be removed. A room that the user has left is not closed to them. */
export function closeRoom(core: Core, id: RoomId, why: string, reason: string | null): Core {
  if (why !== "kicked" && why !== "banned") return core;
  const entry = core.rooms.get(id)?.entry ?? null;
  const known = core.closed.get(id);
  if (entry === null && known === undefined) return core;
  const room: ClosedRoom = {
    id,
    slug: entry?.slug ?? known?.slug ?? null,
    name: entry?.name ?? known?.name ?? "",
    kind: entry?.kind ?? known?.kind ?? "private",
    why,
    reason: reason ?? known?.reason ?? null,
  };
  const closed = withEntry(withoutEntry(core.closed, id), id, room);
  const oldest = closed.keys().next().value;
  return { ...core, closed: closed.size > CLOSED_MAX && oldest !== undefined ? withoutEntry(closed, oldest) : closed };
}

/** Notes that the user is in a room, or invited to it, again. */
export function openRoom(core: Core, id: RoomId): Core {
  return core.closed.has(id) ? { ...core, closed: withoutEntry(core.closed, id) } : core;
}

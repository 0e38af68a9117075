/** Owns how a room's entry, from the room list or from the user log, is merged into what is known of that room. */
import type { RoomEntry } from "../wire.ts";
import { withRoom, withoutRoom } from "./log.ts";
import { openRoom } from "./closed.ts";
import type { Core } from "./model.ts";
import { newRoom, withMemberSeq } from "./room.ts";

/** Applies an entry of the room list or of the user log, unless it is older than the known membership. */
export function listRoom(core: Core, entry: RoomEntry): Core {
  const newest = core.memberSeq.get(entry.id) ?? 0;
  if (entry.at_seq < newest) return core;
  const known = withMemberSeq(core, entry.id, entry.at_seq);
  if (entry.state !== "joined" && entry.state !== "invited") return withoutRoom(known, entry.id);
  const next = openRoom(known, entry.id);
  const held = next.rooms.get(entry.id);
  if (held === undefined) return withRoom(next, newRoom(entry));
  const read = Math.max(held.read, entry.read);
  return withRoom(next, {
    ...held,
    // The list has no description: the one from the room's page or its log is kept. A flag that is missing is false.
    entry: { ...held.entry, ...entry, archived: entry.archived ?? false, request: entry.request ?? false, quiet_until: entry.quiet_until ?? null },
    head: Math.max(held.head, entry.head),
    n: Math.max(held.n, entry.n),
    read,
    readN: Math.max(held.readN, entry.read_n),
    mentions: entry.read >= held.read ? mergeMentions(held.mentions, entry.mentions, entry.head, read) : held.mentions,
  });
}

/** Merges the mentions. The list knows them up to its head; the log may have brought later ones. */
function mergeMentions(held: readonly number[], listed: readonly number[], head: number, read: number): readonly number[] {
  const later = held.filter((seq) => seq > head);
  return [...listed.filter((seq) => seq > read && seq <= head), ...later];
}

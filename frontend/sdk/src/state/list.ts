/** Owns how a room's entry, of the list or of the own log, meets what is held of that room. */
import type { RoomEntry } from "../wire.js";
import { withRoom, withoutRoom } from "./log.js";
import type { Core } from "./model.js";
import { newRoom, withMemberSeq } from "./room.js";

/** Takes an entry of the list or of the own log; one that is older than what is known of the membership is ignored. */
export function listRoom(core: Core, entry: RoomEntry): Core {
  const newest = core.memberSeq.get(entry.id) ?? 0;
  if (entry.at_seq < newest) return core;
  const next = withMemberSeq(core, entry.id, entry.at_seq);
  if (entry.state !== "joined" && entry.state !== "invited") return withoutRoom(next, entry.id);
  const held = next.rooms.get(entry.id);
  if (held === undefined) return withRoom(next, newRoom(entry));
  const read = Math.max(held.read, entry.read);
  return withRoom(next, {
    ...held,
    // The list has no description: what the room's page or its log told is kept.
    entry: { ...held.entry, ...entry },
    head: Math.max(held.head, entry.head),
    n: Math.max(held.n, entry.n),
    read,
    readN: Math.max(held.readN, entry.read_n),
    mentions: entry.read >= held.read ? mergeMentions(held.mentions, entry.mentions, entry.head, read) : held.mentions,
  });
}

/** The list knows the mentions up to its head; the log may have brought later ones. */
function mergeMentions(held: readonly number[], listed: readonly number[], head: number, read: number): readonly number[] {
  const later = held.filter((seq) => seq > head);
  return [...listed.filter((seq) => seq > read && seq <= head), ...later];
}

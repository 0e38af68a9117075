/** Owns what counts as unread where only what concerns the user counts: the tab's title, its icon, the bell. */
import type { RoomView } from "@palaver/sdk";

type Counted = Pick<RoomView, "level" | "quietUntil" | "state" | "request" | "kind" | "unread" | "unreadMentions">;

/** Returns whether the user has silenced a room, for good or for some hours: it counts nowhere. */
export function isMuted({ level, quietUntil }: Pick<RoomView, "level" | "quietUntil">): boolean {
  return level === "none" || quietUntil !== null;
}

/** Returns how many messages of a room count, by what the user wants to be notified of. */
export function countedOf(room: Counted): number {
  if (isMuted(room) || room.state !== "joined" || room.request) return 0;
  // Everything in a direct room is addressed to the user.
  return room.level === "all" || room.kind === "direct" ? room.unread : room.unreadMentions;
}

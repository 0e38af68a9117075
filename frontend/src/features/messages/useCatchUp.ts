/** Owns loading back to the last read message, so that a room with more than a page of unread messages opens there. */
import { useClient } from "@palaver/sdk/react";
import type { ListRoom } from "./listRoom.ts";
import { useLoadedFirst } from "./useLoadedFirst.ts";

/** With more unread messages than this the room opens at the newest: few people read them all, and loading is slow. */
export const MAX_UNREAD = 400;

/** Returns whether the list is waiting for those pages. */
export function useCatchUp(room: ListRoom, newAfter: number | null, target: number | null): boolean {
  const client = useClient();
  const first = room.messages[0]?.seq ?? null;
  const there = newAfter === null || !room.hasMore || (first !== null && first <= newAfter);
  const waits = newAfter !== null && target === null && room.unread <= MAX_UNREAD;
  return useLoadedFirst(room, { seq: newAfter, waits, there, load: client.loadUntil });
}

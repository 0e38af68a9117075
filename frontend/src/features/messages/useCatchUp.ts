/** Owns loading back to the last read message, so that a room with more than a page of unread messages opens there. */
import { useClient } from "@palaver/sdk/react";
import { useEffect, useState } from "react";
import type { ListRoom } from "./listRoom.ts";

/** With more unread messages than this the room opens at the newest: few people read them all, and loading is slow. */
const MAX_UNREAD = 400;

/** Returns whether the list is waiting for those pages. */
export function useCatchUp(room: ListRoom, newAfter: number | null, target: number | null): boolean {
  const client = useClient();
  const [waits, setWaits] = useState(newAfter !== null && target === null && room.unread <= MAX_UNREAD);
  const first = room.messages[0]?.seq ?? null;
  const there = newAfter === null || !room.hasMore || (first !== null && first <= newAfter);
  useEffect(() => {
    if (!waits || !room.loaded) return;
    if (there) {
      setWaits(false);
      return;
    }
    let current = true;
    // The room's `loadFailure` reports a failed page; the list opens with what is loaded.
    const done = () => current && setWaits(false);
    client.loadUntil(room.id, newAfter).then(done, done);
    return () => {
      current = false;
    };
  }, [client, waits, there, room.loaded, room.id, newAfter]);
  return room.loaded && waits && !there;
}

/** Owns the position of the "New" line during one visit of a room. */
import { useEffect, useRef, useState } from "react";
import { useWindowEvent } from "../../lib/hooks.ts";
import type { ListRoom } from "./listRoom.ts";

/** Returns the `seq` after which messages are new, or null when there is no line. It stays until the room is left. */
export function useNewLine(room: ListRoom): number | null {
  const [newAfter, setNewAfter] = useState(() => (room.unread > 0 ? room.readSeq : null));
  // Messages that arrive while the user looks elsewhere get the line; an older line stays until then.
  const leftAt = useRef<number | null>(null);
  useWindowEvent("blur", () => {
    leftAt.current = room.unread === 0 ? room.head : null;
  });
  useEffect(() => {
    if (leftAt.current === null || room.head <= leftAt.current || room.unread === 0 || document.hasFocus()) return;
    setNewAfter(leftAt.current);
    leftAt.current = null;
  }, [room.head, room.unread]);
  return newAfter;
}

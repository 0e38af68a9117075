/** Owns the position of the "New" line during one visit of a room. */
import { useClientState } from "@palaver/sdk/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { useWindowEvent } from "../../lib/hooks.ts";
import type { ListRoom } from "./listRoom.ts";

interface NewLine {
  /** The `seq` after which messages are new, or null when there is no line. It stays until the room is left. */
  readonly newAfter: number | null;
  /** Number of messages that were unread when the line was drawn. */
  readonly unread: number;
  readonly remove: () => void;
}

const NO_LINE = { newAfter: null, unread: 0 };

export function useNewLine(room: ListRoom): NewLine {
  const online = useClientState((state) => state.connection.status === "online");
  const [line, setLine] = useState(() => {
    // What was written before somebody came in is not new to them: the mark of an invitation says nothing.
    const isNew = room.unread > 0 && room.state === "joined";
    return isNew ? { newAfter: room.readSeq, unread: room.unread } : NO_LINE;
  });
  // A page that starts knows only what it knew before; what is unread comes with the connection.
  const waits = useRef(online || room.state !== "joined" ? null : { readSeq: room.readSeq });
  useEffect(() => {
    if (!online || waits.current === null) return;
    const { readSeq } = waits.current;
    waits.current = null;
    if (room.unread > 0) setLine({ newAfter: readSeq, unread: room.unread });
  }, [online, room.unread]);
  // Messages that arrive while the user looks elsewhere get the line; an older line stays until then.
  const leftAt = useRef<number | null>(null);
  useWindowEvent("blur", () => {
    leftAt.current = room.unread === 0 ? room.head : null;
  });
  useEffect(() => {
    if (leftAt.current === null || room.head <= leftAt.current || room.unread === 0 || document.hasFocus()) return;
    setLine({ newAfter: leftAt.current, unread: room.unread });
    leftAt.current = null;
  }, [room.head, room.unread]);
  const remove = useCallback(() => setLine(NO_LINE), []);
  return { ...line, remove };
}

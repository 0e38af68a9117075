/** Owns that seen messages count as read: a message is seen when it is in the window while the page has the focus. */
import { useClient } from "@palaver/sdk/react";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from "react";
import type { VirtualizerHandle } from "virtua";
import { useWindowEvent } from "../../lib/hooks.ts";
import type { ListRoom } from "./listRoom.ts";
import type { Row } from "./rows.ts";

const READ_AFTER_MS = 300;
/** A row that shows less than this at the lower edge has not been seen: its first line is cut off. */
const EDGE_PX = 24;

/** Returns the function to call when the list was scrolled. */
export function useReadMarks(
  room: ListRoom,
  rows: readonly Row[],
  frame: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
  shown: boolean,
  seesEnd: () => boolean,
): () => void {
  const client = useClient();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const mark = useCallback(() => {
    timer.current = null;
    const element = frame.current;
    const handle = list.current;
    if (element === null || handle === null || !shown || document.hidden || !document.hasFocus()) return;
    // Up to the head that was rendered: later messages have not been seen, even if they follow at once.
    const last = handle.findItemIndex(element.scrollTop + element.clientHeight - EDGE_PX);
    const seen = seesEnd() ? room.head : (rows[last]?.message.seq ?? 0);
    if (seen > room.readSeq) client.markRead(room.id, seen);
  }, [client, room.id, room.readSeq, room.head, rows, frame, list, shown, seesEnd]);
  const latest = useRef(mark);
  useLayoutEffect(() => {
    latest.current = mark;
  }, [mark]);

  const markSoon = useCallback(() => {
    timer.current ??= setTimeout(() => latest.current(), READ_AFTER_MS);
  }, []);
  useEffect(() => {
    if (shown && (room.unread > 0 || room.readSeq < room.head)) markSoon();
  }, [shown, room.unread, room.readSeq, room.head, markSoon]);
  useWindowEvent("focus", markSoon);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return markSoon;
}

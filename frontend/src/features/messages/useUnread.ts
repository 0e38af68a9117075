/** Owns what the bar above the list says: how many messages are new, since when, while the "New" line is out of sight above. */
import { useClient } from "@palaver/sdk/react";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import { useWindowEvent } from "../../lib/hooks.ts";
import type { ListRoom } from "./listRoom.ts";
import type { Row } from "./rows.ts";
import { countNew, isAbove, seenUpTo } from "./unseen.ts";

/** A row that shows less than this at an edge is not in sight. */
const EDGE_PX = 24;
/** After new rows, the list needs this long to find its place. */
const SETTLE_MS = 150;

interface FirstNew {
  readonly seq: number;
  readonly at: string;
}

export interface Unread {
  readonly n: number;
  /** The first new message; null until it is known. */
  readonly first: FirstNew | null;
}

interface Bar {
  /** What the bar says; null while there is none. */
  readonly unread: Unread | null;
  /** Call when the list was scrolled. */
  readonly look: () => void;
}

export function useUnread(
  room: ListRoom,
  rows: readonly Row[],
  line: { readonly newAfter: number | null; readonly unread: number },
  frame: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
): Bar {
  const { newAfter } = line;
  const [shown, setShown] = useState(false);
  const seen = useRef(0);
  const seenLine = useRef<number | null>(null);
  const look = useCallback(() => {
    const [element, handle] = [frame.current, list.current];
    if (newAfter === null || element === null || handle === null || rows.length === 0) {
      setShown(false);
      return;
    }
    if (seenLine.current !== newAfter) [seenLine.current, seen.current] = [newAfter, newAfter];
    const sight = {
      first: handle.findItemIndex(element.scrollTop + EDGE_PX),
      last: handle.findItemIndex(element.scrollTop + element.clientHeight - EDGE_PX),
    };
    if (!document.hidden && document.hasFocus()) seen.current = seenUpTo(seen.current, rows, sight);
    const newest = rows.findLast(({ message }) => message.seq !== null)?.message.seq ?? 0;
    setShown(seen.current < newest && isAbove(newAfter, rows, room.hasMore, sight));
  }, [newAfter, rows, room.hasMore, frame, list]);
  useEffect(() => {
    const timer = setTimeout(look, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [look]);
  useWindowEvent("focus", look);

  const loaded = useMemo(() => rows.find((row) => row.startsNew)?.message ?? null, [rows]);
  const fetched = useFirstNew(room, shown && loaded === null ? newAfter : null);
  const first = loaded?.seq == null ? fetched : { seq: loaded.seq, at: loaded.at };
  const n = newAfter === null || !shown ? 0 : Math.max(line.unread, countNew(newAfter, rows));
  return { unread: shown ? { n, first } : null, look };
}

/** Returns the first new message when it is older than all that is loaded: the server knows when it was written. */
function useFirstNew(room: ListRoom, newAfter: number | null): FirstNew | null {
  const client = useClient();
  const [first, setFirst] = useState<FirstNew | null>(null);
  useEffect(() => {
    if (newAfter === null) return;
    let current = true;
    // Without an answer the bar has no time, and can still mark everything as read.
    client.messageAfter(room.id, newAfter).then(
      (message) => {
        if (current && message?.seq != null) setFirst({ seq: message.seq, at: message.at });
      },
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, room.id, newAfter]);
  return first;
}

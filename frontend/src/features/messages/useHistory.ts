/** Owns loading older messages as the reader nears the top. */
import { useClient } from "@palaver/sdk/react";
import { type RefObject, useCallback, useEffect } from "react";
import type { ListRoom } from "./listRoom.ts";

/** Older messages are loaded when less than this is left above. */
const LOAD_AHEAD_PX = 800;
const SETTLE_MS = 150;

/** Returns the function to call when the list was scrolled. */
export function useHistory(
  room: ListRoom,
  rowCount: number,
  frame: RefObject<HTMLElement | null>,
  shown: boolean,
): () => void {
  const client = useClient();
  const ready = shown && room.hasMore && !room.loading && room.loadFailure === null;
  const loadOlder = useCallback(() => {
    const element = frame.current;
    if (element === null || !ready || element.scrollTop >= LOAD_AHEAD_PX) return;
    // The room's `loadFailure` reports a failed page.
    client.loadOlder(room.id).catch(() => undefined);
  }, [client, room.id, ready, frame]);
  // Also when a page did not fill the window, or was loaded while the reader kept scrolling up. Delayed, because rows
  // that have not been measured yet make the list look shorter than it is.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new page asks the question again
  useEffect(() => {
    const timer = setTimeout(loadOlder, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [loadOlder, rowCount]);
  return loadOlder;
}

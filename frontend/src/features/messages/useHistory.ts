/** Owns loading more messages as the reader nears an end of the loaded ones: older ones, and newer ones after a jump. */
import { useClient } from "@palaver/sdk/react";
import { type RefObject, useCallback, useEffect } from "react";
import type { ListRoom } from "./listRoom.ts";

/** More messages are loaded when less than this is left above or below. */
const LOAD_AHEAD_PX = 800;
const SETTLE_MS = 150;

interface History {
  /** Call when the list was scrolled. */
  readonly load: () => void;
  /** Loads the page that failed again. */
  readonly retry: () => void;
}

export function useHistory(
  room: ListRoom,
  rowCount: number,
  frame: RefObject<HTMLElement | null>,
  shown: boolean,
): History {
  const client = useClient();
  const { id, hasMore, hasNewer, loaded } = room;
  const request = useCallback(
    (element: HTMLElement) => {
      const above = element.scrollTop;
      const below = element.scrollHeight - above - element.clientHeight;
      // The room's `loadFailure` reports a failed page.
      const failed = () => undefined;
      if (hasNewer && below < LOAD_AHEAD_PX && below <= above) client.loadNewer(id).catch(failed);
      else if (hasMore && above < LOAD_AHEAD_PX) client.loadOlder(id).catch(failed);
      else if (hasNewer && below < LOAD_AHEAD_PX) client.loadNewer(id).catch(failed);
    },
    [client, id, hasMore, hasNewer],
  );
  const ready = shown && !room.loading && room.loadFailure === null;
  const load = useCallback(() => {
    if (frame.current !== null && ready) request(frame.current);
  }, [request, ready, frame]);
  const retry = useCallback(() => {
    if (!loaded) client.openRoom(id).catch(() => undefined);
    else if (frame.current !== null) request(frame.current);
  }, [client, id, loaded, request, frame]);
  // Also when a page did not fill the window, or was loaded while the reader kept scrolling. Delayed, because rows that
  // have not been measured yet make the list look shorter than it is.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new page asks the question again
  useEffect(() => {
    const timer = setTimeout(load, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [load, rowCount]);
  return { load, retry };
}

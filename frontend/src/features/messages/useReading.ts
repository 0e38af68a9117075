/**
 * Owns that readers find the place where they were reading: after another room, and after a reload. The place is a message, not
 * a number of pixels, so that it stays right when rows change their height.
 */
import { useClient } from "@palaver/sdk/react";
import { useCallback, useEffect, useRef, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import type { ListRoom } from "./listRoom.ts";
import type { Row } from "./rows.ts";
import { useLoadedFirst } from "./useLoadedFirst.ts";

/** Whether the page was reloaded, and no room has been shown since: a link in its address was followed before. */
let isReload = globalThis.performance
  ?.getEntriesByType("navigation")
  .some((entry) => "type" in entry && entry.type === "reload");

export interface Reading {
  /** The linked message to show, unless the reader has gone on from there. */
  readonly target: number | null;
  /** Whether the list is waiting for the messages around the place. */
  readonly waits: boolean;
  /** Scrolls to the place. Returns false if there is none, so that the room opens as usual. */
  readonly restore: (rows: readonly Row[], list: VirtualizerHandle | null) => boolean;
  /** Keeps the place. Call it on each scroll event. */
  readonly keep: (
    rows: readonly Row[],
    list: VirtualizerHandle | null,
    frame: HTMLElement | null,
    atEnd: boolean,
  ) => void;
  /** Whether the room opens at the place. */
  readonly returns: boolean;
}

/** `startPx` is the space above the first row. */
export function useReading(room: ListRoom, linked: number | null, startPx: number): Reading {
  const client = useClient();
  const [place] = useState(() => (linked === null || isReload ? client.getReading(room.id) : null));
  const [followed] = useState(place === null ? null : linked);
  useEffect(() => {
    isReload = false;
  }, []);

  const there = place === null || isLoaded(room, place.seq);
  const seq = place?.seq ?? null;
  const waits = useLoadedFirst(room, { seq, waits: place !== null, there, load: client.loadAround });

  const { hasMore } = room;
  const restored = useRef(place === null);
  const restore = useCallback(
    (rows: readonly Row[], list: VirtualizerHandle | null) => {
      const index = place === null ? -1 : rows.findIndex(({ message }) => (message.seq ?? place.seq) >= place.seq);
      // The message may be gone; the rows around it may not, unless they could not be loaded.
      const isElsewhere = index === 0 && hasMore && rows[0]?.message.seq !== place?.seq;
      if (place === null || index < 0 || isElsewhere) {
        restored.current = true;
        return false;
      }
      // The list knows its own height only after the first render, and reaches its target only a frame later.
      requestAnimationFrame(() => {
        list?.scrollToIndex(index, { align: "start", offset: place.offset });
        requestAnimationFrame(() => {
          restored.current = true;
        });
      });
      return true;
    },
    [place, hasMore],
  );

  const keep = useCallback(
    (rows: readonly Row[], list: VirtualizerHandle | null, frame: HTMLElement | null, atEnd: boolean) => {
      if (!restored.current || list === null || frame === null) return;
      const index = list.findItemIndex(frame.scrollTop);
      const seq = rows[index]?.message.seq ?? null;
      if (atEnd) client.setReading(room.id, null);
      else if (seq !== null) {
        const offset = Math.round(frame.scrollTop - startPx - list.getItemOffset(index));
        client.setReading(room.id, { seq, offset });
      }
    },
    [client, room.id, startPx],
  );
  return {
    target: linked === followed ? null : linked,
    waits,
    restore,
    keep,
    returns: place !== null,
  };
}

/** Returns whether the place is between messages that are loaded. */
function isLoaded({ messages, hasMore, hasNewer }: ListRoom, seq: number): boolean {
  const first = messages[0]?.seq ?? null;
  const last = messages.at(-1)?.seq ?? null;
  return (!hasMore || (first !== null && first <= seq)) && (!hasNewer || (last !== null && last >= seq));
}

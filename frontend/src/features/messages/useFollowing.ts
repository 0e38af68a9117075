/**
 * Owns keeping the list at the bottom: reports to the state machine (following.ts) what happens to the list, and
 * scrolls when it says so. Rows above grow and shrink without moving the view (virtua corrects for them).
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import {
  type Following,
  type FollowingEvent,
  follows,
  type Geometry,
  type Hold,
  isAway,
  next,
  opened,
  seesEnd,
} from "./following.ts";
import { useHolds } from "./useHolds.ts";

/** Newer messages that are not loaded count as this much below the window: the end of the loaded ones is not the bottom. */
const BEYOND_PX = 1_000_000;
/** How long the list may take to find its place after rows were dropped. */
const SETTLES_MS = 300;

export interface FollowingList {
  /** Whether the end is out of sight and the list does not follow: the pill and the badge show. */
  readonly isAway: boolean;
  /** Returns whether everything down to the end counts as seen. */
  readonly seesEnd: () => boolean;
  /** Starts to keep the position, once the list has reached its initial one. */
  readonly begin: () => void;
  /** Reads where the list is. Call on each scroll event. */
  readonly look: () => void;
  /** Scrolls to the bottom and follows. */
  readonly toBottom: () => void;
  /** Stops following because the page moves elsewhere. */
  readonly leave: () => void;
  /** Keeps the list still while a menu of one of its rows is open. Returns a function that releases it. */
  readonly holdForMenu: () => () => void;
}

export function useFollowing(
  frame: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  rows: readonly unknown[],
  opensAtBottom: boolean,
  { hasNewer, dropped }: { readonly hasNewer: boolean; readonly dropped: boolean },
): FollowingList {
  const state = useRef<Following>(undefined);
  state.current ??= opened(opensAtBottom);
  const beyond = useRef(0);
  useLayoutEffect(() => {
    beyond.current = hasNewer ? BEYOND_PX : 0;
  }, [hasNewer]);
  const begun = useRef(false);
  const [away, setAway] = useState(false);

  const tell = useCallback(
    (event: FollowingEvent) => {
      const [outer, inner] = [frame.current, content.current];
      if (outer === null || inner === null) return;
      let after = next(state.current ?? opened(true), event);
      if (begun.current && follows(after)) {
        const { height, view } = measure(outer, inner, 0);
        outer.scrollTop = height - view;
        after = next(after, { type: "seen", geometry: measure(outer, inner, beyond.current) });
      }
      state.current = after;
      setAway(begun.current && isAway(after));
    },
    [frame, content],
  );
  const measured = useCallback(
    (type: "seen" | "resized") => {
      if (!begun.current || frame.current === null || content.current === null) return;
      tell({ type, geometry: measure(frame.current, content.current, beyond.current) });
    },
    [frame, content, tell],
  );
  const look = useCallback(() => measured("seen"), [measured]);
  const resized = useCallback(() => measured("resized"), [measured]);
  const hold = useCallback(
    (hold: Hold, on: boolean) => {
      if (on) {
        tell({ type: "held", hold });
        return;
      }
      // Measuring forces a layout: do it only if there is a hold to release.
      if (frame.current === null || content.current === null || !state.current?.holds.has(hold)) return;
      tell({ type: "let_go", hold, geometry: measure(frame.current, content.current, beyond.current) });
    },
    [frame, content, tell],
  );
  useHolds(frame, content, hold);

  const begin = useCallback(() => {
    begun.current = true;
    look();
  }, [look]);
  const toBottom = useCallback(() => {
    begun.current = true;
    tell({ type: "returned" });
  }, [tell]);
  const leave = useCallback(() => tell({ type: "left" }), [tell]);

  const menus = useRef(0);
  const holdForMenu = useCallback(() => {
    menus.current++;
    hold("menu", true);
    return () => {
      menus.current--;
      if (menus.current === 0) hold("menu", false);
    };
  }, [hold]);

  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time that rows are dropped
  useLayoutEffect(() => {
    if (!dropped) return;
    tell({ type: "settles", on: true });
    clearTimeout(settling.current);
    settling.current = setTimeout(() => tell({ type: "settles", on: false }), SETTLES_MS);
  }, [rows, dropped, tell]);
  useEffect(() => () => clearTimeout(settling.current), []);

  // New rows, and rows or the frame that change their height.
  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows change the height
  useLayoutEffect(resized, [rows, resized]);
  useEffect(() => {
    const watched = new ResizeObserver(resized);
    if (frame.current !== null) watched.observe(frame.current);
    if (content.current !== null) watched.observe(content.current);
    return () => watched.disconnect();
  }, [frame, content, resized]);

  const sees = useCallback(() => seesEnd(state.current ?? opened(false)), []);
  return { isAway: away, seesEnd: sees, begin, look, toBottom, leave, holdForMenu };
}

/**
 * Measures the height of the content's box, not `scrollHeight`: a row that is not measured yet overflows the box, and
 * would make a conversation that fits the window scroll for a moment. `beyond` is the height of newer messages that are
 * not loaded.
 */
function measure(outer: HTMLElement, inner: HTMLElement, beyond: number): Geometry {
  const view = outer.clientHeight;
  return { top: outer.scrollTop, height: Math.max(inner.offsetHeight, view) + beyond, view };
}

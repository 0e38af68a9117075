/**
 * Owns the keyboard in the list: the list is one tab stop, and keys move the focus from message to message (moves.ts). The focus stays
 * in the list when the focused message leaves it.
 */
import {
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { VirtualizerHandle } from "virtua";
import { moveTo } from "./moves.ts";
import type { Row } from "./rows.ts";

interface Arrows {
  /** Key of the message that has the tab stop. */
  readonly tabStop: string | null;
  /** Rows that must stay mounted however far the list is scrolled: the focused row, the tab stop's row, and one that plays. */
  readonly mounted: readonly number[];
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: () => void;
}

export function useArrows(
  rows: readonly Row[],
  frame: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
  playing: string | null,
): Arrows {
  const [chosen, setChosen] = useState<string | null>(null);
  const [within, setWithin] = useState<string | null>(null);
  const goal = useRef<string | null>(null);
  const indexOf = (key: string | null) => (key === null ? -1 : rows.findLastIndex((row) => row.message.key === key));
  const at = indexOf(within);
  const plays = indexOf(playing);
  const chosenAt = indexOf(chosen);
  const stop = chosenAt < 0 ? rows.length - 1 : chosenAt;

  const focus = useCallback(
    (key: string) => {
      const row = frame.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
      row?.focus({ preventScroll: true });
      return row != null;
    },
    [frame],
  );
  // The row that gets the tab stop is mounted wherever it is, but only by the next render.
  useLayoutEffect(() => {
    if (goal.current !== null && focus(goal.current)) goal.current = null;
  });
  // A focused row that is not in the list any more takes the focus with it.
  const gone = within !== null && at < 0;
  useLayoutEffect(() => {
    if (!gone) return;
    setWithin(null);
    if (document.activeElement === document.body) frame.current?.focus({ preventScroll: true });
  }, [gone, frame]);

  const onKeyDown = (event: KeyboardEvent) => {
    const { target } = event;
    const handle = list.current;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || handle === null) return;
    if (!(target instanceof HTMLElement) || target.tagName !== "ARTICLE") return;
    const next = moveTo(event.key, {
      from: indexOf(target.dataset.key ?? null),
      count: rows.length,
      view: frame.current?.clientHeight ?? 0,
      offsetOf: (index) => handle.getItemOffset(index),
      indexAt: (offset) => handle.findItemIndex(offset),
    });
    const key = next === null ? undefined : rows[next]?.message.key;
    if (next === null || key === undefined) return;
    event.preventDefault();
    setChosen(key);
    handle.scrollToIndex(next, { align: "nearest" });
    if (!focus(key)) goal.current = key;
  };
  return {
    tabStop: rows[stop]?.message.key ?? null,
    mounted: useMemo(() => [...new Set([at, stop, plays])].filter((index) => index >= 0), [at, stop, plays]),
    onKeyDown,
    onFocus: ({ target }) => setWithin(target.closest("article")?.dataset.key ?? null),
    onBlur: () => setWithin(null),
  };
}

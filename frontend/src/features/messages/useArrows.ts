/** Owns the keyboard in the list: the list is one tab stop, and arrow keys move from message to message. */
import { type FocusEvent, type KeyboardEvent, type RefObject, useMemo, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import type { Row } from "./rows.ts";

interface Arrows {
  /** Key of the message that has the tab stop. */
  readonly tabStop: string | null;
  /** Rows that must stay mounted however far the list is scrolled: the focused row and the tab stop's row. */
  readonly mounted: readonly number[];
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: () => void;
}

export function useArrows(
  rows: readonly Row[],
  content: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
): Arrows {
  const [chosen, setChosen] = useState<string | null>(null);
  const [within, setWithin] = useState<string | null>(null);
  const indexOf = (key: string | null) => (key === null ? -1 : rows.findLastIndex((row) => row.message.key === key));
  const at = indexOf(within);
  const chosenAt = indexOf(chosen);
  const stop = chosenAt < 0 ? rows.length - 1 : chosenAt;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    const from = event.target;
    if (step === 0 || !(from instanceof HTMLElement) || from.tagName !== "ARTICLE") return;
    const next = rows.findIndex((row) => row.message.key === from.dataset.key) + step;
    const key = rows[next]?.message.key;
    if (key === undefined) return;
    event.preventDefault();
    setChosen(key);
    list.current?.scrollToIndex(next, { align: "nearest" });
    // The row may be rendered only after the scroll.
    requestAnimationFrame(() =>
      content.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus(),
    );
  };
  return {
    tabStop: rows[stop]?.message.key ?? null,
    mounted: useMemo(() => [...new Set([at, stop])].filter((index) => index >= 0), [at, stop]),
    onKeyDown,
    onFocus: ({ target }) => setWithin(target.closest("article")?.dataset.key ?? null),
    onBlur: () => setWithin(null),
  };
}

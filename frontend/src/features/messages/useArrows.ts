/** Owns the keyboard in the list: it is one tab stop, and arrows go from message to message. */
import { type FocusEvent, type KeyboardEvent, type RefObject, useMemo, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import type { Row } from "./rows.ts";

interface Arrows {
  /** Key of the message that has the tab stop. */
  readonly tabStop: string | null;
  /** Index of the row that has the focus: it has to stay mounted, however far the list is scrolled. */
  readonly focused: readonly number[];
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: () => void;
}

const NONE: readonly number[] = [];

export function useArrows(
  rows: readonly Row[],
  content: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
): Arrows {
  const [chosen, setChosen] = useState<string | null>(null);
  const [within, setWithin] = useState<string | null>(null);
  const there = chosen !== null && rows.some((row) => row.message.key === chosen);
  const at = within === null ? -1 : rows.findLastIndex((row) => row.message.key === within);
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
    // The row may be drawn only by the scrolling.
    requestAnimationFrame(() =>
      content.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus(),
    );
  };
  return {
    tabStop: there ? chosen : (rows.at(-1)?.message.key ?? null),
    focused: useMemo(() => (at < 0 ? NONE : [at]), [at]),
    onKeyDown,
    onFocus: ({ target }) => setWithin(target.closest("article")?.dataset.key ?? null),
    onBlur: () => setWithin(null),
  };
}

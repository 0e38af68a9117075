/** Owns the keyboard in the list: it is one tab stop, and arrows go from message to message. */
import { type KeyboardEvent, type RefObject, useState } from "react";
import type { VirtualizerHandle } from "virtua";
import type { Row } from "./rows.ts";

interface Arrows {
  /** Key of the message that has the tab stop. */
  readonly tabStop: string | null;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

export function useArrows(
  rows: readonly Row[],
  content: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
): Arrows {
  const [chosen, setChosen] = useState<string | null>(null);
  const there = chosen !== null && rows.some((row) => row.message.key === chosen);
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
  return { tabStop: there ? chosen : (rows.at(-1)?.message.key ?? null), onKeyDown };
}

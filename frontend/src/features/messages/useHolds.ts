/**
 * Owns the reader's actions that must keep the list still: a finger or a button that is down, a reach for the wheel,
 * selected text, the keyboard's focus. Only reports them; following.ts decides whether the list follows.
 */
import { type RefObject, useEffect } from "react";
import type { Hold } from "./following.ts";

/** After this long a reach has moved the list, if it can move at all. */
const REACH_MS = 250;
const UPWARDS: ReadonlySet<string> = new Set(["PageUp", "Home", "ArrowUp"]);

function goesUp(event: KeyboardEvent): boolean {
  return UPWARDS.has(event.key) || (event.key === " " && event.shiftKey);
}

/** `hold` must keep its identity. */
export function useHolds(
  frame: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  hold: (hold: Hold, on: boolean) => void,
): void {
  useEffect(() => {
    const [outer, inner] = [frame.current, content.current];
    if (outer === null || inner === null) return;
    const over = new AbortController();
    const { signal } = over;

    let reaching: ReturnType<typeof setTimeout> | undefined;
    const reach = () => {
      clearTimeout(reaching);
      reaching = setTimeout(() => hold("reach", false), REACH_MS);
      hold("reach", true);
    };
    let pressed = false;
    const letGo = () => {
      if (!pressed) return;
      pressed = false;
      hold("press", false);
      if (reaching === undefined) hold("reach", false);
    };
    outer.addEventListener("wheel", (event) => event.deltaY < 0 && reach(), { passive: true, signal });
    outer.addEventListener("touchmove", reach, { passive: true, signal });
    outer.addEventListener("keydown", (event) => goesUp(event) && reach(), { signal });

    // The only part of the frame itself that can be pressed is the scroll bar, which may be held for long.
    outer.addEventListener(
      "pointerdown",
      (event) => {
        if (event.button !== 0) return;
        clearTimeout(reaching);
        reaching = undefined;
        pressed = true;
        hold(event.target === outer ? "reach" : "press", true);
      },
      { signal },
    );
    // The end of a press may be lost, for example to a system menu: a pointer event without a button reveals it too.
    const events = ["pointerup", "pointercancel", "blur"] as const;
    for (const type of events) window.addEventListener(type, letGo, { signal });
    outer.addEventListener("pointermove", (event) => event.buttons === 0 && letGo(), { passive: true, signal });

    document.addEventListener(
      "selectionchange",
      () => {
        const selection = document.getSelection();
        hold("selection", selection !== null && !selection.isCollapsed && inner.contains(selection.anchorNode));
      },
      { signal },
    );

    // A click also moves the focus, without the reader navigating by keyboard: only a visible focus means reading.
    inner.addEventListener(
      "focusin",
      ({ target }) => hold("focus", target instanceof Element && target.matches(":focus-visible")),
      { signal },
    );
    inner.addEventListener(
      "focusout",
      ({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node && inner.contains(relatedTarget))) hold("focus", false);
      },
      { signal },
    );
    return () => {
      over.abort();
      clearTimeout(reaching);
    };
  }, [frame, content, hold]);
}

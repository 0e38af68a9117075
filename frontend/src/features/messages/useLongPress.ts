/**
 * Owns the long press of a finger, from pointer events: some phones send no `contextmenu` for it. A finger that moves, scrolls or is
 * joined by another one presses nothing.
 */
import { type PointerEvent, type TouchEvent, useEffect, useMemo, useRef } from "react";

const PRESS_MS = 450;
/** A finger that rests moves this far at most. */
const REST_PX = 10;

interface Press {
  readonly x: number;
  readonly y: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

export function useLongPress(onLongPress: () => void, applies: (target: EventTarget) => boolean) {
  const press = useRef<Press>(undefined);
  const fired = useRef(false);
  const latest = useRef({ onLongPress, applies });
  useEffect(() => {
    latest.current = { onLongPress, applies };
  });
  const handlers = useMemo(() => {
    const cancel = () => {
      clearTimeout(press.current?.timer);
      press.current = undefined;
      window.removeEventListener("scroll", cancel, true);
    };
    return {
      onPointerDown: (event: PointerEvent) => {
        cancel();
        fired.current = false;
        if (event.pointerType !== "touch" || !event.isPrimary || !latest.current.applies(event.target)) return;
        const timer = setTimeout(() => {
          cancel();
          fired.current = true;
          // The phone may have begun to select the word under the finger.
          getSelection()?.removeAllRanges();
          latest.current.onLongPress();
        }, PRESS_MS);
        press.current = { x: event.clientX, y: event.clientY, timer };
        window.addEventListener("scroll", cancel, true);
      },
      onPointerMove: (event: PointerEvent) => {
        const from = press.current;
        if (from !== undefined && Math.hypot(event.clientX - from.x, event.clientY - from.y) > REST_PX) cancel();
      },
      onPointerUp: cancel,
      onPointerCancel: cancel,
      onTouchStart: (event: TouchEvent) => event.touches.length > 1 && cancel(),
      onTouchEnd: (event: TouchEvent) => {
        // Otherwise the browser makes a click of it, which would press what has opened under the finger.
        if (fired.current && event.cancelable) event.preventDefault();
        fired.current = false;
      },
      cancel,
    };
  }, []);
  useEffect(() => handlers.cancel, [handlers]);
  const { cancel: _, ...props } = handlers;
  return props;
}

/**
 * Owns where the list stands: at the bottom it follows what arrives, elsewhere the line being read stays where it is.
 * Rows above grow and shrink without moving the view (virtua corrects for them); this file decides only about the bottom.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { VirtualizerHandle } from "virtua";

const NEAR_BOTTOM_PX = 40;

export interface Scroll {
  readonly atBottom: boolean;
  readonly toBottom: () => void;
  /** Call on each scroll event. */
  readonly onScroll: () => void;
  /** Stops following until the bottom is reached again. */
  readonly release: () => void;
}

export function useScroll(
  frame: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
  rowCount: number,
  followAtFirst: boolean,
): Scroll {
  const following = useRef(followAtFirst);
  const [atBottom, setAtBottom] = useState(true);

  const toBottom = useCallback(() => {
    following.current = true;
    if (rowCount > 0) list.current?.scrollToIndex(rowCount - 1, { align: "end" });
    if (frame.current !== null) frame.current.scrollTop = frame.current.scrollHeight;
  }, [list, frame, rowCount]);

  const onScroll = useCallback(() => {
    const element = frame.current;
    if (element === null) return;
    const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_BOTTOM_PX;
    if (near) following.current = true;
    setAtBottom(near || following.current);
  }, [frame]);

  const release = useCallback(() => {
    following.current = false;
  }, []);

  // Only what a person does ends the following: scroll events alone also come from corrections of virtua and the browser.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && release();
    const onKey = (event: KeyboardEvent) => ["PageUp", "Home", "ArrowUp"].includes(event.key) && release();
    // On the frame itself there is nothing to press but the scroll bar.
    const onPress = (event: PointerEvent) => event.target === element && release();
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("touchmove", release, { passive: true });
    element.addEventListener("keydown", onKey);
    element.addEventListener("focusin", release);
    element.addEventListener("pointerdown", onPress);
    return () => {
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchmove", release);
      element.removeEventListener("keydown", onKey);
      element.removeEventListener("focusin", release);
      element.removeEventListener("pointerdown", onPress);
    };
  }, [frame, release]);

  // New rows, and rows or the frame that change their height while the bottom is followed.
  useLayoutEffect(() => {
    if (following.current && rowCount > 0) toBottom();
  }, [rowCount, toBottom]);
  useEffect(() => {
    const watched = new ResizeObserver(() => {
      const element = frame.current;
      if (following.current && element !== null) element.scrollTop = element.scrollHeight;
    });
    if (frame.current !== null) watched.observe(frame.current);
    if (content.current !== null) watched.observe(content.current);
    return () => watched.disconnect();
  }, [frame, content]);

  return { atBottom, toBottom, onScroll, release };
}

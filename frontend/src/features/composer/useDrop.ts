/** Owns files dragged over the window. */
import { useRef, useState } from "react";
import { useWindowEvent } from "../../lib/hooks.ts";

/** Returns whether files hover over the window; calls `onFiles` when they are dropped. */
export function useDrop(onFiles: (files: Iterable<File>) => void, enabled: boolean): boolean {
  const [over, setOver] = useState(false);
  // The browser reports each element entered and left: only their balance shows whether the pointer left the window.
  const depth = useRef(0);
  const carriesFiles = (event: DragEvent) => enabled && (event.dataTransfer?.types.includes("Files") ?? false);

  useWindowEvent("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth.current++;
    setOver(true);
  });
  useWindowEvent("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth.current = Math.max(0, depth.current - 1);
    if (depth.current === 0) setOver(false);
  });
  useWindowEvent("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  useWindowEvent("drop", (event) => {
    depth.current = 0;
    setOver(false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    onFiles(event.dataTransfer?.files ?? []);
  });
  return over;
}

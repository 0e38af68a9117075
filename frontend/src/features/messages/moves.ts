/** Owns where each key moves the focus in the list: pure, so that the list and its tests share one rule. */

export interface Place {
  /** Index of the focused row. */
  readonly from: number;
  readonly count: number;
  /** Height of the window. */
  readonly view: number;
  /** Returns where a row begins, in pixels. */
  readonly offsetOf: (index: number) => number;
  /** Returns the row at a position, in pixels. */
  readonly indexAt: (offset: number) => number;
}

/** Returns the index of the row that a key moves to, or null when the key does not move. A page is what the window shows. */
export function moveTo(key: string, { from, count, view, offsetOf, indexAt }: Place): number | null {
  const clamp = (index: number) => Math.max(0, Math.min(count - 1, index));
  switch (key) {
    case "ArrowUp":
      return clamp(from - 1);
    case "ArrowDown":
      return clamp(from + 1);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    case "PageUp":
      // At least one row: one may be higher than the window.
      return clamp(Math.min(from - 1, indexAt(Math.max(0, offsetOf(from) - view))));
    case "PageDown":
      return clamp(Math.max(from + 1, indexAt(offsetOf(from) + view)));
    default:
      return null;
  }
}

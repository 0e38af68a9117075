/**
 * Owns which of the new messages the reader has had in sight: pure, so that the bar above the list and its tests share one rule.
 * Only what was passed without a leap counts: a reader who jumps to the newest message has not seen those between.
 */
import type { Row } from "./rows.ts";

/** The rows in sight, by index, both included. */
export interface Sight {
  readonly first: number;
  readonly last: number;
}

/** Returns the seq up to which everything was seen, now that these rows are in sight. */
export function seenUpTo(seen: number, rows: readonly Row[], { first, last }: Sight): number {
  const after = rows.findIndex(({ message }) => message.seq !== null && message.seq > seen);
  // The message that follows the seen ones must be loaded, and in sight or above it with nothing left out.
  if (after < 0 || after < first || after > last) return seen;
  const followsOn = after > 0 || rows[after]?.message.seq === seen + 1 || rows[after]?.startsNew === true;
  return followsOn ? Math.max(seen, lastSeq(rows, last) ?? seen) : seen;
}

function lastSeq(rows: readonly Row[], last: number): number | null {
  for (let at = Math.min(last, rows.length - 1); at >= 0; at--) {
    const seq = rows[at]?.message.seq ?? null;
    if (seq !== null) return seq;
  }
  return null;
}

/**
 * Returns whether the first new message is above what is in sight: its row is above, or it is older than all that is loaded.
 */
export function isAbove(newAfter: number, rows: readonly Row[], hasMore: boolean, { first }: Sight): boolean {
  const line = rows.findIndex((row) => row.startsNew);
  if (line >= 0) return line < first;
  const oldest = rows[0]?.message.seq ?? null;
  return hasMore && oldest !== null && oldest > newAfter;
}

/** Returns how many of others' messages are new, as far as they are loaded. */
export function countNew(newAfter: number, rows: readonly Row[]): number {
  return rows.filter(
    ({ message }) => message.seq !== null && message.seq > newAfter && !message.mine && !message.deleted,
  ).length;
}

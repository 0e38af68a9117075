/**
 * Owns how messages become rows: which start a day, a group, the unread part.
 * A day's heading and the "New" line belong to the row of the message below them: a list of messages only, in which
 * history that arrives above adds rows and never renumbers one that is being read.
 */
import type { MessageView } from "@palaver/sdk";
import { dayKey } from "../../lib/format.ts";
import { GROUP_MS } from "../../lib/limits.ts";

export interface Row {
  readonly message: MessageView;
  /** First message of its day (of those loaded). */
  readonly startsDay: boolean;
  /** Shows author and time: first of its group. */
  readonly startsGroup: boolean;
  /** The "New" line stands above it. */
  readonly startsNew: boolean;
}

/**
 * @param newAfter the last read `seq` when the room was entered; the first message of somebody else after it gets the
 *   "New" line. `null`: no line.
 * @param hasMore whether there are older messages that are not loaded.
 */
export function toRows(messages: readonly MessageView[], newAfter: number | null, hasMore = false): Row[] {
  const rows: Row[] = [];
  let previous: MessageView | null = null;
  // Without the last read message among them, the first new one may not be loaded yet.
  let lineDrawn = newAfter === null || (hasMore && (messages[0]?.seq ?? 0) > newAfter);
  for (const message of messages) {
    const startsDay = previous === null || dayKey(previous.at) !== dayKey(message.at);
    const startsNew =
      !lineDrawn && newAfter !== null && message.seq !== null && message.seq > newAfter && !message.mine;
    if (startsNew) lineDrawn = true;
    rows.push({
      message,
      startsDay,
      startsNew,
      startsGroup: startsDay || startsNew || previous === null || !sameGroup(previous, message),
    });
    previous = message;
  }
  return rows;
}

function sameGroup(above: MessageView, below: MessageView): boolean {
  return (
    above.by.id === below.by.id &&
    above.kind === "message" &&
    below.kind === "message" &&
    below.replyTo === null &&
    !above.deleted &&
    Date.parse(below.at) - Date.parse(above.at) < GROUP_MS
  );
}

/** How many rows were put before what was the first row: the list keeps its place by this number. */
export function prepended(before: readonly Row[], after: readonly Row[]): number {
  const first = before[0];
  if (first === undefined) return 0;
  const at = after.findIndex((row) => row.message.key === first.message.key);
  return Math.max(at, 0);
}

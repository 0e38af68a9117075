/**
 * Owns how messages become rows: which one starts a day, a group, the unread part. A day's heading and the "New" line
 * belong to the row of the message below them: the list contains only messages, so older history adds rows above and
 * never renumbers one that is being read.
 */
import type { MessageView } from "@palaver/sdk";
import { dayKey } from "../../lib/format.ts";
import { GROUP_MS } from "../../lib/limits.ts";

export interface Row {
  readonly message: MessageView;
  /** Whether it is the first loaded message of its day. */
  readonly startsDay: boolean;
  /** Whether it shows author and time: the first message of its group. */
  readonly startsGroup: boolean;
  /** Whether the "New" line is above it. */
  readonly startsNew: boolean;
}

/** The inputs that rows were built from, and the rows. */
export interface Made {
  readonly messages: readonly MessageView[];
  readonly newAfter: number | null;
  readonly hasMore: boolean;
  readonly rows: readonly Row[];
}

/**
 * Rebuilds the rows after a change. A row depends on the messages up to its own: rows before the first change are
 * reused, so that a new message costs one row however many there are.
 */
export function remake(
  last: Made | null,
  messages: readonly MessageView[],
  newAfter: number | null,
  hasMore: boolean,
): Made {
  const comparable = last !== null && last.newAfter === newAfter && last.hasMore === hasMore;
  let same = 0;
  if (comparable) while (same < last.messages.length && last.messages[same] === messages[same]) same++;
  const rows =
    comparable && same > 0
      ? toRows(messages, newAfter, hasMore, last.rows.slice(0, same))
      : toRows(messages, newAfter, hasMore);
  return { messages, newAfter, hasMore, rows };
}

/**
 * @param newAfter the last read `seq` when the room was entered; the first later message by another user gets the "New"
 *   line. `null`: no line.
 * @param hasMore whether there are older messages that are not loaded.
 * @param kept the rows of the first messages, built before.
 */
export function toRows(
  messages: readonly MessageView[],
  newAfter: number | null,
  hasMore = false,
  kept: readonly Row[] = [],
): Row[] {
  const rows = [...kept];
  let previous: MessageView | null = kept.at(-1)?.message ?? null;
  // If the last read message is not loaded, the first new message may not be loaded yet either.
  let lineDrawn = newAfter === null || (hasMore && (messages[0]?.seq ?? 0) > newAfter);
  lineDrawn ||= kept.some((row) => row.startsNew);
  for (const message of messages.slice(kept.length)) {
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

/** Returns how many rows were added before the previous first row: the list keeps its position by this number. */
export function prepended(before: readonly Row[], after: readonly Row[]): number {
  const first = before[0];
  if (first === undefined) return 0;
  const at = after.findIndex((row) => row.message.key === first.message.key);
  return Math.max(at, 0);
}

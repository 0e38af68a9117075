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

/** What rows were made from, and the rows. */
export interface Made {
  readonly messages: readonly MessageView[];
  readonly newAfter: number | null;
  readonly hasMore: boolean;
  readonly rows: readonly Row[];
}

/**
 * Makes rows again after a change. A row depends on the messages up to its own: those before the first change stay as they
 * were, so that a message that arrives costs one row however many there are.
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
 * @param newAfter the last read `seq` when the room was entered; the first message of somebody else after it gets the
 *   "New" line. `null`: no line.
 * @param hasMore whether there are older messages that are not loaded.
 * @param kept the rows of the first messages, made before.
 */
export function toRows(
  messages: readonly MessageView[],
  newAfter: number | null,
  hasMore = false,
  kept: readonly Row[] = [],
): Row[] {
  const rows = [...kept];
  let previous: MessageView | null = kept.at(-1)?.message ?? null;
  // Without the last read message among them, the first new one may not be loaded yet.
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

/** How many rows were put before what was the first row: the list keeps its place by this number. */
export function prepended(before: readonly Row[], after: readonly Row[]): number {
  const first = before[0];
  if (first === undefined) return 0;
  const at = after.findIndex((row) => row.message.key === first.message.key);
  return Math.max(at, 0);
}

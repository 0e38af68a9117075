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
  /** Rises when the messages are others than before: the list then starts again, instead of keeping its place. */
  readonly segment: number;
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
  const segment = last === null ? 0 : last.segment + (areApart(last.messages, messages) ? 1 : 0);
  return { messages, newAfter, hasMore, rows, segment };
}

/** Returns whether two lists of one room have no message in common. Each has no holes, so that their ends tell. */
function areApart(before: readonly MessageView[], after: readonly MessageView[]): boolean {
  const [first, last] = ends(before);
  const [newFirst, newLast] = ends(after);
  if (first === null || last === null || newFirst === null || newLast === null) return false;
  return newFirst > last || newLast < first;
}

/** Returns the first and the last seq. Unsent messages, which have none, are at the end. */
function ends(messages: readonly MessageView[]): readonly [number | null, number | null] {
  return [messages[0]?.seq ?? null, messages.findLast(({ seq }) => seq !== null)?.seq ?? null];
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

/**
 * Returns how many rows were added before the previous first row, or how many of the first rows were dropped (below zero): the
 * list keeps its position by this.
 */
export function prepended(before: readonly Row[], after: readonly Row[]): number {
  const [first, newFirst] = [before[0], after[0]];
  if (first === undefined || newFirst === undefined || first.message.key === newFirst.message.key) return 0;
  const at = indexOfKey(after, first.message.key);
  return at >= 0 ? at : 0 - Math.max(indexOfKey(before, newFirst.message.key), 0);
}

function indexOfKey(rows: readonly Row[], key: string): number {
  return rows.findIndex((row) => row.message.key === key);
}

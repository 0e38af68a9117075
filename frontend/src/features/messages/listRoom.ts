/** Owns which fields of a room the conversation renders, and how a loaded message is found. */
import type { MessageView, RoomView } from "@palaver/sdk";

export const LIST_FIELDS = [
  "id",
  "name",
  "state",
  "messages",
  "loaded",
  "hasMore",
  "hasNewer",
  "loading",
  "loadFailure",
  "unread",
  "readSeq",
  "head",
  "outbox",
] as const;

export type ListRoom = Pick<RoomView, (typeof LIST_FIELDS)[number]>;

/** Returns the message at `seq`, or null when it is not loaded. Messages are in order, with unsent ones at the end. */
export function bySeq(messages: readonly MessageView[], seq: number): MessageView | null {
  let [low, high] = [0, messages.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = messages[middle];
    const at = found?.seq ?? Number.POSITIVE_INFINITY;
    if (found !== undefined && at === seq) return found;
    if (at < seq) low = middle + 1;
    else high = middle - 1;
  }
  return null;
}

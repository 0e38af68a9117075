/**
 * Owns which messages of a room are in memory beside its newest ones: a segment around a message that was jumped to, until it
 * meets the newest ones, and how many of these are kept while nobody reads further up.
 */
import type { ChangeEntry } from "../wire.ts";
import { withRoom } from "./log.ts";
import { applyChange, indexFrom } from "./message.ts";
import type { Core, Room, Segment } from "./model.ts";
import { acceptsPage, foldPage, merge, trimRoom, withLoading, type HistoryPage } from "./pages.ts";

/** A room at its newest messages holds at most this many. */
export const NEWEST_MESSAGES_MAX = 1_000;
/** This many are left when there were more. */
export const NEWEST_MESSAGES_KEPT = 500;

export interface DistantPage extends HistoryPage {
  /** Whether the page begins a segment, or continues the present one. */
  readonly side: "around" | "older" | "newer";
  /** Seq up to which the page has every message. */
  readonly until: number;
}

export function onDistantPage(core: Core, page: DistantPage): Core {
  const room = core.rooms.get(page.room);
  if (room === undefined) return core;
  const held = page.side === "around" ? null : room.distant;
  if (!acceptsPage(core, page) || (page.side !== "around" && held === null)) return withLoading(core, page.room, false, null);

  const messages = foldPage(room, page.messages);
  const distant: Segment = {
    messages: held === null ? messages : merge(held.messages, messages),
    complete: held !== null && page.side === "newer" ? held.complete : page.first,
    until: held !== null && page.side === "older" ? held.until : page.until,
  };
  return withRoom(core, joined({ ...room, distant, loading: false, loadFailure: null }));
}

/** Makes one list of the segment and the newest messages once nothing is missing between them. */
function joined(room: Room): Room {
  const { distant } = room;
  const first = room.messages[0]?.seq ?? (room.log.cursor ?? Number.POSITIVE_INFINITY) + 1;
  if (distant === null || distant.until < first - 1) return room;
  const kept = new Map(room.kept);
  for (const { seq } of distant.messages) kept.delete(seq);
  return {
    ...room,
    kept,
    messages: merge(room.messages, distant.messages),
    complete: room.complete || distant.complete,
    loaded: true,
    distant: null,
  };
}

/** Applies a change to the segment. It is kept for pages, too: the segment may be dropped before the message is loaded again. */
export function changeDistant(room: Room, change: ChangeEntry): Room {
  const { distant } = room;
  if (distant === null) return room;
  const at = indexFrom(distant.messages, change.target);
  const target = distant.messages[at];
  if (target?.seq !== change.target) return room;
  return { ...room, distant: { ...distant, messages: distant.messages.with(at, applyChange(target, change)) } };
}

/** Drops the oldest messages of a room that holds too many, unless somebody reads them. */
export function bounded(room: Room): Room {
  const read = room.held && room.distant === null;
  return read || room.messages.length <= NEWEST_MESSAGES_MAX ? room : trimRoom(room, NEWEST_MESSAGES_KEPT);
}

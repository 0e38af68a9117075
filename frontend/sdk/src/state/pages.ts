/**
 * Owns what requests bring: pages of history, members, notifications. Each may be older than what the log has brought since.
 */
import type { Failure, NotificationView, RoomId } from "../types.ts";
import type { MessageEntry } from "../wire.ts";
import { withRoom } from "./log.ts";
import { applyChange, fromBody, insert } from "./message.ts";
import type { Core, LoggedMessage, Member, Room } from "./model.ts";

/** A page of history with the request it answers. */
export interface HistoryPage {
  readonly room: RoomId;
  /** `Room.generation` at the time of the request. */
  readonly generation: number;
  readonly epoch: string;
  /** The head that the page knows. */
  readonly asOf: number;
  readonly messages: readonly MessageEntry[];
  /** Whether the page reaches the first message that the user may see. */
  readonly first: boolean;
}

export function withLoading(core: Core, id: RoomId, loading: boolean, failure: Failure | null): Core {
  const room = core.rooms.get(id);
  return room === undefined ? core : withRoom(core, { ...room, loading, loadFailure: failure });
}

/** Returns whether a page may be folded in: it is of this epoch, not older than what was dropped, and leaves no hole. */
export function acceptsPage(core: Core, page: HistoryPage): boolean {
  const room = core.rooms.get(page.room);
  return (
    room !== undefined &&
    page.epoch === core.epoch &&
    page.generation === room.generation &&
    page.asOf >= room.floor
  );
}

export function onPage(core: Core, page: HistoryPage): Core {
  const room = core.rooms.get(page.room);
  if (room === undefined) return core;
  if (!acceptsPage(core, page)) return withLoading(core, page.room, false, null);
  const folded = foldPage(room, page.messages);
  const kept = new Map(room.kept);
  for (const { seq } of folded) kept.delete(seq);
  return withRoom(core, {
    ...room,
    kept,
    messages: merge(room.messages, folded),
    mentions: withMentions(room, folded, core.me?.id),
    loaded: true,
    complete: room.complete || page.first,
    loading: false,
    loadFailure: null,
  });
}

/** Applies to a page's messages the changes that arrived while they were not loaded; those that the page contains do nothing. */
export function foldPage(room: Room, page: readonly MessageEntry[]): readonly LoggedMessage[] {
  return page.map((body) => (room.kept.get(body.seq) ?? []).reduce(applyChange, fromBody(body)));
}

/**
 * Returns the unread mentions including those of a page. The room list may be older than a message that mentions the user, and
 * after a reset that message comes only with a page.
 */
function withMentions(room: Room, page: readonly LoggedMessage[], me: string | undefined): readonly number[] {
  if (me === undefined) return room.mentions;
  const found = page.filter((message) => message.seq > room.read && !message.deleted && message.by.id !== me && message.mentions.includes(me));
  const added = found.map((message) => message.seq).filter((seq) => !room.mentions.includes(seq));
  return added.length === 0 ? room.mentions : [...room.mentions, ...added].toSorted((a, b) => a - b);
}

/** Merges two lists, both ascending by seq; of two messages with the same seq it keeps the later `rev`. */
export function merge(held: readonly LoggedMessage[], page: readonly LoggedMessage[]): readonly LoggedMessage[] {
  const sorted = page.toSorted((a, b) => a.seq - b.seq);
  const first = held[0];
  const last = sorted[sorted.length - 1];
  if (first === undefined || last === undefined || last.seq < first.seq) return [...sorted, ...held];
  return sorted.reduce<readonly LoggedMessage[]>(insert, held);
}

/** Drops all but the newest messages of a room, so that hours of reading do not fill the memory. */
export function trimRoom(room: Room, newest: number): Room {
  if (room.messages.length <= newest) return room;
  return {
    ...room,
    messages: room.messages.slice(-newest),
    complete: false,
    // Changes of the dropped messages were applied up to the cursor: pages must know them.
    floor: Math.max(room.floor, room.log.cursor ?? 0),
    generation: room.generation + 1,
    loading: false,
  };
}

/** Applies a list of members; entries that the log has brought since take precedence. */
export function onMembers(core: Core, id: RoomId, list: readonly Member[]): Core {
  const room = core.rooms.get(id);
  if (room === undefined) return core;
  const members = new Map<string, Member>();
  for (const member of list) members.set(member.user.id, member);
  for (const [user, member] of room.members) {
    if (member.seq > (members.get(user)?.seq ?? 0)) members.set(user, member);
  }
  const own = core.me === null ? undefined : members.get(core.me.id);
  return withRoom(core, { ...room, members, membersLoaded: true, mutedUntil: own === undefined ? room.mutedUntil : own.mutedUntil });
}

export interface RoomInfo {
  readonly description?: string;
  readonly archived?: boolean;
  readonly slowModeSeconds?: number;
  readonly pins?: readonly number[];
}

/** Applies what the room's page has and the room list does not. */
export function onRoomInfo(
  core: Core,
  id: RoomId,
  info: RoomInfo,
): Core {
  const room = core.rooms.get(id);
  if (room === undefined) return core;
  const entry = { ...room.entry };
  if (info.description !== undefined) entry.description = info.description;
  if (info.archived !== undefined) entry.archived = info.archived;
  return withRoom(core, {
    ...room,
    entry,
    pins: info.pins ?? room.pins,
    slowModeSeconds: info.slowModeSeconds ?? room.slowModeSeconds,
  });
}

export function onNotifications(
  core: Core,
  items: readonly NotificationView[],
  next: string | null,
  unread: number | null,
): Core {
  const notifications = new Map(core.notifications);
  for (const item of items) {
    const known = notifications.get(item.id);
    // The user log may have brought "read" after the page was made; a notification never becomes unread again.
    notifications.set(item.id, known?.read === true ? { ...item, read: true } : item);
  }
  return {
    ...core,
    notifications,
    notificationsLoaded: true,
    notificationsNext: next,
    notificationsUnread: unread ?? core.notificationsUnread,
  };
}

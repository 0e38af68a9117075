/**
 * Owns the one way the state changes: `reduce(state, event)`. Pure: no I/O, no clock, no randomness. It notes what must be
 * requested from the server in `needs`, and the connection reads that.
 */
import type { ConnectionView, Draft, Ending, Failure, NotificationLevel, NotificationView, Person, RoomId, SessionStatus, UserId } from "../types.ts";
import { OWN_LOG, type AnyEvent, type PresenceFrame, type ReceiptFrame, type ServerFrame, type SignalFrame } from "../wire.ts";
import { batch, withEntry } from "./batch.ts";
import { bounded, onDistantPage, type DistantPage } from "./distant.ts";
import { askAgain, asked, forgetRequests, withRoom } from "./log.ts";
import { EMPTY_CORE, type Core, type Member, type OutboxItem } from "./model.ts";
import { onlineAfter } from "./online.ts";
import { onItem, onOutboxFrame, ownEventIsAck, settleOutbox } from "./outbox.ts";
import { allRead, applyOwnEvent, gone, read } from "./own-log.ts";
import { onMembers, onNotifications, onPage, onRoomInfo, trimRoom, withLoading, type HistoryPage, type RoomInfo } from "./pages.ts";
import { applyRoomEvent, countAt, markAt } from "./room.ts";
import { onHeads, onRooms, onSync, onWelcome } from "./sync.ts";

/** One user's state as it is read back from disk. */
export interface Restored {
  readonly core: Partial<Core>;
  readonly outbox: readonly OutboxItem[];
}

export type CoreEvent =
  /** Frames of one delivery, in order. */
  | { readonly type: "frames"; readonly frames: readonly ServerFrame[]; readonly now: number }
  | { readonly type: "asked"; readonly logs: readonly string[]; readonly re: string }
  /** The request `re` of these logs was refused, and the wait after that has ended. */
  | { readonly type: "ask_again"; readonly logs: readonly string[]; readonly re: string; readonly reset: boolean }
  | { readonly type: "session"; readonly session: SessionStatus; readonly me: Person | null; readonly ended?: Ending | null }
  /** Something could not be stored on this device. */
  | { readonly type: "not_durable" }
  | { readonly type: "restored"; readonly restored: Restored }
  | { readonly type: "connection"; readonly change: Partial<ConnectionView> }
  | { readonly type: "closed" }
  | { readonly type: "marked"; readonly room: RoomId; readonly seq: number }
  | { readonly type: "loading"; readonly room: RoomId }
  | { readonly type: "load_failed"; readonly room: RoomId; readonly failure: Failure }
  | { readonly type: "page"; readonly page: HistoryPage }
  /** A page apart from the newest messages. */
  | { readonly type: "distant_page"; readonly page: DistantPage }
  /** The newest messages are shown again. */
  | { readonly type: "distant_left"; readonly room: RoomId }
  /** A page was loaded and not needed. */
  | { readonly type: "page_unused"; readonly room: RoomId }
  | { readonly type: "held"; readonly room: RoomId; readonly held: boolean }
  | { readonly type: "trim"; readonly room: RoomId; readonly newest: number }
  | { readonly type: "members"; readonly room: RoomId; readonly members: readonly Member[] }
  | { readonly type: "room_info"; readonly room: RoomId; readonly info: RoomInfo }
  | { readonly type: "room_prefs"; readonly room: RoomId; readonly level?: NotificationLevel; readonly quiet?: string | null; readonly hidden?: boolean }
  /** The mutes that ended by `now` are over. */
  | { readonly type: "mutes_over"; readonly now: number }
  | { readonly type: "blocks"; readonly users: readonly UserId[] }
  | {
      readonly type: "notifications";
      readonly items: readonly NotificationView[];
      readonly next: string | null;
      readonly unread: number | null;
    }
  | { readonly type: "notification_read"; readonly id: string | null }
  | { readonly type: "notification_gone"; readonly id: string }
  | { readonly type: "item"; readonly item: OutboxItem }
  | { readonly type: "item_gone"; readonly id: string }
  | { readonly type: "draft"; readonly room: RoomId; readonly draft: Draft }
  | { readonly type: "typing_over"; readonly now: number };

export function reduce(core: Core, event: CoreEvent): Core {
  return batch(() => apply(core, event));
}

function apply(core: Core, event: CoreEvent): Core {
  switch (event.type) {
    case "frames":
      return settleOutbox(event.frames.reduce((next, frame) => onFrame(next, frame, event.now), core));
    case "asked":
      return asked(core, event.logs, event.re);
    case "ask_again":
      return askAgain(core, event.logs, event.re, event.reset);
    case "session": {
      const { session, me, ended = null } = event;
      // Another user, or a sign-out: nothing of the previous user may be visible.
      const before = core.me !== null && core.me.id !== me?.id ? { ...EMPTY_CORE, connection: core.connection, durable: core.durable } : core;
      return { ...before, session, me, ended };
    }
    case "not_durable":
      return core.durable ? { ...core, durable: false } : core;
    case "restored":
      return { ...core, ...event.restored.core, outbox: [...event.restored.outbox] };
    case "connection":
      return { ...core, connection: { ...core.connection, ...event.change } };
    case "closed":
      return { ...forgetRequests(core), listing: null, listMe: null };
    case "marked":
      return onMarked(core, event.room, event.seq);
    case "loading":
      return withLoading(core, event.room, true, null);
    case "load_failed":
      return withLoading(core, event.room, false, event.failure);
    case "page": {
      // A page confirms the user's own message as well as its event does.
      const room = event.page.room;
      return settleOutbox(event.page.messages.reduce((next, body) => ownEventIsAck(next, { ...body, room }), onPage(core, event.page)));
    }
    case "distant_page":
      return onDistantPage(core, event.page);
    case "distant_left": {
      const room = core.rooms.get(event.room);
      return room === undefined || room.distant === null ? core : withRoom(core, { ...room, distant: null });
    }
    case "page_unused":
      return withLoading(core, event.room, false, null);
    case "held": {
      const room = core.rooms.get(event.room);
      return room === undefined || room.held === event.held ? core : withRoom(core, bounded({ ...room, held: event.held }));
    }
    case "trim": {
      const room = core.rooms.get(event.room);
      return room === undefined ? core : withRoom(core, trimRoom(room, event.newest));
    }
    case "members":
      return onMembers(core, event.room, event.members);
    case "room_info":
      return onRoomInfo(core, event.room, event.info);
    case "room_prefs":
      return onPrefs(core, event);
    case "mutes_over":
      return mutesOver(core, event.now);
    case "blocks":
      return { ...core, blocked: new Set(event.users) };
    case "notifications":
      return onNotifications(core, event.items, event.next, event.unread);
    case "notification_read":
      return event.id === null ? allRead(core) : read(core, event.id);
    case "notification_gone":
      return gone(core, event.id);
    case "item":
      return onItem(core, event.item);
    case "item_gone":
      return { ...core, outbox: core.outbox.filter((item) => item.id !== event.id) };
    case "draft":
      return { ...core, drafts: withEntry(core.drafts, event.room, event.draft) };
    case "typing_over":
      return typingOver(core, event.now);
  }
}

function onFrame(core: Core, frame: ServerFrame, now: number): Core {
  switch (frame.t) {
    case "welcome":
      return onWelcome(core, frame);
    case "rooms":
      return onRooms(core, frame);
    case "sync": {
      const next = onSync(core, frame);
      return next === core ? core : frame.events.reduce(ownEventIsAck, next);
    }
    case "event": {
      const event: AnyEvent = frame;
      if (event.room === OWN_LOG) return applyOwnEvent(core, event);
      return ownEventIsAck(applyRoomEvent(core, event), event);
    }
    case "ping":
      return onHeads(withOnline(core, frame), frame.heads);
    case "receipt":
      return onReceipt(core, frame);
    case "signal":
      return onSignal(core, frame, now);
    case "presence":
      return onPresence(core, frame);
    case "ack":
    case "error":
      return onOutboxFrame(core, frame);
    default:
      // Frames that concern the connection only, and frames of a newer server.
      return core;
  }
}

function onMarked(core: Core, id: RoomId, seq: number): Core {
  const room = core.rooms.get(id);
  if (room === undefined || seq <= room.marked) return core;
  const marked = { ...room, marked: seq };
  const n = countAt(room, seq);
  // Where the count is not known, the mark is sent to the server and comes back with the next list.
  return withRoom(core, n === null ? marked : markAt(marked, seq, n));
}

function onReceipt(core: Core, frame: ReceiptFrame): Core {
  const room = core.rooms.get(frame.room);
  if (room === undefined) return core;
  if (frame.user !== core.me?.id) {
    if ((room.receipts.get(frame.user) ?? 0) >= frame.seq) return core;
    return withRoom(core, { ...room, receipts: new Map(room.receipts).set(frame.user, frame.seq) });
  }
  if (frame.seq <= room.read) return core;
  const n = frame.n ?? countAt(room, frame.seq);
  if (n === null) return core;
  const next = markAt(room, frame.seq, n);
  return withRoom(core, frame.mentions ? { ...next, mentions: frame.mentions } : next);
}

function onSignal(core: Core, frame: SignalFrame, now: number): Core {
  const room = core.rooms.get(frame.room);
  if (room === undefined || frame.kind !== "typing" || frame.by.id === core.me?.id) return core;
  const typing = new Map(room.typing);
  if (frame.ttl_ms > 0) typing.set(frame.by.id, { person: frame.by, until: now + frame.ttl_ms });
  else if (!typing.delete(frame.by.id)) return core;
  return withRoom(core, { ...room, typing });
}

function typingOver(core: Core, now: number): Core {
  let next = core;
  for (const room of core.rooms.values()) {
    const live = [...room.typing].filter(([, entry]) => entry.until > now);
    if (live.length !== room.typing.size) next = withRoom(next, { ...room, typing: new Map(live) });
  }
  return next;
}

function onPresence(core: Core, frame: PresenceFrame): Core {
  // A full list: users who are not in it are offline.
  const presence = new Map(frame.full ? [] : core.presence);
  for (const entry of frame.users) {
    presence.set(entry.user, { user: entry.user, status: entry.status, lastSeen: entry.last_seen ?? null });
  }
  const online = onlineAfter(core.connection.online, core.presence, presence, frame, core.me?.id);
  const connection = online === core.connection.online ? core.connection : { ...core.connection, online };
  return withOnline({ ...core, presence, connection }, frame);
}

/** Takes the number of users online from a frame of a server that tells it. */
function withOnline(core: Core, frame: object): Core {
  const { online } = frame as { online?: unknown };
  if (typeof online !== "number" || online === core.connection.online) return core;
  return { ...core, connection: { ...core.connection, online } };
}

function onPrefs(core: Core, event: Extract<CoreEvent, { type: "room_prefs" }>): Core {
  const room = core.rooms.get(event.room);
  if (room === undefined) return core;
  const { level, hidden, quiet_until = null } = room.entry;
  const entry = {
    ...room.entry,
    level: event.level ?? level,
    hidden: event.hidden ?? hidden,
    quiet_until: event.quiet === undefined ? quiet_until : event.quiet,
  };
  return withRoom(core, { ...room, entry });
}

function mutesOver(core: Core, now: number): Core {
  let next = core;
  for (const room of core.rooms.values()) {
    const { quiet_until } = room.entry;
    if (quiet_until == null || Date.parse(quiet_until) > now) continue;
    next = withRoom(next, { ...room, entry: { ...room.entry, quiet_until: null } });
  }
  return next;
}

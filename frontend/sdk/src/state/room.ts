/** Owns the fold of a room's log: entries in order, resets, and what an entry means for the signed-in user. */
import type { AnyEvent, ChangeEntry, MemberEntry, MessageEntry, RoomChangeEntry, RoomEntry, PinEntry } from "../wire.ts";
import { withEntry, withoutEntry } from "./batch.ts";
import { closeRoom } from "./closed.ts";
import { withNeed, withRoom, withoutRoom } from "./log.ts";
import { applyChange, fromBody, fromUnknown, indexFrom, insert } from "./message.ts";
import { RECEIPT_MEMBERS } from "../generated/limits.ts";
import { bounded, changeDistant } from "./distant.ts";
import { KEPT_MAX, NO_LOG, type Core, type Room } from "./model.ts";

export function newRoom(entry: RoomEntry): Room {
  return {
    id: entry.id,
    entry,
    log: NO_LOG,
    head: entry.head,
    n: entry.n,
    read: entry.read,
    readN: entry.read_n,
    mentions: entry.mentions,
    marked: 0,
    mutedUntil: null,
    slowModeSeconds: 0,
    floor: 0,
    generation: 0,
    messages: [],
    distant: null,
    held: false,
    loaded: false,
    complete: false,
    loading: false,
    loadFailure: null,
    kept: new Map(),
    changedElsewhere: 0,
    members: new Map(),
    membersLoaded: false,
    pins: [],
    pinners: new Map(),
    receipts: new Map(),
    typing: new Map(),
  };
}

/** Drops a room's state when the log restarts at `head`: pages must know at least that entry. */
export function resetRoom(room: Room, head: number, n: number): Room {
  return {
    ...room,
    log: { ...room.log, cursor: head },
    head: Math.max(room.head, head),
    n: Math.max(room.n, n),
    floor: head,
    generation: room.generation + 1,
    messages: [],
    distant: null,
    loaded: false,
    complete: false,
    loading: false,
    kept: new Map(),
    members: new Map(),
    membersLoaded: false,
    receipts: new Map(),
  };
}

/** Applies one entry: the next one moves the cursor, an older one is ignored, a later one reveals a gap. */
export function applyRoomEvent(core: Core, event: AnyEvent): Core {
  const room = core.rooms.get(event.room);
  if (room === undefined || room.log.cursor === null) return core;
  if (event.seq <= room.log.cursor) return core;
  if (event.seq !== room.log.cursor + 1) {
    const known = event.seq > room.head ? withRoom(core, { ...room, head: event.seq }) : core;
    return withNeed(known, event.room, "fill");
  }
  const moved: Room = {
    ...room,
    log: { ...room.log, cursor: event.seq },
    head: Math.max(room.head, event.seq),
    n: Math.max(room.n, event.n ?? 0),
  };
  switch (event.kind) {
    case "message":
      return withRoom(core, bounded(onMessage(moved, event as MessageEntry, core.me?.id)));
    case "edit":
    case "delete":
    case "react":
      return withRoom(core, onChange(moved, event as AnyEvent as ChangeEntry, core.me?.id));
    case "pin":
      return withRoom(core, onPin(moved, event as AnyEvent as PinEntry));
    case "room":
      return withRoom(core, onRoomChange(moved, event as AnyEvent as RoomChangeEntry));
    case "member":
      return onMember(withRoom(core, moved), moved, event as AnyEvent as MemberEntry);
    default: {
      const notice = fromUnknown(event);
      return withRoom(core, notice === null ? moved : { ...moved, messages: insert(moved.messages, notice) });
    }
  }
}

function onMessage(room: Room, entry: MessageEntry, me: string | undefined): Room {
  const messages = insert(room.messages, fromBody(entry));
  const typing = withoutEntry(room.typing, entry.by.id);
  if (entry.by.id === me) {
    // The server raises the author's own mark with each ack: writing implies having read.
    return { ...markAt({ ...room, messages, typing }, entry.seq, entry.n), typing };
  }
  const receipts = showsReceipts(room, entry.by.id) ? withEntry(room.receipts, entry.by.id, entry.seq) : room.receipts;
  const mentioned = me !== undefined && entry.mentions?.includes(me) === true && entry.seq > room.read;
  return { ...room, messages, typing, receipts, mentions: mentioned ? [...room.mentions, entry.seq] : room.mentions };
}

/**
 * Returns whether a message is a receipt for its author: writing implies having read, and the server sends no receipt for it.
 * Large rooms have no receipts at all.
 */
function showsReceipts(room: Room, user: string): boolean {
  return room.receipts.has(user) || (room.membersLoaded && room.members.size <= RECEIPT_MEMBERS);
}

function onChange(before: Room, change: ChangeEntry, me: string | undefined): Room {
  const room = changeDistant(withoutMention(before, change, me), change);
  const at = indexFrom(room.messages, change.target);
  const target = room.messages[at];
  if (target?.seq === change.target) {
    return { ...room, messages: room.messages.with(at, applyChange(target, change)) };
  }
  const changedElsewhere = change.kind === "react" ? room.changedElsewhere : change.seq;
  const kept = withEntry(room.kept, change.target, [...(room.kept.get(change.target) ?? []), change]);
  // Too many to keep: from here on a page has to contain them.
  if (kept.size > KEPT_MAX) return { ...room, changedElsewhere, kept: new Map(), floor: change.seq };
  return { ...room, changedElsewhere, kept };
}

/** Removes the mention of a message that was deleted, or edited so that it no longer mentions the user. */
function withoutMention(room: Room, change: ChangeEntry, me: string | undefined): Room {
  if (!room.mentions.includes(change.target)) return room;
  const mentions = change.kind === "delete" ? [] : change.kind === "edit" ? change.mentions : undefined;
  if (mentions === undefined || me === undefined || mentions.includes(me)) return room;
  return { ...room, mentions: room.mentions.filter((seq) => seq !== change.target) };
}

/**
 * Counts the unread messages, as far as is known: the log's count includes deleted messages, so those after the mark that are
 * known to be deleted are subtracted.
 */
export function unreadOf(room: Room): number {
  const counted = Math.max(0, room.n - room.readN);
  if (counted === 0) return 0;
  const after = room.messages.slice(indexFrom(room.messages, room.read + 1));
  let deleted = after.filter((message) => message.deleted).length;
  for (const [target, changes] of room.kept) {
    if (target > room.read && changes.some((change) => change.kind === "delete")) deleted += 1;
  }
  return Math.max(0, counted - deleted);
}

function onPin(room: Room, pin: PinEntry): Room {
  const rest = room.pins.filter((seq) => seq !== pin.target);
  const pinners = pin.on ? withEntry(room.pinners, pin.target, pin.by) : withoutEntry(room.pinners, pin.target);
  return { ...room, pinners, pins: pin.on ? [...rest, pin.target] : rest };
}

/** Applies a room entry, which carries the complete room. */
function onRoomChange(room: Room, change: RoomChangeEntry): Room {
  const { name, slug, description, archived } = change;
  return { ...room, entry: { ...room.entry, name, slug, description, archived }, slowModeSeconds: change.slow_mode_s };
}

function onMember(core: Core, room: Room, change: MemberEntry): Core {
  const members = withEntry(room.members, change.user.id, {
    user: change.user,
    state: change.state,
    role: change.role,
    mutedUntil: change.muted_until ?? null,
    seq: change.seq,
  });
  const next = withRoom(core, { ...room, members });
  return change.user.id === core.me?.id ? onOwnMember(next, change) : next;
}

/** Applies an entry about the user's own membership: the newest entry wins, whichever log brings it first. */
function onOwnMember(core: Core, change: MemberEntry): Core {
  const room = core.rooms.get(change.room);
  if (room === undefined) return core;
  const newest = core.memberSeq.get(change.room) ?? 0;
  if (change.state !== "joined" && change.state !== "invited") {
    // An older removal: the user log already says that the user is in again, so request what came since.
    if (change.seq < newest) return withNeed(core, change.room, "resume");
    const next = closeRoom(withMemberSeq(core, change.room, change.seq), change.room, change.state, change.why ?? null);
    return withoutRoom(next, change.room);
  }
  const entry: RoomEntry = {
    ...room.entry,
    state: change.state,
    role: change.role,
  };
  const next = withRoom(core, { ...room, entry, mutedUntil: change.muted_until ?? null });
  // A new role or a mute does not change the membership; entries of the user log keep the seq of the join.
  return room.entry.state === "joined" ? next : withMemberSeq(next, change.room, change.seq);
}

export function withMemberSeq(core: Core, room: string, seq: number): Core {
  if (seq <= (core.memberSeq.get(room) ?? 0)) return core;
  return { ...core, memberSeq: withEntry(core.memberSeq, room, seq) };
}

/** Moves the read mark, never back. `n` is the number of messages up to `seq`. */
export function markAt(room: Room, seq: number, n: number): Room {
  if (seq <= room.read) return room;
  return {
    ...room,
    read: seq,
    readN: Math.max(room.readN, n),
    mentions: room.mentions.filter((mention) => mention > seq),
  };
}

/**
 * Returns the number of messages up to `seq`, or null when it is not known here. The loaded messages have no holes up to the
 * cursor, so those after `seq` can be counted; entries between the cursor and a head beyond it cannot.
 */
export function countAt(room: Room, seq: number): number | null {
  if (seq >= room.head) return room.n;
  if (room.log.cursor === null || room.log.cursor < room.head) return null;
  const first = room.messages[0];
  if (!room.complete && (first === undefined || first.seq > seq + 1)) return null;
  const after = room.messages.slice(indexFrom(room.messages, seq + 1));
  return room.n - after.filter((message) => message.kind === "message").length;
}

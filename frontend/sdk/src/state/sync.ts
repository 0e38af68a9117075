/** Owns the sync: the welcome, the room list, and the answers to resume and fill. */
import { OWN_LOG, type RoomsFrame, type SyncFrame, type WelcomeFrame } from "../wire.ts";
import { withMember } from "./batch.ts";
import { forgetRequests, logOf, withLog, withNeed, withRoom, withoutRoom } from "./log.ts";
import { listRoom } from "./list.ts";
import { EMPTY_CORE, NO_LOG, type Core } from "./model.ts";
import { applyOwnEvent } from "./own-log.ts";
import { applyRoomEvent, resetRoom } from "./room.ts";

/** Switches to another epoch: the store was restored, so the cache is dropped. The outbox stays, with `seen` set to 0. */
export function onEpoch(core: Core, epoch: string): Core {
  if (core.epoch === epoch) return core;
  if (core.epoch === null) return { ...core, epoch };
  return {
    ...EMPTY_CORE,
    session: core.session,
    durable: core.durable,
    me: core.me,
    connection: core.connection,
    drafts: core.drafts,
    epoch,
    outbox: core.outbox.map((item) => (item.seen === null ? item : { ...item, seen: 0, epoch })),
  };
}

export function onWelcome(core: Core, frame: WelcomeFrame): Core {
  const next = forgetRequests(onEpoch(core, frame.epoch));
  return { ...next, me: { ...next.me, ...frame.user }, listing: new Set(), listMe: null };
}

export function onRooms(core: Core, frame: RoomsFrame): Core {
  if (core.listing === null) return core;
  const first = core.listMe === null;
  let next: Core = core;
  if (first && typeof frame.me === "number") {
    // The user log continues from where it stood before the list was read, so that nothing is lost between the two.
    const own = core.own.cursor === null ? { ...core.own, cursor: frame.me } : core.own;
    next = { ...core, listMe: frame.me, own };
  }
  let { listing } = core;
  for (const entry of frame.rooms) {
    next = listRoom(next, entry);
    if (next.rooms.has(entry.id)) listing = withMember(listing, entry.id);
  }
  next = { ...next, listing };
  return frame.more ? next : listEnded(next);
}

/** Requests a resume of all logs: rooms of the list, known rooms that the list lacks, and the user log. */
function listEnded(core: Core): Core {
  let next = withNeed({ ...core, listing: null, ready: true }, OWN_LOG, "resume");
  for (const room of core.rooms.values()) {
    if (room.entry.state === "joined") next = withNeed(next, room.id, "resume");
    else if (!core.listing?.has(room.id)) next = withoutRoom(next, room.id);
  }
  return next;
}

export function onSync(core: Core, frame: SyncFrame): Core {
  const log = logOf(core, frame.room);
  // A newer request has replaced this one, or is about to: the answer may belong to a membership that has ended.
  if (log === null || log.re === null || frame.re !== log.re || log.need === "resume") return core;
  if (frame.epoch !== core.epoch) return core;
  const answered = withLog(core, frame.room, { ...log, re: null });
  return frame.room === OWN_LOG ? onOwnSync(answered, frame) : onRoomSync(answered, frame);
}

function onOwnSync(core: Core, frame: SyncFrame): Core {
  if (frame.status === "reset") {
    const start = core.listMe;
    // The list of this connection covers the user log up to `listMe` and not beyond: continue from there.
    if (start !== null && core.own.cursor !== start && start < (frame.head ?? 0)) {
      const lost = { ...withoutNotifications(core), own: { ...NO_LOG, cursor: start } };
      return withNeed(lost, OWN_LOG, "fill");
    }
    return { ...withoutNotifications(core), own: { ...NO_LOG, cursor: frame.head ?? start } };
  }
  let next = core;
  for (const event of frame.events) next = applyOwnEvent(next, event);
  return frame.status === "more" ? withNeed(next, OWN_LOG, "fill") : next;
}

/** Drops the notifications so that they are reloaded: the missed entries may have removed some or changed their texts. */
function withoutNotifications(core: Core): Core {
  return { ...core, notifications: new Map(), notificationsLoaded: false, notificationsNext: null };
}

function onRoomSync(core: Core, frame: SyncFrame): Core {
  const room = core.rooms.get(frame.room);
  if (room === undefined) return core;
  let next = core;
  if (frame.status === "reset") {
    return withRoom(core, resetRoom(room, frame.head ?? 0, frame.n ?? 0));
  }
  // Entries that the user may still see come before the removal, and are folded like all others.
  for (const event of frame.events) next = applyRoomEvent(next, event);
  if (frame.status === "forbidden" || frame.status === "not_found") return withoutRoom(next, frame.room);
  return frame.status === "more" ? withNeed(next, frame.room, "fill") : next;
}

/** Requests a fill for each log whose head is beyond its cursor: at least the last entry was missed. */
export function onHeads(core: Core, heads: Readonly<Record<string, number>>): Core {
  let next = core;
  for (const [log, head] of Object.entries(heads)) {
    const room = next.rooms.get(log);
    if (room !== undefined && head > room.head) next = withRoom(next, { ...room, head });
    const cursor = logOf(next, log)?.cursor ?? null;
    if (cursor !== null && head > cursor) next = withNeed(next, log, "fill");
  }
  return next;
}

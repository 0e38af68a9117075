/** Owns the bookkeeping that room logs and the user log share: cursors, and what must be requested. */
import { OWN_LOG } from "../wire.ts";
import { withEntry, withMember, withoutEntry, withoutMember } from "./batch.ts";
import type { Core, LogCursor, Need, Room } from "./model.ts";

export function withRoom(core: Core, room: Room): Core {
  return { ...core, rooms: withEntry(core.rooms, room.id, room) };
}

/** Forgets a room: its log, marks and members. Its outbox items and drafts stay. */
export function withoutRoom(core: Core, id: string): Core {
  if (!core.rooms.has(id)) return core;
  return { ...core, rooms: withoutEntry(core.rooms, id), needs: withoutMember(core.needs, id) };
}

export function logOf(core: Core, log: string): LogCursor | null {
  return log === OWN_LOG ? core.own : (core.rooms.get(log)?.log ?? null);
}

export function withLog(core: Core, log: string, cursor: LogCursor): Core {
  if (log === OWN_LOG) return { ...core, own: cursor };
  const room = core.rooms.get(log);
  return room === undefined ? core : withRoom(core, { ...room, log: cursor });
}

/**
 * Notes that `log` needs a request. A resume is always noted, since it replaces a request in flight; a fill only when no
 * request is in flight (one fill in flight per log) and there is a cursor to fill after.
 */
export function withNeed(core: Core, log: string, need: Exclude<Need, null>): Core {
  const cursor = logOf(core, log);
  if (cursor === null) return core;
  if (need === "fill" && (cursor.re !== null || cursor.need !== null || cursor.cursor === null)) return core;
  if (cursor.need === need) return core;
  return { ...withLog(core, log, { ...cursor, need }), needs: withMember(core.needs, log) };
}

/** Notes that the need of `log` has become the request `re`. */
export function asked(core: Core, logs: readonly string[], re: string): Core {
  let next = core;
  for (const log of logs) {
    const cursor = logOf(next, log);
    if (cursor !== null) next = withLog(next, log, { ...cursor, re, need: null });
    next = { ...next, needs: withoutMember(next.needs, log) };
  }
  return next;
}

/** The logs whose newest request is `re`; of all, or of one. */
export function logsAskedBy(core: Core, re: string, log: string | null): readonly string[] {
  const logs = log === null ? [OWN_LOG, ...core.rooms.keys()] : [log];
  return logs.filter((name) => logOf(core, name)?.re === re);
}

/**
 * Notes that the logs whose newest request is still `re` must ask again: it was refused, and no answer will come. Until
 * then they wait, so that nothing else asks before the time. A room that is `reset` is asked for from its head; the own log
 * says which rooms there are and goes on where it stands.
 */
export function askAgain(core: Core, logs: readonly string[], re: string, reset: boolean): Core {
  let next = core;
  for (const log of logs) {
    const cursor = logOf(next, log);
    if (cursor === null || cursor.re !== re) continue;
    next = withLog(next, log, { cursor: reset && log !== OWN_LOG ? null : cursor.cursor, re: null, need: null });
    next = withNeed(next, log, "resume");
  }
  return next;
}

/** Forgets requests in flight: a new socket knows nothing of the previous socket's requests. */
export function forgetRequests(core: Core): Core {
  const rooms = new Map(core.rooms);
  for (const [id, room] of rooms) {
    if (room.log.re !== null || room.log.need !== null) {
      rooms.set(id, { ...room, log: { ...room.log, re: null, need: null } });
    }
  }
  return { ...core, rooms, own: { ...core.own, re: null, need: null }, needs: new Set() };
}

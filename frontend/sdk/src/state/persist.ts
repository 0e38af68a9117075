/** Owns the form in which the state is cached, and what must be written after a change. Never writes by itself. */
import { CACHED_MESSAGES, type Cached, type CacheWrite, type MetaRecord, type RoomRecord } from "../storage/storage.ts";
import { NO_LOG, type Core, type Room } from "./model.ts";
import { newRoom } from "./room.ts";

function roomRecord(room: Room): RoomRecord {
  const cut = room.messages.length > CACHED_MESSAGES;
  return {
    id: room.id,
    entry: room.entry,
    cursor: room.log.cursor,
    head: room.head,
    n: room.n,
    read: room.read,
    readN: room.readN,
    mentions: room.mentions,
    marked: room.marked,
    mutedUntil: room.mutedUntil,
    slowModeSeconds: room.slowModeSeconds,
    // Changes of the messages that are not cached were applied up to the cursor: a page must know them.
    floor: cut ? Math.max(room.floor, room.log.cursor ?? 0) : room.floor,
    messages: cut ? room.messages.slice(-CACHED_MESSAGES) : room.messages,
    loaded: room.loaded,
    complete: room.complete && !cut,
    kept: [...room.kept],
    pins: room.pins,
  };
}

function fromRecord(record: RoomRecord): Room {
  return {
    ...newRoom(record.entry),
    ...record,
    log: { ...NO_LOG, cursor: record.cursor },
    kept: new Map(record.kept),
  };
}

function metaRecord(core: Core): MetaRecord {
  return {
    epoch: core.epoch,
    own: core.own.cursor,
    memberSeq: [...core.memberSeq],
    lastAck: [...core.lastAck],
    notifications: [...core.notifications.values()],
    notificationsUnread: core.notificationsUnread,
    settings: core.settings,
    closed: [...core.closed.values()],
  };
}

/** Fields of a room whose change is worth a write: not who is typing, nor which requests are in flight. */
const CACHED_FIELDS = [
  "entry", "head", "n", "read", "mentions", "marked", "mutedUntil", "slowModeSeconds", "floor", "messages", "loaded", "complete", "kept", "pins",
] as const satisfies readonly (keyof Room)[];

function differs(a: Room, b: Room): boolean {
  return a.log.cursor !== b.log.cursor || CACHED_FIELDS.some((field) => a[field] !== b[field]);
}

const META_FIELDS = ["epoch", "memberSeq", "lastAck", "notifications", "notificationsUnread", "settings", "closed"] as const satisfies readonly (keyof Core)[];

/** Returns what to write so that the disk changes from `written` to `core`; null when there is nothing to write. */
export function cacheWrite(written: Core | null, core: Core): CacheWrite | null {
  const rooms: RoomRecord[] = [];
  const gone: string[] = [];
  if (written?.rooms !== core.rooms) {
    for (const room of core.rooms.values()) {
      const before = written?.rooms.get(room.id);
      if (before === undefined || differs(before, room)) rooms.push(roomRecord(room));
    }
    for (const id of written?.rooms.keys() ?? []) if (!core.rooms.has(id)) gone.push(id);
  }
  const metaChanged =
    written === null || written.own.cursor !== core.own.cursor || META_FIELDS.some((field) => written[field] !== core[field]);
  if (rooms.length === 0 && gone.length === 0 && !metaChanged) return null;
  return { meta: metaRecord(core), rooms, gone };
}

export function fromCache(cached: Cached): Partial<Core> {
  const drafts = new Map(cached.drafts);
  const { meta } = cached;
  // Without its epoch, nothing in the cache can be trusted.
  if (meta === null || meta.epoch === null) return { drafts };
  return {
    drafts,
    epoch: meta.epoch,
    own: { ...NO_LOG, cursor: meta.own },
    memberSeq: new Map(meta.memberSeq),
    lastAck: new Map(meta.lastAck),
    notifications: new Map(meta.notifications.map((item) => [item.id, item])),
    notificationsUnread: meta.notificationsUnread,
    settings: meta.settings,
    closed: new Map((meta.closed ?? []).map((room) => [room.id, room])),
    rooms: new Map(cached.rooms.map((record) => [record.id, fromRecord(record)])),
    ready: meta.own !== null,
  };
}

/** Owns the fold of the user log (`@me`): rooms that are added and removed, notifications, settings. */
import { OWN_LOG, type AnyEvent, type NotificationEntry, type OwnEvent, type RoomEntry } from "../wire.ts";
import type { NotificationView } from "../types.ts";
import { withEntry, withoutEntry } from "./batch.ts";
import { closeRoom } from "./closed.ts";
import { listRoom } from "./list.ts";
import { withNeed, withRoom, withoutRoom } from "./log.ts";
import type { Core } from "./model.ts";
import { withMemberSeq } from "./room.ts";

/** The setting by which the log says that another user is blocked, or not any more. */
const BLOCK = "block";

/** Maximum number of notifications kept in memory: older ones are loaded by page. */
const NOTIFICATIONS_MAX = 500;

export function applyOwnEvent(core: Core, any: AnyEvent): Core {
  const cursor = core.own.cursor;
  if (cursor === null || any.seq <= cursor) return core;
  if (any.seq !== cursor + 1) return withNeed(core, OWN_LOG, "fill");
  const moved: Core = { ...core, own: { ...core.own, cursor: any.seq } };
  const event = any as unknown as OwnEvent;
  switch (event.kind) {
    case "room":
      return event.op === "set" ? roomSet(moved, event.entry) : roomGone(moved, event.entry);
    case "notification":
      if (event.op === "added") return added(moved, event.entry);
      if (event.op === "changed") return changed(moved, event.entry);
      if (event.op === "gone") return gone(moved, event.key);
      if (event.op !== "read") return moved;
      // "Read" without a key marks all notifications so far.
      return event.key === null ? allRead(moved) : read(moved, event.key);
    case "setting":
      if (event.name === BLOCK) return blocked(moved, event.value);
      return { ...moved, settings: { ...moved.settings, [event.name]: event.value } };
    default:
      return moved;
  }
}

function blocked(core: Core, value: unknown): Core {
  const { user, on } = (value ?? {}) as { user?: unknown; on?: unknown };
  if (typeof user !== "string") return core;
  const users = new Set(core.blocked);
  if (on === true) users.add(user);
  else users.delete(user);
  return { ...core, blocked: users };
}

function roomSet(core: Core, entry: RoomEntry): Core {
  const held = core.rooms.get(entry.id);
  const newest = core.memberSeq.get(entry.id) ?? 0;
  if (entry.at_seq < newest) {
    // This membership is older than the known one, but level and hiding follow the order of this log alone.
    return held === undefined ? core : withRoom(core, { ...held, entry: { ...held.entry, level: entry.level, quiet_until: entry.quiet_until ?? null, hidden: entry.hidden } });
  }
  const next = listRoom(core, entry);
  const fresh = held === undefined || held.entry.state !== "joined" || held.log.cursor === null || entry.at_seq > newest;
  return entry.state === "joined" && fresh ? withNeed(next, entry.id, "resume") : next;
}

function roomGone(core: Core, entry: { id: string; at_seq: number; why: string; reason?: string }): Core {
  if (entry.at_seq < (core.memberSeq.get(entry.id) ?? 0)) return core;
  const next = closeRoom(withMemberSeq(core, entry.id, entry.at_seq), entry.id, entry.why, entry.reason ?? null);
  return withoutRoom(next, entry.id);
}

export function notificationView(entry: NotificationEntry): NotificationView {
  return {
    id: entry.key,
    type: entry.notif_type ?? entry.kind,
    title: entry.title,
    body: entry.body,
    room: entry.room ?? null,
    seq: entry.seq ?? null,
    by: entry.from ?? null,
    at: entry.at,
    read: entry.read,
  };
}

function added(core: Core, entry: NotificationEntry): Core {
  const known = core.notifications.has(entry.key);
  let notifications = withEntry(core.notifications, entry.key, notificationView(entry));
  const oldest = notifications.keys().next().value;
  if (notifications.size > NOTIFICATIONS_MAX && oldest !== undefined) notifications = withoutEntry(notifications, oldest);
  const unread = core.notificationsUnread + (known || entry.read ? 0 : 1);
  return { ...core, notifications, notificationsUnread: unread };
}

/** Updates a notification whose message has changed. One that is not loaded comes with an older page, with its current text. */
function changed(core: Core, entry: NotificationEntry): Core {
  const known = core.notifications.get(entry.key);
  const moved = { ...core, notificationsRev: core.notificationsRev + 1 };
  if (known === undefined) return moved;
  const view = { ...notificationView(entry), read: known.read || entry.read };
  return { ...moved, notifications: withEntry(core.notifications, entry.key, view) };
}

/** Marks a notification as read. One that is not loaded counts too: the unread number covers all notifications. */
export function read(core: Core, key: string): Core {
  const known = core.notifications.get(key);
  if (known?.read === true) return core;
  const notifications =
    known === undefined ? core.notifications : withEntry(core.notifications, key, { ...known, read: true });
  return { ...core, notifications, notificationsUnread: Math.max(0, core.notificationsUnread - 1) };
}

export function gone(core: Core, key: string): Core {
  const known = core.notifications.get(key);
  const moved = { ...core, notificationsRev: core.notificationsRev + 1 };
  if (known === undefined) return moved;
  const notifications = withoutEntry(core.notifications, key);
  const unread = core.notificationsUnread - (known.read ? 0 : 1);
  return { ...moved, notifications, notificationsUnread: Math.max(0, unread) };
}

export function allRead(core: Core): Core {
  const notifications = new Map<string, NotificationView>();
  for (const [id, item] of core.notifications) notifications.set(id, item.read ? item : { ...item, read: true });
  return { ...core, notifications, notificationsUnread: 0 };
}

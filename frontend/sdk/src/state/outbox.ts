/**
 * Owns how the server's answers change the outbox items. Never sends, stores or waits: the outbox does, by following the
 * changes made here.
 */
import type { ErrorCode } from "../types.ts";
import type { AckFrame, AnyEvent, ErrorFrame } from "../wire.ts";
import { withEntry } from "./batch.ts";
import type { Core, OutboxItem } from "./model.ts";

/** Errors after which a change is retried unchanged; every other error is final. */
const KEPT: ReadonlySet<string> = new Set(["unavailable", "overloaded", "rate_limited", "slow_mode", "unauthenticated"]);

export function isKept(code: string): boolean {
  return KEPT.has(code);
}

export function onItem(core: Core, item: OutboxItem): Core {
  const at = core.outbox.findIndex((other) => other.id === item.id);
  return { ...core, outbox: at < 0 ? [...core.outbox, item] : core.outbox.with(at, item) };
}

export function onOutboxFrame(core: Core, frame: AckFrame | ErrorFrame): Core {
  const item = core.outbox.find((other) => other.id === frame.id);
  if (item === undefined) return core;
  if (frame.t === "ack") return onAck(core, item, frame.room ?? item.room, frame.seq ?? null);
  // After an ack, a late refusal of a retry carries no information.
  if (item.seq !== null) return core;
  const failure = { code: frame.code as ErrorCode, message: frame.message };
  if (isKept(frame.code)) {
    // The user learns why a message waits, such as a full disk. The other reasons are over in seconds.
    const isNews = frame.code === "unavailable" && item.failure?.message !== failure.message;
    return isNews ? onItem(core, { ...item, failure }) : core;
  }
  return onItem(core, { ...item, status: "failed", failure });
}

/**
 * Handles an ack, which means "stored". The change stays visible until the cursor reaches it, since only events move the log.
 * Changes without effect (`seq` null), and joins and leaves, which the user log shows, are removed at once.
 */
function onAck(core: Core, item: OutboxItem, room: string, seq: number | null): Core {
  const acked = seq === null ? core : withAck(core, room, seq);
  if (seq === null || item.kind === "join" || item.kind === "leave") return without(acked, item.id);
  return onItem(acked, { ...item, seq, status: "sending", failure: null });
}

/** Treats the user's own entry as an ack, even after a refusal: it is matched by author and id. */
export function ownEventIsAck(core: Core, event: Pick<AnyEvent, "room" | "seq" | "id" | "by">): Core {
  if (event.by === undefined || event.by.id !== core.me?.id) return core;
  const item = core.outbox.find((other) => other.id === event.id);
  return item === undefined ? core : onAck(core, item, event.room, event.seq);
}

/**
 * Removes acked changes that the log now shows by itself, and joins of rooms that the user is in: the answer may be lost, and
 * the server does not recognise a retried join without `seen`.
 */
export function settleOutbox(core: Core): Core {
  const rest = core.outbox.filter((item) => {
    if (item.kind === "join") return !isJoined(core, item.room);
    if (item.seq === null) return true;
    const cursor = core.rooms.get(item.room)?.log.cursor ?? null;
    return cursor !== null && cursor < item.seq;
  });
  return rest.length === core.outbox.length ? core : { ...core, outbox: rest };
}

/** Returns whether the user has joined `room`, which is an id or the slug used to join. */
function isJoined(core: Core, room: string): boolean {
  const held = core.rooms.get(room) ?? [...core.rooms.values()].find(({ entry }) => entry.slug === room);
  return held?.entry.state === "joined";
}

function withAck(core: Core, room: string, seq: number): Core {
  if (seq <= (core.lastAck.get(room) ?? 0)) return core;
  return { ...core, lastAck: withEntry(core.lastAck, room, seq) };
}

function without(core: Core, id: string): Core {
  return { ...core, outbox: core.outbox.filter((item) => item.id !== id) };
}

/** Owns what is sent without expecting an answer, read marks and typing, and limits how often each is sent. */
import type { Host, Timer } from "../host/host.ts";
import type { RoomId } from "../types.ts";
import type { ClientFrame } from "../wire.ts";
import type { Store } from "./store.ts";

/** Minimum interval between two marks of one room; the last mark is always sent. */
const MARK_EVERY_MS = 1_000;
/** Interval of typing signals; the server shows typing for 5 s. */
const TYPING_EVERY_MS = 3_000;

export class Marks {
  private readonly host: Host;
  private readonly store: Store;
  private readonly send: (frame: ClientFrame) => boolean;
  private readonly sending = new Map<RoomId, { sent: number; timer: Timer }>();
  private readonly typing = new Map<RoomId, number>();

  constructor(
    host: Host,
    store: Store,
    send: (frame: ClientFrame) => boolean,
  ) {
    this.host = host;
    this.store = store;
    this.send = send;
  }

  read(id: RoomId, seq?: number): void {
    const room = this.store.core.rooms.get(id);
    // A stranger does not learn that their messages were read.
    if (room === undefined || room.entry.request === true) return;
    // Only applied entries can have been read; entries beyond the cursor, known only by the head, cannot.
    const to = Math.min(seq ?? Number.POSITIVE_INFINITY, room.log.cursor ?? 0);
    if (to <= Math.max(room.read, room.marked)) return;
    this.store.dispatch({ type: "marked", room: id, seq: to });
    if (!this.sending.has(id)) this.sendMark(id);
  }

  /** Resends, after the room list, the marks that the server does not have: marks are not acked. */
  repeat(): void {
    for (const room of this.store.core.rooms.values()) {
      if (room.marked > room.entry.read) this.send({ t: "read", room: room.id, seq: room.marked });
    }
  }

  type(id: RoomId, on: boolean): void {
    if (this.store.core.rooms.get(id)?.entry.request === true) return;
    const now = this.host.now();
    const last = this.typing.get(id);
    if (on) {
      if (last !== undefined && now - last < TYPING_EVERY_MS) return;
      if (this.send({ t: "typing", room: id, on: true })) this.typing.set(id, now);
    } else if (last !== undefined) {
      this.typing.delete(id);
      this.send({ t: "typing", room: id, on: false });
    }
  }

  /** Forgets the typing signal: your own message ends it on the server. */
  sent(id: RoomId): void {
    this.typing.delete(id);
  }

  stop(): void {
    for (const { timer } of this.sending.values()) this.host.clearTimer(timer);
    this.sending.clear();
    this.typing.clear();
  }

  private sendMark(id: RoomId): void {
    const seq = this.store.core.rooms.get(id)?.marked ?? 0;
    this.send({ t: "read", room: id, seq });
    const timer = this.host.setTimer(() => {
      this.sending.delete(id);
      if ((this.store.core.rooms.get(id)?.marked ?? 0) > seq) this.sendMark(id);
    }, MARK_EVERY_MS);
    this.sending.set(id, { sent: seq, timer });
  }
}

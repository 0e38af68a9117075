/** Owns what goes to the server without an answer: read marks and typing, each no more often than it helps. */
import type { Host, Timer } from "../host/host.js";
import type { RoomId } from "../types.js";
import type { ClientFrame } from "../wire.js";
import type { Store } from "./store.js";

/** A room's mark is sent at most so often; the last one always goes. */
const MARK_EVERY_MS = 1_000;
/** The server shows typing for 5 s. */
const TYPING_EVERY_MS = 3_000;

export class Marks {
  private readonly sending = new Map<RoomId, { sent: number; timer: Timer }>();
  private readonly typing = new Map<RoomId, number>();

  constructor(
    private readonly host: Host,
    private readonly store: Store,
    private readonly send: (frame: ClientFrame) => boolean,
  ) {}

  read(id: RoomId, seq?: number): void {
    const room = this.store.core.rooms.get(id);
    if (room === undefined) return;
    // Only what is applied can have been read; a head that is only heard of cannot.
    const to = Math.min(seq ?? Number.POSITIVE_INFINITY, room.log.cursor ?? 0);
    if (to <= Math.max(room.read, room.marked)) return;
    this.store.dispatch({ type: "marked", room: id, seq: to });
    if (!this.sending.has(id)) this.sendMark(id);
  }

  /** After the list: marks that the server does not have are repeated, since they have no ack. */
  repeat(): void {
    for (const room of this.store.core.rooms.values()) {
      if (room.marked > room.entry.read) this.send({ t: "read", room: room.id, seq: room.marked });
    }
  }

  type(id: RoomId, on: boolean): void {
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

  /** One's own message ends one's typing by itself. */
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

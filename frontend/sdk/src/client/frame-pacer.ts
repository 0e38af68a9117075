/**
 * Owns when received frames are applied: at once, until events arrive faster than a person reads. Then the events of a moment are
 * applied, and so drawn, together, and what the user does between them is not delayed by drawing them one by one. The order of
 * the frames is kept.
 */
import type { Host, Timer } from "../host/host.ts";
import type { ServerFrame } from "../wire.ts";

/** One delivery of events in this time is applied at once. */
const EVERY_MS = 100;
/** So many deliveries of events are applied at once after a quiet time. */
const BURST = 5;
/** So many frames wait at most. */
const WAITING_MAX = 500;

export class FramePacer {
  private readonly host: Host;
  private readonly apply: (frames: readonly ServerFrame[]) => void;
  private waiting: ServerFrame[] = [];
  private timer: Timer | null = null;
  /** Each delivery takes `EVERY_MS`, one after the other: until then the last ones do. */
  private busyUntil = 0;

  constructor(
    host: Host,
    apply: (frames: readonly ServerFrame[]) => void,
  ) {
    this.host = host;
    this.apply = apply;
  }

  /** Takes the frames of one delivery. Only events wait; an answer is applied at once, with what arrived before it. */
  take(frames: readonly ServerFrame[]): void {
    this.waiting.push(...frames);
    if (this.waiting.length >= WAITING_MAX || !frames.every(isEvent)) this.flush();
    else if (this.timer === null) this.applyOrWait();
  }

  /** Applies what waits. */
  flush(): void {
    const frames = this.waiting;
    this.drop();
    if (frames.length > 0) this.apply(frames);
  }

  /** Forgets what waits: the server sends it again after the next connection. */
  drop(): void {
    if (this.timer !== null) this.host.clearTimer(this.timer);
    this.timer = null;
    this.waiting = [];
  }

  private applyOrWait(): void {
    const now = this.host.now();
    const wait = this.busyUntil - (BURST - 1) * EVERY_MS - now;
    // The upper bound holds when the clock is set back.
    this.busyUntil = Math.min(Math.max(this.busyUntil, now), now + BURST * EVERY_MS) + EVERY_MS;
    if (wait <= 0) this.flush();
    else this.timer = this.host.setTimer(() => this.flush(), Math.min(wait, EVERY_MS));
  }
}

function isEvent(frame: ServerFrame): boolean {
  return frame.t === "event" || frame.t === "receipt" || frame.t === "signal";
}

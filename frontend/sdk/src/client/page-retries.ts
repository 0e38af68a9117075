/** Owns the requests for pages (`resume`, `fill`) that the server refused: when each log asks again. */
import { backOff } from "../connection/back-off.ts";
import type { Host, Timer } from "../host/host.ts";
import { logsAskedBy } from "../state/log.ts";
import { isKept } from "../state/outbox.ts";
import type { ErrorFrame, ServerFrame } from "../wire.ts";
import type { Store } from "./store.ts";

export class PageRetries {
  private readonly host: Host;
  private readonly store: Store;
  /** Turns what the logs need into frames. */
  private readonly ask: () => void;
  /** Refusals in a row, by log. */
  private readonly failures = new Map<string, number>();
  private readonly timers = new Set<Timer>();

  constructor(
    host: Host,
    store: Store,
    ask: () => void,
  ) {
    this.host = host;
    this.store = store;
    this.ask = ask;
  }

  /** Takes note of the frames of one delivery, after the state did. */
  onFrames(frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      if (frame.t === "sync") this.failures.delete(frame.room);
      else if (frame.t === "error" && (frame.of === "resume" || frame.of === "fill")) this.onRefused(frame);
    }
  }

  /** The connection is gone: the next one asks for every log. */
  stop(): void {
    for (const timer of this.timers) this.host.clearTimer(timer);
    this.timers.clear();
    this.failures.clear();
  }

  private onRefused(frame: ErrorFrame): void {
    const re = frame.id;
    if (re == null) return;
    const logs = logsAskedBy(this.store.core, re, frame.room ?? null);
    if (logs.length === 0) return;

    let attempt = 1;
    for (const log of logs) {
      const failures = (this.failures.get(log) ?? 0) + 1;
      this.failures.set(log, failures);
      attempt = Math.max(attempt, failures);
    }

    // What the server asks for is the least; the rest spreads the clients that met the same trouble.
    const wait = (frame.retry_ms ?? 0) + backOff(attempt, () => this.host.random());
    const timer = this.host.setTimer(() => {
      this.timers.delete(timer);
      // A repeat of what was refused for good would be refused again.
      this.store.dispatch({ type: "ask_again", logs, re, reset: !isKept(frame.code) });
      this.ask();
    }, wait);
    this.timers.add(timer);
  }
}

/** Owns that a mute for some hours ends by itself when its time has come. */
import type { Host, Timer } from "../host/host.ts";
import type { Core } from "../state/model.ts";

/** A timer of a browser cannot wait for weeks; and a laptop that slept has to look again. */
const LOOK_EVERY_MS = 60 * 60_000;

export class MuteClock {
  private timer: Timer | null = null;
  private at: number | null = null;

  private readonly host: Host;
  private readonly onOver: (now: number) => void;

  constructor(
    host: Host,
    onOver: (now: number) => void,
  ) {
    this.host = host;
    this.onOver = onOver;
  }

  /** Takes note of the rooms after a change. */
  follow(rooms: Core["rooms"]): void {
    let first: number | null = null;
    for (const { entry } of rooms.values()) {
      const until = entry.quiet_until == null ? null : Date.parse(entry.quiet_until);
      if (until !== null) first = Math.min(first ?? until, until);
    }
    if (first === this.at) return;
    this.stop();
    this.at = first;
    this.wait();
  }

  stop(): void {
    if (this.timer !== null) this.host.clearTimer(this.timer);
    this.timer = null;
    this.at = null;
  }

  private wait(): void {
    if (this.at === null) return;
    const left = Math.max(0, this.at - this.host.now());
    this.timer = this.host.setTimer(() => {
      this.timer = null;
      if (this.at !== null && this.host.now() < this.at) return this.wait();
      this.at = null;
      this.onOver(this.host.now());
    }, Math.min(left, LOOK_EVERY_MS));
  }
}

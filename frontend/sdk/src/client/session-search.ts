/** Owns the question who is signed in, which only the server can answer: asks again until it does. */
import { backOff } from "../connection/back-off.ts";
import { troubleOf } from "../connection/trouble.ts";
import type { Host, Timer } from "../host/host.ts";
import type { Store } from "./store.ts";

export class SessionSearch {
  /** Identifies the time between a start and a stop. */
  private run: object | null = null;
  private retry: Timer | null = null;

  private readonly host: Host;
  private readonly store: Store;
  private readonly ask: (isCurrent: () => boolean) => Promise<void>;

  /** `ask` asks once: it rejects if there is no answer, and `isCurrent` says whether the answer is still wanted. */
  constructor(
    host: Host,
    store: Store,
    ask: (isCurrent: () => boolean) => Promise<void>,
  ) {
    this.host = host;
    this.store = store;
    this.ask = ask;
  }

  /** Starts a run and returns what begins its attempts. */
  start(): () => Promise<void> {
    const run = {};
    this.run = run;
    return () => this.attempt(run, 1);
  }

  stop(): void {
    this.run = null;
    if (this.retry !== null) this.host.clearTimer(this.retry);
    this.retry = null;
  }

  /** Skips the wait before the next attempt. */
  now(): void {
    if (this.retry === null || this.run === null) return;
    this.host.clearTimer(this.retry);
    this.retry = null;
    void this.attempt(this.run, 1);
  }

  private async attempt(run: object, attempt: number): Promise<void> {
    const { host, store } = this;
    try {
      await this.ask(() => this.run === run);
      if (this.run === run) store.dispatch({ type: "connection", change: { retryAt: null, trouble: null } });
    } catch (error) {
      if (this.run !== run) return;
      const wait = backOff(attempt, () => host.random());
      const downSince = store.core.connection.downSince ?? host.now();
      store.dispatch({
        type: "connection",
        change: { status: "waiting", attempt, retryAt: host.now() + wait, downSince, trouble: troubleOf(error) },
      });
      this.retry = host.setTimer(() => void this.attempt(run, attempt + 1), wait);
    }
  }
}

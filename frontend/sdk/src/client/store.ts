/** Owns the state of one client: the only place that calls the reducer and notifies listeners. */
import type { State } from "../types.ts";
import { EMPTY_CORE, type Core } from "../state/model.ts";
import { reduce, type CoreEvent } from "../state/reducer.ts";
import { Viewer } from "../state/view.ts";

export class Store {
  private state: Core = EMPTY_CORE;
  private readonly viewer = new Viewer();
  private readonly listeners = new Set<() => void>();
  private readonly followers = new Set<(before: Core, after: Core) => void>();
  private telling = false;

  get core(): Core {
    return this.state;
  }

  /** Returns the view. It is built on demand: frames that are never drawn cost no view. */
  view(): State {
    return this.viewer.view(this.state);
  }

  dispatch(event: CoreEvent): void {
    const before = this.state;
    this.state = reduce(before, event);
    if (this.state === before) return;
    for (const follow of [...this.followers]) follow(before, this.state);
    this.tell();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `follower` synchronously after each change, before any listener: it keeps disk and wire in step. */
  follow(follower: (before: Core, after: Core) => void): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }

  /** Resolves to true as soon as `test` holds, or to false after `ms`. */
  when(test: (core: Core) => boolean, ms: number, timers: { setTimer(run: () => void, ms: number): unknown; clearTimer(timer: unknown): void }): Promise<boolean> {
    if (test(this.state)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const stop = this.follow((_, after) => {
        if (test(after)) end(true);
      });
      const timer = timers.setTimer(() => end(false), ms);
      function end(held: boolean) {
        stop();
        timers.clearTimer(timer);
        resolve(held);
      }
    });
  }

  /** Notifies listeners once per turn of the event loop, so that a page of 500 entries is drawn once. */
  private tell(): void {
    if (this.telling) return;
    this.telling = true;
    queueMicrotask(() => {
      this.telling = false;
      for (const listener of [...this.listeners]) listener();
    });
  }
}

/** Owns when the cache is written: a moment after a change, and immediately when the page is hidden. */
import type { Host, Timer } from "../host/host.ts";
import type { Core } from "../state/model.ts";
import { cacheWrite } from "../state/persist.ts";
import type { Draft } from "../types.ts";
import type { UserStore } from "../storage/storage.ts";

const WRITE_AFTER_MS = 500;

export class CacheWriter {
  private readonly host: Host;
  private readonly store: UserStore;
  private readonly core: () => Core;
  private written: Core | null;
  private readonly keepsDrafts: boolean;
  private timer: Timer | null = null;
  private writing: Promise<void> = Promise.resolve();
  private readonly drafts = new Map<string, Draft>();

  /** `written` is the state that the disk holds now. */
  constructor(
    host: Host,
    store: UserStore,
    core: () => Core,
    written: Core | null,
    /** Whether drafts are cached, too, because nothing else keeps them. */
    keepsDrafts: boolean,
  ) {
    this.host = host;
    this.store = store;
    this.core = core;
    this.written = written;
    this.keepsDrafts = keepsDrafts;
  }

  changed(before: Core, after: Core): void {
    if (this.keepsDrafts && before.drafts !== after.drafts) {
      for (const [room, draft] of after.drafts) if (before.drafts.get(room) !== draft) this.drafts.set(room, draft);
    }
    this.timer ??= this.host.setTimer(() => void this.flush(), WRITE_AFTER_MS);
  }

  /** Writes what has changed, one write at a time. A failing disk costs the cache and nothing else. */
  flush(): Promise<void> {
    if (this.timer !== null) this.host.clearTimer(this.timer);
    this.timer = null;
    const core = this.core();
    const change = cacheWrite(this.written, core);
    const drafts = [...this.drafts];
    this.drafts.clear();
    this.written = core;
    this.writing = this.writing
      .then(async () => {
        if (change !== null) await this.store.write(change);
        for (const [room, draft] of drafts) await this.store.putDraft(room, draft);
      })
      .catch(() => undefined);
    return this.writing;
  }

  stop(): void {
    if (this.timer !== null) this.host.clearTimer(this.timer);
    this.timer = null;
  }
}

/**
 * Owns which outboxes this tab holds. An outbox is a tag and a queue on disk, protected by a Web Lock on that tag as long as
 * the tab lives. Never sends.
 *
 * How tabs share: each tab sends from its own outbox. A reloaded tab reopens its outbox, with the same tag and order; a new tab
 * takes over the outboxes of closed tabs; and every open tab looks for abandoned outboxes from time to time, so that the
 * changes of a closed tab are sent by an open one. No change is sent by two tabs, and no tab needs another one to send.
 */
import type { Host, Timer } from "../host/host.ts";
import type { OutboxItem } from "../state/model.ts";
import type { OutboxRecord, UserStore } from "../storage/storage.ts";
import { newTag } from "./ids.ts";

/** The page before a reload may hold its lock a moment longer than it lives. */
const RELOAD_MS = 1_000;
/** How often a tab looks for abandoned outboxes. An outbox that is free twice in a row is abandoned: once may be a reload. */
const LOOK_EVERY_MS = 10_000;
/** Key under which the tab remembers its outbox. */
const OWN_TAG = "palaver-outbox";

export class Ownership {
  private readonly host: Host;
  private readonly store: UserStore;
  /** Called with the items of closed tabs, after `open`. */
  private readonly onAdopted: (items: readonly OutboxItem[]) => void;
  private readonly tags = new Set<string>();
  /** Tags of all outboxes that were on disk when the tab opened its own: those of open tabs are among them. */
  private onDisk: ReadonlySet<string> = new Set();
  private releases: (() => void)[] = [];
  private closed = false;
  private looking: Timer | null = null;
  /** Outboxes that no tab held at the last look. */
  private free: ReadonlySet<string> = new Set();

  constructor(
    host: Host,
    store: UserStore,
    onAdopted: (items: readonly OutboxItem[]) => void,
  ) {
    this.host = host;
    this.store = store;
    this.onAdopted = onAdopted;
  }

  has(tag: string): boolean {
    return this.tags.has(tag);
  }

  /** Returns whether another tab may hold the outbox. */
  mayBeOthers(tag: string): boolean {
    return this.onDisk.has(tag) && !this.tags.has(tag);
  }

  /** Opens the tab's own outbox. Returns it with the waiting items of all outboxes that the tab holds now. */
  async open(): Promise<{ own: OutboxRecord; items: readonly OutboxItem[] }> {
    const { host, store } = this;
    const items: OutboxItem[] = [];
    const remembered = host.tabMemory.get(OWN_TAG);
    const known = (await store.outboxes()).toSorted((a, b) => Number(b.tag === remembered) - Number(a.tag === remembered));
    this.onDisk = new Set(known.map(({ tag }) => tag));
    let own: OutboxRecord | null = null;
    for (const outbox of known) {
      if (!(await this.claim(outbox.tag, outbox.tag === remembered ? RELOAD_MS : 0))) continue;
      const left = await store.items(outbox.tag);
      if (own === null) own = outbox;
      else if (left.length === 0) await store.deleteOutbox(outbox.tag);
      items.push(...left);
    }
    if (own === null) {
      own = { tag: newTag(() => host.random()), lastId: null };
      await this.claim(own.tag, 0);
      await store.putOutbox(own);
    }
    host.tabMemory.set(OWN_TAG, own.tag);
    this.lookLater();
    return { own, items };
  }

  /** Releases all outboxes for other tabs. */
  close(): void {
    this.closed = true;
    if (this.looking !== null) this.host.clearTimer(this.looking);
    for (const release of this.releases) release();
    this.releases = [];
    this.tags.clear();
  }

  /** Takes the lock of an outbox until `close`. Resolves to false if it cannot be had within `wait` ms. */
  private claim(tag: string, wait: number): Promise<boolean> {
    const { host } = this;
    const patience = new AbortController();
    const timer = wait === 0 ? null : host.setTimer(() => patience.abort(), wait);
    return new Promise<boolean>((resolve, reject) => {
      host.locks
        .hold(lockOf(tag), wait === 0 ? { ifAvailable: true } : { signal: patience.signal }, async (held) => {
          if (!held || this.closed) return resolve(false);
          this.tags.add(tag);
          const released = new Promise<void>((release) => this.releases.push(release));
          resolve(true);
          await released;
        })
        .catch((error: unknown) => (patience.signal.aborted ? resolve(false) : reject(error)));
    }).finally(() => {
      if (timer !== null) host.clearTimer(timer);
    });
  }

  private lookLater(): void {
    if (this.closed) return;
    const again = () => this.lookLater();
    this.looking = this.host.setTimer(() => void this.look().then(again, again), LOOK_EVERY_MS);
  }

  private async look(): Promise<void> {
    const { host, store } = this;
    const free = new Set<string>();
    for (const { tag } of await store.outboxes()) {
      if (this.tags.has(tag)) continue;
      if (!this.free.has(tag)) {
        if (await host.locks.hold(lockOf(tag), { ifAvailable: true }, async (held) => held)) free.add(tag);
        continue;
      }
      if (!(await this.claim(tag, 0))) continue;
      const items = await store.items(tag);
      if (items.length === 0) await store.deleteOutbox(tag);
      else this.onAdopted(items);
    }
    this.free = free;
  }
}

function lockOf(tag: string): string {
  return `palaver-outbox:${tag}`;
}

/**
 * Owns which outboxes this tab holds. An outbox is a tag and a queue on disk, held by a Web Lock of that tag as long as
 * the tab lives. Never sends.
 *
 * How tabs share: each tab sends from an outbox of its own. A reloaded tab takes its own up again, with its tag and its
 * order; a new one takes over those whose tab is gone; and while it lives it looks for such now and then, so that what a
 * closed tab left is sent by one that is open. So no change is sent by two tabs, and no tab needs another to send.
 */
import type { Host, Timer } from "../host/host.js";
import type { OutboxItem } from "../state/model.js";
import type { OutboxRecord, UserStore } from "../storage/storage.js";
import { newTag } from "./ids.js";

/** The page before a reload may hold its lock a moment longer than it lives. */
const RELOAD_MS = 1_000;
/** How often a tab looks for outboxes that were left. Free twice in a row is left: once may be a reload. */
const LOOK_EVERY_MS = 10_000;
/** Where the tab remembers its outbox. */
const OWN_TAG = "palaver-outbox";

export class Ownership {
  private readonly tags = new Set<string>();
  private releases: (() => void)[] = [];
  private closed = false;
  private looking: Timer | null = null;
  /** Outboxes that nobody held when they were looked at last. */
  private free: ReadonlySet<string> = new Set();

  constructor(
    private readonly host: Host,
    private readonly store: UserStore,
    /** Called with what closed tabs have left, later than `open`. */
    private readonly onAdopted: (items: readonly OutboxItem[]) => void,
  ) {}

  has(tag: string): boolean {
    return this.tags.has(tag);
  }

  /** The tab's own outbox, and what waits in all that it holds now. */
  async open(): Promise<{ own: OutboxRecord; items: readonly OutboxItem[] }> {
    const { host, store } = this;
    const items: OutboxItem[] = [];
    const remembered = host.tabMemory.get(OWN_TAG);
    const known = (await store.outboxes()).toSorted((a, b) => Number(b.tag === remembered) - Number(a.tag === remembered));
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

  /** Gives all to whoever looks for them. */
  close(): void {
    this.closed = true;
    if (this.looking !== null) this.host.clearTimer(this.looking);
    for (const release of this.releases) release();
    this.releases = [];
    this.tags.clear();
  }

  /** Holds the lock of an outbox until `close`, if it is to be had within `wait` ms. */
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

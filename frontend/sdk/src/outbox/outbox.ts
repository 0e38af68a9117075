/**
 * Owns the changes in flight: stored before the first attempt, retried unchanged until they are answered, one at a time per
 * room. Never decides how an answer changes what is shown: the reducer does, and the outbox follows its changes.
 */
import type { Host, Timer } from "../host/host.ts";
import type { Core, OutboxItem } from "../state/model.ts";
import type { CoreEvent } from "../state/reducer.ts";
import { isKept } from "../state/outbox.ts";
import type { UserStore } from "../storage/storage.ts";
import type { ChangeFrame, ErrorFrame } from "../wire.ts";
import { changeFrame } from "./frame.ts";
import { IdMaker } from "./ids.ts";
import { Ownership } from "./ownership.ts";

/** A change without an answer for this long is resent; the server answers a store fault within 3 s. */
const RESEND_MS = 8_000;
/** Base of the backoff after an error without a retry time: doubled each time, with full jitter. */
const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 15_000;

export interface OutboxDeps {
  readonly host: Host;
  readonly store: UserStore;
  readonly core: () => Core;
  readonly dispatch: (event: CoreEvent) => void;
  /** Returns whether changes may be sent: the socket is signed in and the rooms are known. */
  readonly isReady: () => boolean;
  /** Sends a frame on the socket. */
  readonly transmit: (frame: ChangeFrame) => void;
  /** Gets a new access token and sends it on the socket. */
  readonly renewToken: () => Promise<void>;
}

/** Fields of a new change; the outbox fills in the rest of the item. */
export type NewChange = Pick<OutboxItem, "room" | "kind"> &
  Partial<Pick<OutboxItem, "text" | "target" | "emoji" | "on" | "replyTo" | "thread" | "files" | "seen">>;

interface OnWire {
  readonly id: string;
  readonly timer: Timer;
}

export class Outbox {
  private readonly deps: OutboxDeps;
  private ids: IdMaker | null = null;
  private tag = "";
  private readonly owned: Ownership;
  private readonly onWire = new Map<string, OnWire>();
  private readonly waiting = new Map<string, Timer>();
  private readonly tries = new Map<string, number>();
  /** Ids of the items whose current form is on disk: only these may be sent. */
  private readonly stored = new Set<string>();

  constructor(deps: OutboxDeps) {
    this.deps = deps;
    this.owned = new Ownership(deps.host, deps.store, (items) => this.adopted(items));
  }

  /** Takes over and returns the items left on disk. Changes can be made after this. */
  async open(): Promise<readonly OutboxItem[]> {
    const { own, items } = await this.owned.open();
    this.tag = own.tag;
    // A change that only the journal had is not counted in `lastId`.
    const last = items.findLast(({ tag }) => tag === own.tag)?.id ?? "";
    this.ids = new IdMaker(own.tag, last > (own.lastId ?? "") ? last : own.lastId, () => this.deps.host.now());
    for (const item of items) this.stored.add(item.id);
    return items;
  }

  /** Tag of this tab's own outbox, which no other open tab has. */
  get ownTag(): string {
    return this.tag;
  }

  /** Returns whether this tab holds the outbox with that tag: its own, or one of a closed tab. */
  holds(tag: string): boolean {
    return this.owned.has(tag);
  }

  /** Returns whether another open tab may have the outbox with that tag, as far as was known when this one was opened. */
  mayBeOthers(tag: string): boolean {
    return this.owned.mayBeOthers(tag);
  }

  /** Shows the change at once, stores it, then sends it. Returns its id. */
  put(change: NewChange): string {
    if (this.ids === null) throw new Error("the outbox is not open: sign in and wait for start()");
    const { seen = null } = change;
    const item: OutboxItem = {
      id: this.ids.next(),
      tag: this.tag,
      room: change.room,
      kind: change.kind,
      text: change.text ?? "",
      target: change.target ?? null,
      emoji: change.emoji ?? "",
      on: change.on ?? true,
      replyTo: change.replyTo ?? null,
      thread: change.thread ?? null,
      files: change.files ?? [],
      at: new Date(this.deps.host.now()).toISOString(),
      seen,
      epoch: seen === null ? null : this.deps.core().epoch,
      status: "sending",
      failure: null,
      seq: null,
    };
    this.deps.dispatch({ type: "item", item });
    this.save(item);
    return item.id;
  }

  /** Retries a refused change as a new one: the answer to its old id may be final. */
  retry(id: string): string | null {
    const item = this.find(id);
    if (item === undefined || item.status !== "failed") return null;
    this.discard(id);
    return this.put({ ...item, seen: item.kind === "join" ? item.seen : null });
  }

  discard(id: string): void {
    const item = this.find(id);
    if (item !== undefined) this.deps.dispatch({ type: "item_gone", id });
  }

  /** Sends what waited, once the socket is signed in and the rooms are known. */
  connected(): void {
    this.pumpAll();
  }

  /** Forgets what was on the wire, because its outcome is unknown; it is resent with the same id on the next socket. */
  disconnected(): void {
    for (const { timer } of this.onWire.values()) this.deps.host.clearTimer(timer);
    this.onWire.clear();
    for (const timer of this.waiting.values()) this.deps.host.clearTimer(timer);
    this.waiting.clear();
  }

  /** Handles an error that leaves the change in the outbox: waits as long as the error says, then retries. */
  refusedForNow(frame: ErrorFrame): void {
    const item = frame.id == null ? undefined : this.find(frame.id);
    if (item === undefined || item.seq !== null || !isKept(frame.code)) return;
    const queue = queueOf(item);
    this.offWire(queue, item.id);
    if (frame.code === "unauthenticated") {
      this.deps
        .renewToken()
        .then(() => this.pump(queue))
        .catch(() => this.pumpLater(queue, this.backOff(item.id)));
      return;
    }
    this.pumpLater(queue, frame.retry_ms ?? this.backOff(item.id));
  }

  /** Applies what the reducer changed in the items to the disk and the wire. */
  changed(before: readonly OutboxItem[], after: readonly OutboxItem[]): void {
    if (before === after) return;
    const now = new Map(after.map((item) => [item.id, item]));
    for (const old of before) {
      const item = now.get(old.id);
      if (item === old || !this.owned.has(old.tag)) continue;
      if (item === undefined || item.seq !== null) {
        if (old.seq === null) this.settled(old);
      } else {
        // Why a change waits is for the eye only: the form on disk stays the one that is sent.
        if (item.status === "sending" && item.failure !== old.failure) continue;
        if (item.status === "failed") this.offWire(queueOf(item), item.id);
        if (this.stored.has(item.id)) this.save(item);
      }
    }
  }

  /** Stops sending and releases the outbox for other tabs. The data on disk stays. */
  close(): void {
    this.disconnected();
    this.owned.close();
  }

  private find(id: string): OutboxItem | undefined {
    return this.deps.core().outbox.find((item) => item.id === id);
  }

  /** Takes over the items of a closed tab and sends them under their ids. */
  private adopted(items: readonly OutboxItem[]): void {
    for (const item of items) {
      this.stored.add(item.id);
      this.deps.dispatch({ type: "item", item });
    }
    this.pumpAll();
  }

  private save(item: OutboxItem): void {
    this.stored.delete(item.id);
    this.deps.store
      .putItem(item)
      // A disk that is full or forbidden must not keep a user from writing: the delivery promise then holds for this page only.
      .catch(() => undefined)
      .then(() => {
        if (this.find(item.id) !== item) return;
        this.stored.add(item.id);
        this.pump(queueOf(item));
      });
  }

  private settled(item: OutboxItem): void {
    this.tries.delete(item.id);
    this.stored.delete(item.id);
    this.offWire(queueOf(item), item.id);
    void this.deps.store.deleteItem(item.id).catch(() => undefined);
    this.pump(queueOf(item));
  }

  private pumpAll(): void {
    for (const queue of new Set(this.deps.core().outbox.map(queueOf))) this.pump(queue);
  }

  /** Sends the first change of a queue, unless one is on the wire, waiting, or not yet on disk. */
  private pump(queue: string): void {
    const { core, transmit, host, isReady } = this.deps;
    // `seen` is decided at the first attempt, so there is nothing to prepare before an attempt is possible.
    if (!isReady()) return;
    if (this.onWire.has(queue) || this.waiting.has(queue)) return;
    const item = core().outbox.find((other) => queueOf(other) === queue && other.status === "sending" && other.seq === null);
    if (item === undefined || !this.owned.has(item.tag) || !this.stored.has(item.id) || core().epoch === null) return;
    const ready = this.withSeen(item);
    if (ready !== item) {
      this.deps.dispatch({ type: "item", item: ready });
      return; // `changed` stores it and then calls `pump` again.
    }
    transmit(changeFrame(item));
    const timer = host.setTimer(() => {
      this.onWire.delete(queue);
      this.pump(queue);
    }, RESEND_MS);
    this.onWire.set(queue, { id: item.id, timer });
  }

  /** Sets `seen` to the head known at the first attempt. A head of another epoch is meaningless, so `seen` becomes 0. */
  private withSeen(item: OutboxItem): OutboxItem {
    const { epoch, rooms, lastAck } = this.deps.core();
    if (item.seen !== null) return item.epoch === epoch ? item : { ...item, seen: 0, epoch };
    // For a join without a head the server uses its own.
    if (item.kind === "join") return item;
    const seen = Math.max(rooms.get(item.room)?.head ?? 0, lastAck.get(item.room) ?? 0);
    return { ...item, seen, epoch };
  }

  private offWire(queue: string, id: string): void {
    const sent = this.onWire.get(queue);
    if (sent?.id !== id) return;
    this.deps.host.clearTimer(sent.timer);
    this.onWire.delete(queue);
  }

  private pumpLater(queue: string, ms: number): void {
    if (this.waiting.has(queue)) return;
    const timer = this.deps.host.setTimer(() => {
      this.waiting.delete(queue);
      this.pump(queue);
    }, ms);
    this.waiting.set(queue, timer);
  }

  private backOff(id: string): number {
    const tries = this.tries.get(id) ?? 0;
    this.tries.set(id, tries + 1);
    return this.deps.host.random() * Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** tries);
  }
}

/** Returns the queue of an item. Changes of one outbox and room are sent in order; their ids ascend. */
function queueOf(item: OutboxItem): string {
  return `${item.tag}:${item.room}`;
}

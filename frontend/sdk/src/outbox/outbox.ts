/**
 * Owns the changes on their way: stored before the first try, repeated unchanged until they are answered, one at a time a
 * room. Never decides what an answer means for what is shown: the reducer does, and this follows what it sees change.
 */
import type { Host, Timer } from "../host/host.js";
import type { Core, OutboxItem } from "../state/model.js";
import type { CoreEvent } from "../state/reducer.js";
import { isKept } from "../state/outbox.js";
import type { UserStore } from "../storage/storage.js";
import type { ChangeFrame, ErrorFrame } from "../wire.js";
import { changeFrame } from "./frame.js";
import { IdMaker } from "./ids.js";
import { Ownership } from "./ownership.js";

/** Without an answer for so long the change is sent again; the server answers a store fault within 3 s. */
const RESEND_MS = 8_000;
/** Waiting time after an error that names none: doubled each time, with full jitter. */
const RETRY_BASE_MS = 500;
const RETRY_MAX_MS = 15_000;

export interface OutboxDeps {
  readonly host: Host;
  readonly store: UserStore;
  readonly core: () => Core;
  readonly dispatch: (event: CoreEvent) => void;
  /** Whether changes may be sent: the socket is signed in and the rooms are known. */
  readonly isReady: () => boolean;
  /** Puts a frame on the wire. */
  readonly transmit: (frame: ChangeFrame) => void;
  /** Gets a new access token and tells the socket. */
  readonly renewToken: () => Promise<void>;
}

/** What a new change says; the rest of the item is the outbox's. */
export type NewChange = Pick<OutboxItem, "room" | "kind"> &
  Partial<Pick<OutboxItem, "text" | "target" | "emoji" | "on" | "replyTo" | "thread" | "files" | "seen">>;

interface OnWire {
  readonly id: string;
  readonly timer: Timer;
}

export class Outbox {
  private ids: IdMaker | null = null;
  private tag = "";
  private readonly owned: Ownership;
  private readonly onWire = new Map<string, OnWire>();
  private readonly waiting = new Map<string, Timer>();
  private readonly tries = new Map<string, number>();
  /** Items whose last form is on disk: only these may be sent. */
  private readonly stored = new Set<string>();

  constructor(private readonly deps: OutboxDeps) {
    this.owned = new Ownership(deps.host, deps.store, (items) => this.adopted(items));
  }

  /** Takes over what was left on disk and returns it. Changes can be made after this. */
  async open(): Promise<readonly OutboxItem[]> {
    const { own, items } = await this.owned.open();
    this.tag = own.tag;
    this.ids = new IdMaker(own.tag, own.lastId, () => this.deps.host.now());
    for (const item of items) this.stored.add(item.id);
    return items;
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

  /** A refused change again, as a new one: its old id may have been answered for good. */
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

  /** The socket is signed in and the rooms are named: what waited goes out. */
  connected(): void {
    this.pumpAll();
  }

  /** What was on the wire is unknown now; it is repeated with the same id on the next socket. */
  disconnected(): void {
    for (const { timer } of this.onWire.values()) this.deps.host.clearTimer(timer);
    this.onWire.clear();
    for (const timer of this.waiting.values()) this.deps.host.clearTimer(timer);
    this.waiting.clear();
  }

  /** An error that leaves the change in the outbox: wait as long as it says, then repeat. */
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

  /** Follows what the reducer did to the items: the disk and the wire show the same. */
  changed(before: readonly OutboxItem[], after: readonly OutboxItem[]): void {
    if (before === after) return;
    const now = new Map(after.map((item) => [item.id, item]));
    for (const old of before) {
      const item = now.get(old.id);
      if (item === old || !this.owned.has(old.tag)) continue;
      if (item === undefined || item.seq !== null) {
        if (old.seq === null) this.settled(old);
      } else {
        if (item.status === "failed") this.offWire(queueOf(item), item.id);
        if (this.stored.has(item.id)) this.save(item);
      }
    }
  }

  /** Stops sending and gives the outbox to whoever waits for it. What is on disk stays. */
  close(): void {
    this.disconnected();
    this.owned.close();
  }

  private find(id: string): OutboxItem | undefined {
    return this.deps.core().outbox.find((item) => item.id === id);
  }

  /** Another tab is gone: what it left is sent from here, under its ids. */
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
      // A disk that is full or forbidden must not keep a person from writing: then the promise holds for this page only.
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
    // `seen` is decided at the first try, so there is nothing to prepare before one can be made.
    if (!isReady()) return;
    if (this.onWire.has(queue) || this.waiting.has(queue)) return;
    const item = core().outbox.find((other) => queueOf(other) === queue && other.status === "sending" && other.seq === null);
    if (item === undefined || !this.owned.has(item.tag) || !this.stored.has(item.id) || core().epoch === null) return;
    const ready = this.withSeen(item);
    if (ready !== item) {
      this.deps.dispatch({ type: "item", item: ready });
      return; // `changed` stores it, and then it comes here again.
    }
    transmit(changeFrame(item));
    const timer = host.setTimer(() => {
      this.onWire.delete(queue);
      this.pump(queue);
    }, RESEND_MS);
    this.onWire.set(queue, { id: item.id, timer });
  }

  /** `seen` is the head known at the first try; of another epoch it says nothing and becomes 0. */
  private withSeen(item: OutboxItem): OutboxItem {
    const { epoch, rooms, lastAck } = this.deps.core();
    if (item.seen !== null) return item.epoch === epoch ? item : { ...item, seen: 0, epoch };
    // A join without a head: the server takes its own.
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

/** Changes of one outbox and room follow each other; their ids ascend. */
function queueOf(item: OutboxItem): string {
  return `${item.tag}:${item.room}`;
}

/**
 * Owns the lifecycle of one signed-in user on this page: storage, outbox and socket, and how frames pass between them and the
 * state. Sends the requests that the reducer notes as needed; never decides itself what is needed.
 */
import type { Session } from "../auth/session.ts";
import { isSignedOut } from "../auth/session.ts";
import { Connection } from "../connection/connection.ts";
import { troubleOf, wantsSocket } from "../connection/trouble.ts";
import { PalaverError } from "../errors.ts";
import type { Host, Timer } from "../host/host.ts";
import { Outbox } from "../outbox/outbox.ts";
import { newTag } from "../outbox/ids.ts";
import { call } from "../rest/call.ts";
import { logOf } from "../state/log.ts";
import type { Core } from "../state/model.ts";
import { fromCache } from "../state/persist.ts";
import type { UserStore } from "../storage/storage.ts";
import type { Person, Trouble } from "../types.ts";
import type { ErrorFrame, ServerFrame } from "../wire.ts";
import { CacheWriter } from "./cache-writer.ts";
import type { Drafts } from "./drafts.ts";
import { FramePacer } from "./frame-pacer.ts";
import { Marks } from "./marks.ts";
import { MuteClock } from "./mute-clock.ts";
import { PageRetries } from "./page-retries.ts";
import type { Reading } from "./reading.ts";
import type { Store } from "./store.ts";

/** Cursors per `resume` frame: far below the frame limit of 64 KiB. */
const CURSORS_A_FRAME = 500;
/** Maximum number of users whose presence one socket may follow. */
const WATCHED_MAX = 200;
/** How often expired typing signals are looked for, as long as there are any. */
const TYPING_CHECK_MS = 1_000;

export interface LiveDeps {
  readonly host: Host;
  readonly store: Store;
  readonly session: Session;
  readonly wsUrl: string;
  /** Whether to send a ticket in the URL instead of the token in the first frame. */
  readonly useTicket: boolean;
  readonly disk: UserStore;
  readonly drafts: Drafts;
  readonly reading: Reading;
  readonly user: Person;
  readonly onSignedOut: () => void;
  /** Called when logs were caught up or reset, so that what is on the screen may have to be reloaded. */
  readonly onSynced: () => void;
}

export class Live {
  private readonly deps: LiveDeps;
  readonly outbox: Outbox;
  readonly marks: Marks;
  private readonly retries: PageRetries;
  private readonly mutes: MuteClock;
  private readonly pacer: FramePacer;
  private readonly connection: Connection;
  private writer: CacheWriter | null = null;
  private unfollow: (() => void) | null = null;
  private watched: readonly string[] = [];
  private typingTimer: Timer | null = null;
  private requests = 0;
  /** Whether this connection has received the room list. */
  private ready = false;
  private readonly requestTag: string;

  constructor(deps: LiveDeps) {
    this.deps = deps;
    const { host, store, session } = deps;
    this.requestTag = newTag(() => host.random()).slice(0, 6);
    this.pacer = new FramePacer(host, (frames) => this.onFrames(frames));
    this.connection = new Connection({
      host,
      endpoint: () => this.endpoint(),
      renewToken: (refused) => session.renew(refused),
      epoch: () => store.core.epoch,
      newId: () => this.newId(),
      onFrames: (frames) => this.pacer.take(frames),
      onStatus: (change) => store.dispatch({ type: "connection", change }),
      onClosed: () => {
        this.pacer.flush();
        this.ready = false;
        this.retries.stop();
        this.outbox.disconnected();
        store.dispatch({ type: "closed" });
      },
      onSignedOut: deps.onSignedOut,
      isSignedOut: (error) => error instanceof PalaverError && isSignedOut(error),
      diagnose: () => this.diagnose(),
    });
    this.outbox = new Outbox({
      host,
      store: deps.disk,
      core: () => store.core,
      dispatch: (event) => store.dispatch(event),
      isReady: () => this.connection.isOpen && this.ready,
      transmit: (frame) => void this.connection.send(frame),
      renewToken: async () => this.connection.authenticate(await session.renew(this.connection.currentToken)),
    });
    this.marks = new Marks(host, store, (frame) => this.connection.send(frame));
    this.mutes = new MuteClock(host, (now) => store.dispatch({ type: "mutes_over", now }));
    this.retries = new PageRetries(host, store, () => this.ask());
  }

  /** Shows the cached state, then connects. */
  async open(): Promise<void> {
    const { host, store, disk, drafts, reading, user } = this.deps;
    const cached = await disk.load().catch(() => ({ meta: null, rooms: [], drafts: [] }));
    const outbox = await this.outbox.open();
    store.dispatch({ type: "session", session: "signed_in", me: user });
    const kept = drafts.open({ user: user.id, tabs: this.outbox, disk });
    reading.open(user.id);
    const core = { ...fromCache(cached), ...(kept === null ? {} : { drafts: kept }) };
    store.dispatch({ type: "restored", restored: { core, outbox } });
    this.writer = new CacheWriter(host, disk, () => store.core, store.core, kept === null);
    this.unfollow = store.follow((before, after) => this.follow(before, after));
    this.mutes.follow(store.core.rooms);
    this.connection.start();
  }

  /** Closes the connection; the data on disk stays. */
  async close(): Promise<void> {
    this.stop();
    this.deps.drafts.close();
    await this.writer?.flush();
    this.writer?.stop();
    this.deps.disk.close();
  }

  /** Closes the connection and deletes everything of this user on this device. */
  async forget(): Promise<void> {
    this.writer?.stop();
    this.writer = null;
    const { disk, drafts, reading } = this.deps;
    drafts.forget();
    reading.forget();
    this.stop();
    await disk.destroy().catch(() => undefined);
  }

  /** Stops everything that would still happen by itself, apart from what is written to the disk. */
  private stop(): void {
    this.connection.stop();
    this.pacer.drop();
    this.outbox.close();
    this.marks.stop();
    this.retries.stop();
    this.mutes.stop();
    this.unfollow?.();
    if (this.typingTimer !== null) this.deps.host.clearTimer(this.typingTimer);
    this.typingTimer = null;
  }

  /** Ends the connection for good. `close` or `forget` follows. */
  disconnect(): void {
    this.connection.stop();
  }

  wake(): void {
    this.deps.drafts.present(true);
    this.connection.wake();
  }

  flush(): void {
    void this.writer?.flush();
  }

  /** The page may be gone in a moment. */
  left(): void {
    this.pacer.flush();
    this.deps.drafts.present(false);
    this.flush();
  }

  keepFile(key: string, bytes: Blob): Promise<void> {
    return this.deps.disk.putFile(key, bytes);
  }

  keptFile(key: string): Promise<Blob | null> {
    return this.deps.disk.file(key);
  }

  reconnectNow(): void {
    this.connection.reconnectNow();
  }

  watch(users: readonly string[]): void {
    this.watched = users.slice(0, WATCHED_MAX);
    this.connection.send({ t: "watch", users: [...this.watched] });
  }

  private async endpoint(): Promise<{ url: string; token: string | null }> {
    const { session, wsUrl, useTicket } = this.deps;
    if (!useTicket) return { url: wsUrl, token: await session.token() };
    return { url: `${wsUrl}?ticket=${encodeURIComponent(await session.ticket())}`, token: null };
  }

  /** Makes requests like the socket's: what the server says to them, a browser does not hide. */
  private async diagnose(): Promise<Trouble | null> {
    const { host, session, wsUrl } = this.deps;
    try {
      await session.ticket();
      if (session.isForeign) return { kind: "origin", message: "" };
      // The socket's own address without an upgrade. While the nodes that hold sockets are away, a proxy answers for them, and
      // that passes.
      await call(host, wsUrl.replace(/^ws/, "http"), { method: "POST", path: "" });
    } catch (error) {
      return wantsSocket(error) ? { kind: "socket", message: "" } : troubleOf(error);
    }
    return null;
  }

  private newId(): string {
    this.requests += 1;
    return `${this.requestTag}-${this.requests}`;
  }

  private onFrames(frames: readonly ServerFrame[]): void {
    const { store, host } = this.deps;
    store.dispatch({ type: "frames", frames, now: host.now() });
    if (!this.ready && this.connection.isOpen && store.core.ready && store.core.listing === null) this.listed();
    for (const frame of frames) if (frame.t === "error") this.onError(frame);
    this.retries.onFrames(frames);
    this.ask();
    this.settleStatus();
    if (frames.some((frame) => frame.t === "sync")) this.deps.onSynced();
    if (this.typingTimer === null && frames.some((frame) => frame.t === "signal")) this.checkTyping();
  }

  private onError(frame: ErrorFrame): void {
    this.outbox.refusedForNow(frame);
    // The store has a new epoch: only a new welcome tells which of our cursors are still valid.
    if (frame.epoch != null && frame.epoch !== this.deps.store.core.epoch) this.connection.reopen();
  }

  /** Sends the cursors and the waiting changes, now that the rooms are known. */
  private listed(): void {
    this.ready = true;
    this.ask();
    this.marks.repeat();
    if (this.watched.length > 0) this.connection.send({ t: "watch", users: [...this.watched] });
    this.outbox.connected();
  }

  /** Turns the needs of the logs into frames: all resumes in few frames, one fill per log. */
  private ask(): void {
    const { store } = this.deps;
    const { core } = store;
    if (core.needs.size === 0 || core.listing !== null || !this.connection.isOpen) return;
    const resumes: string[] = [];
    for (const log of core.needs) {
      const position = logOf(core, log);
      if (position?.need === "resume") {
        resumes.push(log);
      } else if (position?.need === "fill" && position.cursor !== null) {
        const id = this.newId();
        if (this.connection.send({ t: "fill", id, room: log, after: position.cursor })) {
          store.dispatch({ type: "asked", logs: [log], re: id });
        }
      }
    }
    for (let at = 0; at < resumes.length; at += CURSORS_A_FRAME) {
      const logs = resumes.slice(at, at + CURSORS_A_FRAME);
      const id = this.newId();
      const cursors = Object.fromEntries(logs.map((log) => [log, logOf(core, log)?.cursor ?? null]));
      if (this.connection.send({ t: "resume", id, cursors })) store.dispatch({ type: "asked", logs, re: id });
    }
  }

  private settleStatus(): void {
    const { store } = this.deps;
    const { connection, listing, own } = store.core;
    if (connection.status !== "syncing" || listing !== null || own.re !== null || own.need !== null || own.cursor === null) return;
    store.dispatch({ type: "connection", change: { status: "online", downSince: null, attempt: 0 } });
  }

  /** Ends typing signals that their senders did not end. */
  private checkTyping(): void {
    const { host, store } = this.deps;
    this.typingTimer = host.setTimer(() => {
      this.typingTimer = null;
      store.dispatch({ type: "typing_over", now: host.now() });
      if ([...store.core.rooms.values()].some((room) => room.typing.size > 0)) this.checkTyping();
    }, TYPING_CHECK_MS);
  }

  private follow(before: Core, after: Core): void {
    this.outbox.changed(before.outbox, after.outbox);
    this.writer?.changed(before, after);
    if (before.rooms !== after.rooms) this.mutes.follow(after.rooms);
  }
}

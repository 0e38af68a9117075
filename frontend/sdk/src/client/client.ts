/** Owns the façade: one object with everything an application does, composed of the parts beside it. */
import { Session } from "../auth/session.js";
import type { ChatClientApi, ChatClientOptions } from "../chat-client.js";
import { socketUrl } from "../connection/address.js";
import { backOff } from "../connection/back-off.js";
import { PalaverError } from "../errors.js";
import { browserHost } from "../host/browser.js";
import type { Host, Timer } from "../host/host.js";
import type { NewChange } from "../outbox/outbox.js";
import { Http } from "../rest/http.js";
import { restApi, type Rest } from "../rest/rest.js";
import { indexedDbStorage } from "../storage/indexed-db.js";
import { memoryStorage } from "../storage/memory.js";
import type { Storage } from "../storage/storage.js";
import type * as view from "../types.js";
import { Attachments } from "./attachments.js";
import { History } from "./history.js";
import { Live } from "./live.js";
import { Moderation } from "./moderation.js";
import { Notifications } from "./notifications.js";
import { findUsers, listSessions } from "./people.js";
import { Store } from "./store.js";

/** How often memory is trimmed. */
const TIDY_EVERY_MS = 60_000;
/** How long a newly created room may take to arrive through the user log. */
const ROOM_ARRIVES_MS = 10_000;

export class ChatClient implements ChatClientApi {
  /** The typed requests, for what the façade does not cover. */
  readonly rest: Rest;
  private readonly host: Host;
  private readonly store = new Store();
  private readonly session: Session;
  private readonly storage: Storage;
  private readonly history: History;
  private readonly notifications: Notifications;
  private readonly moderation: Moderation;
  private readonly attachments: Attachments;
  private readonly wsUrl: string;
  private readonly useTicket: boolean;
  private live: Live | null = null;
  private starting: Promise<void> | null = null;
  /** Identifies the time between a start and a stop. */
  private run: object | null = null;
  private startRetry: Timer | null = null;
  private tidying: Timer | null = null;
  private unwake: (() => void) | null = null;
  /** Runs sign-ins, sign-outs and switches one after the other. */
  private turning: Promise<unknown> = Promise.resolve();

  constructor(options: ChatClientOptions = {}) {
    const baseUrl = (options.baseUrl ?? "").replace(/\/$/, "");
    this.host = { ...browserHost(), ...options.host };
    this.storage =
      options.storage === false || globalThis.indexedDB === undefined
        ? memoryStorage()
        : indexedDbStorage(options.storage ?? `palaver:${baseUrl}`);
    this.wsUrl = socketUrl(baseUrl);
    this.useTicket = options.useTicket ?? false;
    this.session = new Session(this.host, baseUrl, {
      onSignedOut: (forget) => void this.turn(() => this.signedOut(forget)),
      onOtherUser: (user) => void this.turn(() => this.signedIn(user)),
    });
    this.rest = restApi(new Http({ host: this.host, baseUrl, session: this.session, epoch: () => this.store.core.epoch }));
    this.history = new History(this.store, this.rest);
    this.notifications = new Notifications(this.store, this.rest);
    this.moderation = new Moderation(this.host, this.store, this.rest);
    this.attachments = new Attachments(this.rest);
  }

  // ---- lifecycle

  start(): Promise<void> {
    this.starting ??= this.begin();
    return this.starting;
  }

  stop(): void {
    this.starting = null;
    this.run = null;
    if (this.startRetry !== null) this.host.clearTimer(this.startRetry);
    this.startRetry = null;
    if (this.tidying !== null) this.host.clearTimer(this.tidying);
    this.tidying = null;
    this.unwake?.();
    this.unwake = null;
    this.attachments.close();
    // Queued, so that a start in progress finishes first, and a start that follows finds the database closed.
    void this.turn(async () => {
      const { live } = this;
      this.live = null;
      await live?.close();
    });
  }

  subscribe = (listener: () => void): (() => void) => this.store.subscribe(listener);
  getState = (): view.State => this.store.view();

  private async begin(): Promise<void> {
    const run = {};
    this.run = run;
    this.unwake = this.host.onWake((what) => (what === "wake" ? this.live?.wake() : this.live?.flush()));
    this.tidyLater();
    // The last user's cache is drawn at once; the socket finds out whether the session is still valid.
    const last = await this.storage.lastUser().catch(() => null);
    if (last !== null) await this.turn(() => this.signedIn(last));
    else await this.findSession(run, 1);
  }

  private tidyLater(): void {
    this.tidying = this.host.setTimer(() => {
      this.history.trim();
      this.tidyLater();
    }, TIDY_EVERY_MS);
  }

  /** Asks the server who is signed in: without a cache only the server knows. */
  private async findSession(run: object, attempt: number): Promise<void> {
    try {
      if (await this.storage.owesLogout().catch(() => false)) {
        // A user who signed out while the server was away must not be signed in again by the cookie that is still there.
        await this.session.logout();
        await this.storage.setOwesLogout(false);
      }
      const user = await this.session.resume();
      if (this.run !== run) return;
      await this.turn(() => (user === null ? this.signedOut() : this.signedIn(user)));
      this.store.dispatch({ type: "connection", change: { retryAt: null } });
    } catch {
      if (this.run !== run) return;
      const wait = backOff(attempt, () => this.host.random());
      this.store.dispatch({
        type: "connection",
        change: { status: "waiting", attempt, retryAt: this.host.now() + wait, downSince: this.store.core.connection.downSince ?? this.host.now() },
      });
      this.startRetry = this.host.setTimer(() => void this.findSession(run, attempt + 1), wait);
    }
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turning.then(work, work);
    this.turning = result.catch(() => undefined);
    return result;
  }

  private async signedIn(user: view.Person): Promise<void> {
    if (this.live !== null && this.store.core.me?.id === user.id) {
      this.store.dispatch({ type: "session", session: "signed_in", me: { ...this.store.core.me, ...user } });
      await this.storage.setLastUser(user).catch(() => undefined);
      this.live.reconnectNow();
      return;
    }
    await this.live?.close();
    this.session.expect(user.id);
    await this.storage.setLastUser(user).catch(() => undefined);
    await this.storage.setOwesLogout(false).catch(() => undefined);
    const disk = await this.storage.open(user.id).catch(() => memoryStorage().open(user.id));
    this.live = new Live({
      host: this.host,
      store: this.store,
      session: this.session,
      wsUrl: this.wsUrl,
      useTicket: this.useTicket,
      disk,
      user,
      onSignedOut: () => void this.turn(() => this.signedOut()),
      onSynced: () => {
        this.history.refresh();
        this.moderation.loadBlocks().catch(() => undefined);
        if (!this.store.core.notificationsLoaded) this.notifications.load().catch(() => undefined);
      },
    });
    await this.live.open();
  }

  /**
   * Ends the session. The data on disk stays for the next time the same user signs in, unless they signed out of this device
   * from another one.
   */
  private async signedOut(forget = false): Promise<void> {
    const { live } = this;
    this.live = null;
    this.session.forget();
    await (forget ? live?.forget() : live?.close());
    if (forget) this.attachments.close();
    await this.storage.setLastUser(null).catch(() => undefined);
    this.store.dispatch({ type: "session", session: "signed_out", me: null });
  }

  // ---- the person

  readonly setup = (): Promise<view.Setup> => this.session.setup();
  register(input: Parameters<ChatClientApi["register"]>[0]): Promise<view.Person> {
    return this.turn(async () => {
      const { display_name, ...body } = input;
      const user = await this.session.register(body);
      await this.signedIn(user);
      return display_name === undefined ? user : this.updateMe({ display_name });
    });
  }

  login = (input: Parameters<ChatClientApi["login"]>[0]): Promise<view.Person> => this.enter(() => this.session.login(input));
  guest = (input: Parameters<ChatClientApi["guest"]>[0]): Promise<view.Person> => this.enter(() => this.session.guest(input));

  resetPassword(input: Parameters<ChatClientApi["resetPassword"]>[0]): Promise<view.Person> {
    // Only once the link has been accepted: an expired one must sign nobody out.
    return this.enter(async () => {
      const user = await this.session.reset(input);
      if (this.live !== null) await this.end();
      return user;
    });
  }

  private enter(signIn: () => Promise<view.Person>): Promise<view.Person> {
    return this.turn(async () => {
      const user = await signIn();
      await this.signedIn(user);
      return user;
    });
  }

  logout(): Promise<void> {
    return this.turn(() =>
      // An unreachable server must not keep a user signed in on this device: it learns of the logout at the next start.
      this.end(() => this.session.logout().catch(() => this.storage.setOwesLogout(true).catch(() => undefined))),
    );
  }

  deleteMe(input: Parameters<ChatClientApi["deleteMe"]>[0]): Promise<void> {
    return this.turn(() => this.session.deleteMe(input).then(() => this.end()));
  }

  private async end(before: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const { live } = this;
    this.live = null;
    await before();
    await live?.forget();
    this.attachments.close();
    await this.storage.setLastUser(null).catch(() => undefined);
    this.store.dispatch({ type: "session", session: "signed_out", me: null });
  }

  async updateMe({ display_name: shown, ...change }: Parameters<ChatClientApi["updateMe"]>[0]): Promise<view.Person> {
    const patch = shown === undefined ? change : { ...change, display_name: shown ?? "" }; // an empty name removes it
    const { id, name, display_name, guest, admin } = await this.session.updateMe(patch);
    const me: view.Person = { id, name, display_name: display_name ?? null, guest, admin };
    this.store.dispatch({ type: "session", session: "signed_in", me });
    return me;
  }

  findUsers = (prefix: string): Promise<readonly view.Person[]> => findUsers(this.rest, prefix);
  listSessions = (): Promise<readonly view.SessionInfo[]> => listSessions(this.rest);
  endSession = async (id: string): Promise<void> => void (await this.rest.people.endSession(id));

  // ---- changes

  send(room: view.RoomId, message: view.Outgoing | string): string {
    const { text, replyTo = null, thread = null, files = [] } = typeof message === "string" ? { text: message } : message;
    this.signedInLive().marks.sent(room);
    return this.put({ room, kind: "send", text, replyTo, thread, files });
  }

  edit(room: view.RoomId, target: number, text: string): string {
    return this.put({ room, kind: "edit", target, text });
  }

  remove(room: view.RoomId, target: number): string {
    return this.put({ room, kind: "delete", target });
  }

  react(room: view.RoomId, target: number, emoji: string, on?: boolean): string {
    const shown = this.getState().rooms.get(room)?.messages.find((message) => message.seq === target);
    const mine = shown?.reactions.some((reaction) => reaction.emoji === emoji && reaction.mine) ?? false;
    return this.put({ room, kind: "react", target, emoji, on: on ?? !mine });
  }

  join(room: view.RoomId, seen?: number): string {
    const known = seen ?? this.store.core.rooms.get(room)?.head ?? null;
    return this.put({ room, kind: "join", seen: known });
  }

  leave(room: view.RoomId): string {
    return this.put({ room, kind: "leave" });
  }

  retry(id: string): string | null {
    return this.signedInLive().outbox.retry(id);
  }

  discard(id: string): void {
    this.live?.outbox.discard(id);
  }

  // ---- reading

  openRoom = (room: view.RoomId): Promise<void> => this.history.open(room);
  loadOlder = (room: view.RoomId): Promise<void> => this.history.older(room);
  loadUntil = (room: view.RoomId, seq: number): Promise<boolean> => this.history.until(room, seq);
  loadMessage = (room: view.RoomId, seq: number): Promise<view.MessageView | null> => this.history.one(room, seq);
  loadThread = (room: view.RoomId, seq: number): Promise<readonly view.MessageView[]> => this.history.thread(room, seq);
  loadMembers = (room: view.RoomId): Promise<void> => this.history.members(room);
  markRead = (room: view.RoomId, seq?: number): void => this.live?.marks.read(room, seq);
  typing = (room: view.RoomId, on: boolean): void => this.live?.marks.type(room, on);
  watchPresence = (users: readonly view.UserId[]): void => this.live?.watch(users);

  // ---- rooms

  async directory(query?: string, cursor?: string): ReturnType<ChatClientApi["directory"]> {
    const page = await this.rest.rooms.directory(query, cursor);
    return { rooms: page.items, next: page.next };
  }

  async createRoom(room: view.NewRoom): Promise<view.RoomId> {
    const { slug, hidesPast, ...rest } = room;
    const made = await this.rest.rooms.create({
      ...rest,
      ...(slug === undefined ? {} : { id: slug }),
      ...(hidesPast === undefined ? {} : { hides_past: hidesPast }),
    });
    return this.arrived(made.id);
  }

  async directRoom(user: string): Promise<view.RoomId> {
    return this.arrived((await this.rest.rooms.direct(user)).id);
  }

  updateRoom = (room: view.RoomId, change: view.RoomChange): Promise<void> => this.moderation.update(room, change);
  archiveRoom = (room: view.RoomId, archived = true): Promise<void> => this.moderation.archive(room, archived);
  invite = (room: view.RoomId, user: string): Promise<void> => this.moderation.invite(room, user);
  kick = (room: view.RoomId, user: view.UserId, why?: string): Promise<void> => this.moderation.kick(room, user, why);
  ban = (room: view.RoomId, user: view.UserId, why?: string): Promise<void> => this.moderation.ban(room, user, why);
  unban = (room: view.RoomId, user: view.UserId): Promise<void> => this.moderation.unban(room, user);
  mute = (room: view.RoomId, user: view.UserId, seconds: number, why?: string): Promise<void> =>
    this.moderation.mute(room, user, seconds, why);
  unmute = (room: view.RoomId, user: view.UserId): Promise<void> => this.moderation.unmute(room, user);
  setRole = (room: view.RoomId, user: view.UserId, role: view.Role): Promise<void> => this.moderation.setRole(room, user, role);
  pin = (room: view.RoomId, target: number, on: boolean): Promise<void> => this.moderation.pin(room, target, on);
  setLevel = (room: view.RoomId, level: view.NotificationLevel): Promise<void> => this.moderation.settings(room, { level });
  acceptRequest = (room: view.RoomId): Promise<void> => this.moderation.accept(room);
  ignoreRequest = (room: view.RoomId): Promise<void> => this.moderation.ignore(room);
  block = (user: view.UserId, on = true): Promise<void> => this.moderation.block(user, on);
  hideRoom = (room: view.RoomId, hidden: boolean): Promise<void> => this.moderation.settings(room, { hidden });

  // ---- files

  upload = (room: view.RoomId, file: Blob & { readonly name?: string }, options?: view.UploadOptions): Promise<view.FileInfo> =>
    this.attachments.upload(room, file, options);
  listFiles = (room: view.RoomId): Promise<readonly view.FileInfo[]> => this.attachments.list(room);
  fileUrl = (file: view.FileInfo, which?: "full" | "thumbnail"): Promise<string> => this.attachments.url(file, which);
  async deleteFile(file: string): Promise<void> {
    await this.rest.files.remove(file);
  }

  // ---- drafts

  getDraft(room: view.RoomId): view.Draft {
    return this.store.core.drafts.get(room) ?? { text: "", replyTo: null };
  }

  setDraft(room: view.RoomId, draft: Partial<view.Draft>): void {
    this.store.dispatch({ type: "draft", room, draft: { ...this.getDraft(room), ...draft } });
  }

  // ---- notifications

  loadNotifications = (): Promise<void> => this.notifications.load();
  readNotification = (id: string): Promise<void> => this.notifications.read(id);
  readAllNotifications = (): Promise<void> => this.notifications.readAll();
  deleteNotification = (id: string): Promise<void> => this.notifications.remove(id);

  // ---- the connection

  reconnectNow(): void {
    if (this.startRetry !== null && this.run !== null) {
      this.host.clearTimer(this.startRetry);
      this.startRetry = null;
      void this.findSession(this.run, 1);
    }
    this.live?.reconnectNow();
  }

  private put(change: NewChange): string {
    return this.signedInLive().outbox.put(change);
  }

  private signedInLive(): Live {
    if (this.live === null) throw new PalaverError("unauthenticated", "Sign in first.");
    return this.live;
  }

  /** Waits for a new room, which arrives through the user log a moment after the answer; the caller wants to show it. */
  private async arrived(id: view.RoomId): Promise<view.RoomId> {
    await this.store.when((core) => core.rooms.has(id), ROOM_ARRIVES_MS, this.host);
    return id;
  }
}

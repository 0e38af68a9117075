/** Owns the façade: one object with everything an application does, composed of the parts beside it. */
import { Session } from "../auth/session.ts";
import { memoryTokens } from "../auth/token-store.ts";
import type { ChatClientApi, ChatClientOptions, StartOutcome } from "../chat-client.ts";
import { socketUrl } from "../connection/address.ts";
import { PalaverError } from "../errors.ts";
import { browserHost } from "../host/browser.ts";
import type { Host, Timer } from "../host/host.ts";
import type { NewChange } from "../outbox/outbox.ts";
import { ConfigCache } from "../rest/config.ts";
import { Http } from "../rest/http.ts";
import { restApi, type Rest } from "../rest/rest.ts";
import { openStorage } from "../storage/guarded.ts";
import type { Storage } from "../storage/storage.ts";
import { unsaved } from "../state/unsaved.ts";
import type * as view from "../types.ts";
import { Attachments } from "./attachments.ts";
import { Drafts } from "./drafts.ts";
import { History } from "./history.ts";
import { Live } from "./live.ts";
import { lookUpRoom } from "./look-up.ts";
import { Moderation } from "./moderation.ts";
import { Notifications } from "./notifications.ts";
import { findUsers, listSessions } from "./people.ts";
import { enterRoom, findRoom, type FindRoomDeps } from "./find-room.ts";
import { Startup } from "./startup.ts";
import { Reading } from "./reading.ts";
import { createRoom, directRoom } from "./rooms.ts";
import { SessionSearch } from "./session-search.ts";
import { Store } from "./store.ts";

/** How often memory is trimmed. */
const TIDY_EVERY_MS = 60_000;

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
  private readonly serverConfig: ConfigCache;
  private readonly drafts: Drafts;
  private readonly reading: Reading;
  private readonly wsUrl: string;
  private readonly useTicket: boolean;
  private live: Live | null = null;
  private readonly startup: Startup;
  private readonly search: SessionSearch;
  private starting: Promise<StartOutcome> | null = null;
  private tidying: Timer | null = null;
  private unwake: (() => void) | null = null;
  /** Runs sign-ins, sign-outs and switches one after the other. */
  private turning: Promise<unknown> = Promise.resolve();

  constructor(options: ChatClientOptions = {}) {
    const baseUrl = (options.baseUrl ?? "").replace(/\/$/, "");
    this.host = { ...browserHost(), ...options.host };
    this.storage = openStorage(options.storage ?? `palaver:${baseUrl}`, this.host, () => this.store.dispatch({ type: "not_durable" }));
    this.wsUrl = socketUrl(baseUrl);
    this.useTicket = options.useTicket ?? false;
    const events = {
      onSignedOut: (why: view.Ending["why"]) => void this.turn(() => this.signedOut(why)),
      onOtherUser: (user: view.Person) => void this.turn(() => this.signedIn(user)),
    };
    this.session = new Session(this.host, baseUrl, events, options.tokenStore ?? memoryTokens());
    this.rest = restApi(new Http({ host: this.host, baseUrl, session: this.session, epoch: () => this.store.core.epoch }));
    this.history = new History(this.store, this.rest, this.host);
    this.notifications = new Notifications(this.store, this.rest);
    this.moderation = new Moderation(this.host, this.store, this.rest);
    this.attachments = new Attachments(this.rest);
    this.serverConfig = new ConfigCache(this.host, baseUrl);
    this.drafts = new Drafts(this.host, this.store, options.storage === false ? null : (options.storage ?? `palaver:${baseUrl}`));
    this.reading = new Reading(this.host.tabMemory);
    this.search = new SessionSearch(this.host, this.store, (isCurrent) => this.findSession(isCurrent));
    this.startup = new Startup({
      host: this.host,
      store: this.store,
      storage: this.storage,
      session: this.session,
      search: this.search,
      signedIn: (user) => this.turn(() => this.signedIn(user)),
    });
  }

  // ---- lifecycle

  start(): Promise<StartOutcome> {
    if (this.starting !== null) return this.starting;
    const on = { wake: () => this.live?.wake(), hide: () => this.live?.flush(), leave: () => this.live?.left() };
    this.unwake = this.host.onWake((what) => on[what]());
    this.tidyLater();
    this.starting = this.startup.begin();
    return this.starting;
  }

  stop(): void {
    this.starting = null;
    this.search.stop();
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

  private tidyLater(): void {
    this.tidying = this.host.setTimer(() => {
      this.history.trim();
      this.tidyLater();
    }, TIDY_EVERY_MS);
  }

  /** Asks the server who is signed in: without a cache only the server knows. */
  private async findSession(isCurrent: () => boolean): Promise<void> {
    if (await this.storage.owesLogout()) {
      // A user who signed out while the server was away must not be signed in again by the cookie that is still there.
      await this.session.logout();
      await this.storage.setOwesLogout(false);
    }
    const user = await this.session.resume();
    if (isCurrent()) await this.turn(() => (user === null ? this.signedOut(this.session.endedBy) : this.signedIn(user)));
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turning.then(work, work);
    this.turning = result.catch(() => undefined);
    return result;
  }

  private async signedIn(user: view.Person): Promise<void> {
    if (this.live !== null && this.store.core.me?.id === user.id) {
      this.store.dispatch({ type: "session", session: "signed_in", me: { ...this.store.core.me, ...user } });
      await this.storage.setLastUser(user);
      this.live.reconnectNow();
      return;
    }
    await this.live?.close();
    this.session.expect(user.id);
    await this.storage.setLastUser(user);
    await this.storage.setOwesLogout(false);
    const disk = await this.storage.open(user.id);
    this.live = new Live({
      host: this.host,
      store: this.store,
      session: this.session,
      wsUrl: this.wsUrl,
      useTicket: this.useTicket,
      disk,
      drafts: this.drafts,
      reading: this.reading,
      user,
      onSignedOut: () => void this.turn(() => this.signedOut(this.session.endedBy ?? "expired")),
      onSynced: () => {
        this.history.refresh();
        this.moderation.loadBlocks().catch(() => undefined);
        if (!this.store.core.notificationsLoaded) this.notifications.load().catch(() => undefined);
      },
    });
    await this.live.open();
  }

  /**
   * Ends the session, for a reason if there was one. The data on disk stays for the next time the same user signs in, unless
   * they signed out of this device from another one.
   */
  private async signedOut(why: view.Ending["why"] | null): Promise<void> {
    // The socket and the request that learned of it both say so; the first one is right.
    if (this.store.core.session === "signed_out") return;
    const { live } = this;
    const forget = why === "signed_out";
    const user = forget ? null : this.store.core.me;
    this.live = null;
    this.session.forget();
    this.reading.forget();
    await (forget ? live?.forget() : live?.close());
    if (forget) this.attachments.close();
    await this.storage.setLastUser(null);
    this.store.dispatch({ type: "session", session: "signed_out", me: null, ended: why === null ? null : { why, user } });
  }

  // ---- the person

  readonly setup = (): Promise<view.Setup> => this.session.setup();
  readonly config = (): Promise<view.ServerConfig> => this.serverConfig.get();
  /** Counts what a sign-out would lose. */
  readonly unsaved = (): { unsent: number; drafts: number } => unsaved(this.store.core);
  register(input: Parameters<ChatClientApi["register"]>[0]): Promise<view.Person> {
    return this.turn(async () => {
      const user = await this.session.register(input);
      await this.signedIn(user);
      // A server of an earlier release does not take the name with the registration.
      const { display_name: shown } = input;
      return shown === undefined || user.display_name === shown ? user : this.updateMe({ display_name: shown });
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
      this.end(() => this.session.logout().catch(() => this.storage.setOwesLogout(true))),
    );
  }

  deleteMe(input: Parameters<ChatClientApi["deleteMe"]>[0]): Promise<void> {
    return this.turn(() => this.session.deleteMe(input).then(() => this.end()));
  }

  private async end(before: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const { live } = this;
    this.live = null;
    // The server closes the socket of a session that ends, which must not look like one to renew.
    live?.disconnect();
    await before();
    await live?.forget();
    this.attachments.close();
    await this.storage.setLastUser(null);
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

  findRoom = (room: string): Promise<view.RoomId> => findRoom(this.finding(), room);
  enterRoom = (room: string): Promise<view.RoomId> => enterRoom(this.finding(), room);
  openRoom = (room: view.RoomId, options?: view.OpenOptions): Promise<void> => this.history.open(room, options);
  loadOlder = (room: view.RoomId): Promise<void> => this.history.older(room);
  loadNewer = (room: view.RoomId): Promise<void> => this.history.newer(room);
  loadNewest = (room: view.RoomId): Promise<void> => this.history.newest(room);
  loadAround = (room: view.RoomId, seq: number): Promise<view.LinkedMessage> => this.history.around(room, seq);
  messageAfter = (room: view.RoomId, seq: number): Promise<view.MessageView | null> => this.history.after(room, seq);
  holdMessages = (room: view.RoomId, held: boolean): void => this.store.dispatch({ type: "held", room, held });
  loadUntil = (room: view.RoomId, seq: number): Promise<boolean> => this.history.until(room, seq);
  loadMessage = (room: view.RoomId, seq: number): Promise<view.MessageView | null> => this.history.one(room, seq);
  loadThread = (room: view.RoomId, seq: number): Promise<readonly view.MessageView[]> => this.history.thread(room, seq);
  loadMembers = (room: view.RoomId): Promise<void> => this.history.members(room);
  markRead = (room: view.RoomId, seq?: number): void => this.live?.marks.read(room, seq);
  typing = (room: view.RoomId, on: boolean): void => this.live?.marks.type(room, on);
  watchPresence = (users: readonly view.UserId[]): void => this.live?.watch(users);

  // ---- rooms

  lookUpRoom = (address: string): Promise<view.RoomLookUp> => lookUpRoom(this.rest, address);

  async directory(query?: string, cursor?: string): ReturnType<ChatClientApi["directory"]> {
    const page = await this.rest.rooms.directory(query, cursor);
    return { rooms: page.items, next: page.next };
  }

  createRoom = (room: view.NewRoom): Promise<view.RoomId> => createRoom(this.host, this.store, this.rest, room);
  directRoom = (user: string): Promise<view.RoomId> => directRoom(this.host, this.store, this.rest, user);
  updateRoom = (room: view.RoomId, change: view.RoomChange): Promise<void> => this.moderation.update(room, change);
  archiveRoom = (room: view.RoomId, archived = true): Promise<void> => this.moderation.archive(room, archived);
  invite = (room: view.RoomId, user: string): Promise<void> => this.moderation.invite(room, user);
  kick = (room: view.RoomId, user: view.UserId, why?: string): Promise<void> => this.moderation.kick(room, user, why);
  ban = (room: view.RoomId, user: view.UserId, why?: string): Promise<void> => this.moderation.ban(room, user, why);
  unban = (room: view.RoomId, user: view.UserId): Promise<void> => this.moderation.unban(room, user);
  mute: ChatClientApi["mute"] = (room, user, seconds, why) => this.moderation.mute(room, user, seconds, why);
  unmute = (room: view.RoomId, user: view.UserId): Promise<void> => this.moderation.unmute(room, user);
  setRole = (room: view.RoomId, user: view.UserId, role: view.Role): Promise<void> => this.moderation.setRole(room, user, role);
  pin = (room: view.RoomId, target: number, on: boolean): Promise<void> => this.moderation.pin(room, target, on);
  setLevel = (room: view.RoomId, level: view.NotificationLevel): Promise<void> => this.moderation.settings(room, { level });
  quietRoom = (room: view.RoomId, seconds: number): Promise<void> => this.moderation.settings(room, { seconds });
  acceptRequest = (room: view.RoomId): Promise<void> => this.moderation.accept(room);
  ignoreRequest = (room: view.RoomId): Promise<void> => this.moderation.ignore(room);
  block = (user: view.UserId, on = true): Promise<void> => this.moderation.block(user, on);
  hideRoom = (room: view.RoomId, hidden: boolean): Promise<void> => this.moderation.settings(room, { hidden });

  // ---- files

  upload: ChatClientApi["upload"] = (room, file, options) => this.attachments.upload(room, file, options);
  listFiles = (room: view.RoomId): Promise<readonly view.FileInfo[]> => this.attachments.list(room);
  isAnimated = (file: view.FileInfo): Promise<boolean> => this.attachments.isAnimated(file);
  fileUrl = (file: view.FileInfo, which?: "full" | "thumbnail"): Promise<string> => this.attachments.url(file, which);
  deleteFile = async (file: string): Promise<void> => void (await this.rest.files.remove(file));

  // ---- drafts

  getDraft = (room: view.RoomId): view.Draft => this.drafts.get(room);
  setDraft = (room: view.RoomId, draft: Partial<view.Draft>): void => this.drafts.set(room, draft);
  holdDraft = (room: view.RoomId): (() => void) => this.drafts.hold(room);
  keepFile = async (key: string, bytes: Blob): Promise<void> => this.signedInLive().keepFile(key, bytes);
  keptFile = async (key: string): Promise<Blob | null> => this.signedInLive().keptFile(key);
  getReading = (room: view.RoomId): view.ReadingPosition | null => this.reading.get(room);
  setReading = (room: view.RoomId, position: view.ReadingPosition | null): void => this.reading.set(room, position);

  // ---- notifications

  loadNotifications = (): Promise<void> => this.notifications.load();
  readNotification = (id: string): Promise<void> => this.notifications.read(id);
  readAllNotifications = (): Promise<void> => this.notifications.readAll();
  deleteNotification = (id: string): Promise<void> => this.notifications.remove(id);

  // ---- the connection

  reconnectNow(): void {
    this.search.now();
    this.live?.reconnectNow();
  }

  private put(change: NewChange): string {
    return this.signedInLive().outbox.put(change);
  }

  private signedInLive(): Live {
    if (this.live === null) throw new PalaverError("unauthenticated", "Sign in first.");
    return this.live;
  }

  private finding(): FindRoomDeps {
    const { host, store, rest } = this;
    return { host, store, rest, join: (room, seen) => this.join(room, seen), discard: (change) => this.discard(change) };
  }
}

/** Owns the type of the public façade (`ChatClient`). The implementation is in `client/`. */
import type { TokenStore } from "./auth/token-store.ts";
import type { Host } from "./host/host.ts";
import type {
  DirectoryRoom,
  Draft,
  FileInfo,
  LinkedMessage,
  MessageView,
  NewRoom,
  NotificationLevel,
  OpenOptions,
  Outgoing,
  Person,
  ReadingPosition,
  Role,
  RoomChange,
  RoomId,
  RoomLookUp,
  ServerConfig,
  SessionInfo,
  Setup,
  State,
  UploadOptions,
  UserId,
} from "./types.ts";

/**
 * The client of one Palaver server. Make one per page, call `start`, draw `getState()`, listen with `subscribe`.
 * Methods that return nothing or an id are optimistic: the change shows at once, is stored before the first attempt and is
 * retried until the server answers, across reloads. Methods that return a promise are requests: they reject with a
 * `PalaverError`.
 */
export interface ChatClientApi {
  /**
   * Loads the cache, finds the session and connects. Resolves to what the server says about the session, or after 2 s without its
   * answer to `offline`: the cache shows, and the client goes on trying (`state.session` and `subscribe` say what became of it).
   * Safe to call twice.
   */
  start(): Promise<StartOutcome>;
  /** Closes the socket and stops the timers; the outbox stays on disk. */
  stop(): void;
  /** Calls `listener` after each change (at most once per turn of the event loop). Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void;
  /** Returns the snapshot: the same reference until something changes. */
  getState(): State;

  // ---- the server
  /** Returns what the server offers to everyone. Asks the server once. */
  config(): Promise<ServerConfig>;

  // ---- the person
  /** Returns what a registration needs at this time. */
  setup(): Promise<Setup>;
  /** `first_token` is the operator's proof for the first account, if `setup` says that it is needed. */
  register(input: {
    name: string;
    password: string;
    email?: string;
    display_name?: string;
    first_token?: string;
  }): Promise<Person>;
  login(input: { name: string; password: string }): Promise<Person>;
  /** Signs in without a password; `register` later keeps the same person. */
  guest(input: { name: string }): Promise<Person>;
  /** Counts what `logout` would lose: changes that the server does not have yet, and drafts. */
  unsaved(): { readonly unsent: number; readonly drafts: number };
  /** Ends the session and deletes everything of this user on this device. */
  logout(): Promise<void>;
  /** Changes the given fields. A user who has a password must give it as `old_password` to change the handle (`name`). */
  updateMe(change: { name?: string; display_name?: string | null; old_password?: string }): Promise<Person>;
  /**
   * Deletes the user's account for good, with everything that they wrote if `messages` is set, and everything of the user on
   * this device. A user who has a password must give it.
   */
  deleteMe(input: { password?: string; messages?: boolean }): Promise<void>;
  /** Chooses a new password with the token of a link that an admin made, and signs in. Signs out a user who is signed in. */
  resetPassword(input: { token: string; password: string }): Promise<Person>;
  /** Finds users by a part of their handle or name; for a guest, by three characters at least. */
  findUsers(prefix: string): Promise<readonly Person[]>;
  listSessions(): Promise<readonly SessionInfo[]>;
  endSession(id: string): Promise<void>;

  // ---- changes, through the outbox
  /** Shows the message at once and returns its id. */
  send(room: RoomId, message: Outgoing | string): string;
  edit(room: RoomId, target: number, text: string): string;
  remove(room: RoomId, target: number): string;
  /** Toggles your own reaction when `on` is left out. */
  react(room: RoomId, target: number, emoji: string, on?: boolean): string;
  /** Joins a public room or accepts an invitation; `seen` is the head that the directory returned. */
  join(room: RoomId, seen?: number): string;
  /** Leaves the room, or declines an invitation. */
  leave(room: RoomId): string;
  /** Retries a refused change under a new id, which is returned. */
  retry(id: string): string | null;
  /** Discards a change that was refused or is still waiting. One that is already on the wire may still arrive. */
  discard(id: string): void;

  // ---- reading
  /** Loads what a room's page needs: newest messages and members. Cheap when they are already loaded. */
  openRoom(room: RoomId, options?: OpenOptions): Promise<void>;
  /** Loads the page before the oldest loaded message. */
  loadOlder(room: RoomId): Promise<void>;
  /** Loads older pages until `seq` is loaded (for links and quotes). Resolves to false when it cannot be reached. */
  loadUntil(room: RoomId, seq: number): Promise<boolean>;
  /**
   * Shows the messages around `seq` with one request, however far they are from the newest ones. `messages` then holds these alone
   * (`hasNewer`) until they meet the newest ones. Rejects when the server does not answer.
   */
  loadAround(room: RoomId, seq: number): Promise<LinkedMessage>;
  /** Loads the page after the newest loaded message, after `loadAround`. */
  loadNewer(room: RoomId): Promise<void>;
  /** Shows the newest messages again, after `loadAround`. */
  loadNewest(room: RoomId): Promise<void>;
  /** Returns the first message after `seq`, without loading it into the room. */
  messageAfter(room: RoomId, seq: number): Promise<MessageView | null>;
  /**
   * Says that somebody reads older messages of a room, which are then kept. Otherwise a room holds at most its newest 1,000
   * messages, so that a page that stays open for days does not fill the memory.
   */
  holdMessages(room: RoomId, held: boolean): void;
  /** Loads one message outside the loaded ones (a quote, a pin). Resolves to null when it was deleted or you may not see it. */
  loadMessage(room: RoomId, seq: number): Promise<MessageView | null>;
  /** Loads the messages of a thread, oldest first. */
  loadThread(room: RoomId, seq: number): Promise<readonly MessageView[]>;
  loadMembers(room: RoomId): Promise<void>;
  /** Moves the read mark forward to `seq` (default: the newest known entry); never moves it back. */
  markRead(room: RoomId, seq?: number): void;
  /** Signals that you are typing (sent at most every 3 s); `false` ends the signal. */
  typing(room: RoomId, on: boolean): void;
  /** Follows the presence of these users (at most 200); replaces the previous set. */
  watchPresence(users: readonly UserId[]): void;

  // ---- rooms
  /**
   * Returns the id of a room of the user by its id or slug. Rejects with `not_found` if there is no such room, or the user may not
   * know of it, and with `forbidden` if the user is not a member.
   */
  findRoom(room: string): Promise<RoomId>;
  /** Joins a room by its id or slug, unless the user is in it, and returns its id once it is in `state.rooms`. */
  enterRoom(room: string): Promise<RoomId>;
  directory(query?: string, cursor?: string): Promise<{ readonly rooms: readonly DirectoryRoom[]; readonly next: string | null }>;
  /** Finds out what the id or slug of a room leads to for somebody who is not in it. */
  lookUpRoom(address: string): Promise<RoomLookUp>;
  createRoom(room: NewRoom): Promise<RoomId>;
  /** Returns the direct room with a user (by id or name) and creates it if needed. */
  directRoom(user: string): Promise<RoomId>;
  updateRoom(room: RoomId, change: RoomChange): Promise<void>;
  archiveRoom(room: RoomId, archived?: boolean): Promise<void>;
  invite(room: RoomId, user: string): Promise<void>;
  kick(room: RoomId, user: UserId, why?: string): Promise<void>;
  ban(room: RoomId, user: UserId, why?: string): Promise<void>;
  unban(room: RoomId, user: UserId): Promise<void>;
  /** Mutes the member for `seconds`. */
  mute(room: RoomId, user: UserId, seconds: number, why?: string): Promise<void>;
  unmute(room: RoomId, user: UserId): Promise<void>;
  setRole(room: RoomId, user: UserId, role: Role): Promise<void>;
  pin(room: RoomId, target: number, on: boolean): Promise<void>;
  setLevel(room: RoomId, level: NotificationLevel): Promise<void>;
  /** Mutes the room for `seconds`, after which its level holds again; 0 ends that. A new level ends it, too. */
  quietRoom(room: RoomId, seconds: number): Promise<void>;
  hideRoom(room: RoomId, hidden: boolean): Promise<void>;
  /** Accepts a stranger's request; sending or reacting in the room accepts it, too. */
  acceptRequest(room: RoomId): Promise<void>;
  /** Removes a request or an invitation from the list. The other user does not learn of it. */
  ignoreRequest(room: RoomId): Promise<void>;
  /** Blocks a user, or with `false` lifts the block: no direct messages, invitations or notifications from them. */
  block(user: UserId, on?: boolean): Promise<void>;

  // ---- files
  upload(room: RoomId, file: Blob & { readonly name?: string }, options?: UploadOptions): Promise<FileInfo>;
  listFiles(room: RoomId): Promise<readonly FileInfo[]>;
  deleteFile(file: string): Promise<void>;
  /**
   * Returns the bytes of a file (or of its thumbnail) as an object URL for `src`, fetched with the session's token and cached
   * until `stop`.
   */
  fileUrl(file: FileInfo, which?: "full" | "thumbnail"): Promise<string>;
  /** Returns whether a GIF or a WebP has more than one frame. Loads the file. */
  isAnimated(file: FileInfo): Promise<boolean>;

  // ---- drafts, and what else survives a reload
  getDraft(room: RoomId): Draft;
  /** Changes the draft. It is kept on this device before the call returns. */
  setDraft(room: RoomId, draft: Partial<Draft>): void;
  /**
   * Says that the room is on the screen: until the returned function is called, its draft belongs to this tab, and no other tab
   * shows or replaces it.
   */
  holdDraft(room: RoomId): () => void;
  /** Keeps the bytes of a draft's file on this device, until the draft no longer has it. Put it into the draft first. */
  keepFile(key: string, bytes: Blob): Promise<void>;
  /** Returns the bytes of a draft's file, or null if this device could not keep them. */
  keptFile(key: string): Promise<Blob | null>;
  /** Returns where the user was reading, or null for the end of the conversation. */
  getReading(room: RoomId): ReadingPosition | null;
  /** Keeps the position for this tab, also across reloads. */
  setReading(room: RoomId, position: ReadingPosition | null): void;

  // ---- notifications
  /** Loads the first page, or the next one. */
  loadNotifications(): Promise<void>;
  readNotification(id: string): Promise<void>;
  readAllNotifications(): Promise<void>;
  deleteNotification(id: string): Promise<void>;

  // ---- the connection
  /** Skips the back-off and connects now. */
  reconnectNow(): void;
}

/** What `start` found out: the server's answer, or `offline` if there was none in time. */
export type StartOutcome = "signed_in" | "signed_out" | "offline";

/** Options of a client. Everything but `baseUrl` has a default for browsers; tests and other hosts pass their own. */
export interface ChatClientOptions {
  /** URL of the server: `""` (the page's own origin), a path on it (`/chat`), or `https://example.org/chat`. */
  readonly baseUrl?: string;
  /** Name of the IndexedDB database, or `false` to keep everything in memory. */
  readonly storage?: string | false;
  /**
   * Where the session's refresh token is kept if the server's cookie cannot hold it: on a page of another origin
   * (`localStorageTokens()`), and in Node. Left out, such a session ends with the page or process.
   */
  readonly tokenStore?: TokenStore;
  /** Whether to sign the socket in with a one-time ticket in its URL instead of the token in its first frame. */
  readonly useTicket?: boolean;
  /** Clock, timers, sockets and requests, in whole or in part, for tests and hosts other than browsers. */
  readonly host?: Partial<Host>;
}

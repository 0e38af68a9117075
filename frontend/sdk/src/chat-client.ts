/** Owns the type of the public façade (`ChatClient`). The bodies are in `client/`. */
import type { Host } from "./host/host.js";
import type {
  DirectoryRoom,
  Draft,
  FileInfo,
  MessageView,
  NewRoom,
  NotificationLevel,
  Outgoing,
  Person,
  Role,
  RoomChange,
  RoomId,
  SessionInfo,
  State,
  UploadOptions,
  UserId,
} from "./types.js";

/**
 * The client of one Palaver server. Make one for the page, call `start`, draw `getState()`, listen with `subscribe`.
 * What returns nothing is optimistic: it shows at once, is stored before the first try and repeated until the server
 * answers, across reloads. What returns a promise is a request: it rejects with a `PalaverError`.
 */
export interface ChatClientApi {
  /** Loads the cache, finds the session and connects. Safe to call twice. */
  start(): Promise<void>;
  /** Closes the socket and the timers; the outbox stays on disk. */
  stop(): void;
  /** Calls `listener` after each change (at most once a frame of the event loop); returns how to stop it. */
  subscribe(listener: () => void): () => void;
  /** The snapshot: the same reference until something changes. */
  getState(): State;

  // ---- the person
  register(input: { name: string; password: string; email?: string; display_name?: string }): Promise<Person>;
  login(input: { name: string; password: string }): Promise<Person>;
  /** Signs in without a password; `register` later keeps the same person. */
  guest(input: { name: string }): Promise<Person>;
  /** Ends the session here and forgets everything of it on this device. */
  logout(): Promise<void>;
  updateMe(change: { display_name?: string | null }): Promise<Person>;
  findUsers(prefix: string): Promise<readonly Person[]>;
  listSessions(): Promise<readonly SessionInfo[]>;
  endSession(id: string): Promise<void>;

  // ---- changes, through the outbox
  /** Shows the message at once and returns its id. */
  send(room: RoomId, message: Outgoing | string): string;
  edit(room: RoomId, target: number, text: string): string;
  remove(room: RoomId, target: number): string;
  /** `on` left out toggles one's own reaction. */
  react(room: RoomId, target: number, emoji: string, on?: boolean): string;
  /** Joins a public room or accepts an invite; `seen` is the head that the directory gave. */
  join(room: RoomId, seen?: number): string;
  /** Leaves, or declines an invite. */
  leave(room: RoomId): string;
  /** Tries a refused change again, under a new id; returns the new id. */
  retry(id: string): string | null;
  /** Forgets a change that is refused or still waiting. One that is under way may still arrive. */
  discard(id: string): void;

  // ---- reading
  /** Loads what a room's page needs: newest messages and members. Cheap when they are there. */
  openRoom(room: RoomId): Promise<void>;
  /** Loads the page before the oldest loaded message. */
  loadOlder(room: RoomId): Promise<void>;
  /** Loads older pages until `seq` is there (for links and quotes); false when it is not to be had. */
  loadUntil(room: RoomId, seq: number): Promise<boolean>;
  /** One message that need not be loaded (a quote, a pin); null when it is gone or not to be seen. */
  loadMessage(room: RoomId, seq: number): Promise<MessageView | null>;
  /** The messages of a thread, oldest first. */
  loadThread(room: RoomId, seq: number): Promise<readonly MessageView[]>;
  loadMembers(room: RoomId): Promise<void>;
  /** Moves the read mark to `seq` (default: the newest known); never back. */
  markRead(room: RoomId, seq?: number): void;
  /** Says that one is typing (sent at most every 3 s); `false` takes it back. */
  typing(room: RoomId, on: boolean): void;
  /** Whose presence to follow (at most 200, replaces the former set). */
  watchPresence(users: readonly UserId[]): void;

  // ---- rooms
  directory(query?: string, cursor?: string): Promise<{ readonly rooms: readonly DirectoryRoom[]; readonly next: string | null }>;
  createRoom(room: NewRoom): Promise<RoomId>;
  /** The direct room with a person (by id or name), made if need be. */
  directRoom(user: string): Promise<RoomId>;
  updateRoom(room: RoomId, change: RoomChange): Promise<void>;
  archiveRoom(room: RoomId, archived?: boolean): Promise<void>;
  invite(room: RoomId, user: string): Promise<void>;
  kick(room: RoomId, user: UserId, why?: string): Promise<void>;
  ban(room: RoomId, user: UserId, why?: string): Promise<void>;
  unban(room: RoomId, user: UserId): Promise<void>;
  /** Mutes for `seconds`. */
  mute(room: RoomId, user: UserId, seconds: number, why?: string): Promise<void>;
  unmute(room: RoomId, user: UserId): Promise<void>;
  setRole(room: RoomId, user: UserId, role: Role): Promise<void>;
  pin(room: RoomId, target: number, on: boolean): Promise<void>;
  setLevel(room: RoomId, level: NotificationLevel): Promise<void>;
  hideRoom(room: RoomId, hidden: boolean): Promise<void>;

  // ---- files
  upload(room: RoomId, file: Blob & { readonly name?: string }, options?: UploadOptions): Promise<FileInfo>;
  listFiles(room: RoomId): Promise<readonly FileInfo[]>;
  deleteFile(file: string): Promise<void>;
  /**
   * The bytes of a file (or its thumbnail) as an object URL, fetched with the session's token. Cached until `stop`;
   * use it as `src`.
   */
  fileUrl(file: FileInfo, which?: "full" | "thumbnail"): Promise<string>;

  // ---- drafts
  getDraft(room: RoomId): Draft;
  /** Kept on this device, written a moment after the last change. */
  setDraft(room: RoomId, draft: Partial<Draft>): void;

  // ---- notifications
  /** Loads the first page, or the next one. */
  loadNotifications(): Promise<void>;
  readNotification(id: string): Promise<void>;
  readAllNotifications(): Promise<void>;
  deleteNotification(id: string): Promise<void>;

  // ---- the connection
  /** Skips the waiting time. */
  reconnectNow(): void;
}

/** How to make a client. Everything but `baseUrl` has a default for browsers; tests and other hosts give their own. */
export interface ChatClientOptions {
  /** Where the server is: `""` (the page's own origin) or `https://chat.example.org`. */
  readonly baseUrl?: string;
  /** Name of the IndexedDB database, or `false` to keep everything in memory. */
  readonly storage?: string | false;
  /** Sign the socket in by a one-time ticket in its address instead of the token in its first frame. */
  readonly useTicket?: boolean;
  /** Clock, timers, sockets and requests, in part or whole, for tests and hosts other than browsers. */
  readonly host?: Partial<Host>;
}

/**
 * Owns the public view of the client: what an application reads and draws.
 * Never holds the protocol's bookkeeping (cursors, kept changes), so that the protocol may grow without touching an application.
 *
 * Every object here is immutable: a change makes a new object, and what did not change keeps its reference.
 */

export type RoomId = string;
export type UserId = string;

/** A person as the server names them: `name` is the unique handle, `display_name` what they like to be called. */
export interface Person {
  readonly id: UserId;
  readonly name: string;
  readonly display_name?: string | null;
  readonly guest?: boolean;
  /** Rights on this server, for one's own entry only. */
  readonly admin?: boolean;
}

export type RoomKind = "public" | "private" | "direct";
export type Role = "owner" | "admin" | "moderator" | "member" | "read_only";
export type MemberState = "invited" | "joined" | "left" | "kicked" | "banned";
/** What a room may notify about. */
export type NotificationLevel = "all" | "mentions" | "none";
export type PresenceStatus = "online" | "away" | "offline";

/** The codes of the protocol; `network` is the SDK's own: the request did not reach the server or its answer was lost. */
export type ErrorCode =
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "muted"
  | "slow_mode"
  | "archived"
  | "too_large"
  | "rate_limited"
  | "conflict"
  | "stale"
  | "bad_request"
  | "overloaded"
  | "unavailable"
  | "network";

/** Why a change was refused. `message` is the server's sentence for people. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A file that is (or will be) attached to a message. URLs are relative to the server and need the session's token: see `ChatClient.fileUrl`. */
export interface FileInfo {
  readonly id: string;
  readonly name: string;
  /** Content type, found from the bytes by the server. */
  readonly type: string;
  readonly size: number;
  readonly width?: number | null;
  readonly height?: number | null;
  /** Whether a thumbnail exists (images only). */
  readonly thumbnail?: boolean;
}

export interface ReactionView {
  readonly emoji: string;
  /** How many people reacted with it. */
  readonly n: number;
  /** The first of them (at most 20). */
  readonly users: readonly UserId[];
  readonly mine: boolean;
}

/**
 * - `sending`: in the outbox, repeated until the server answers; it survives a reload;
 * - `sent`: durable on the server;
 * - `failed`: refused for good, `failure` says why; `retry` or `discard` it.
 */
export type MessageStatus = "sending" | "sent" | "failed";

export interface MessageView {
  /** Stable key for lists: the same before and after the server has stored the message. */
  readonly key: string;
  readonly room: RoomId;
  /** Position in the room's log; null while the message is in the outbox. */
  readonly seq: number | null;
  /** The id that its sender gave it. `retry` and `discard` take it. */
  readonly id: string;
  /** `notice` is something of a newer server that this version shows by its fallback text only. */
  readonly kind: "message" | "notice";
  readonly by: Person;
  /** ISO time: the server's, or this device's while the message is in the outbox. */
  readonly at: string;
  readonly text: string;
  readonly mentions: readonly UserId[];
  /** `seq` of the message that this one answers. */
  readonly replyTo: number | null;
  /** `seq` of the first message of the thread it belongs to. */
  readonly thread: number | null;
  readonly files: readonly FileInfo[];
  readonly editedAt: string | null;
  readonly deleted: boolean;
  readonly pinned: boolean;
  readonly reactions: readonly ReactionView[];
  readonly mine: boolean;
  /** Whether it mentions the signed-in person. */
  readonly mentionsMe: boolean;
  readonly status: MessageStatus;
  readonly failure: Failure | null;
  /** A change of this message that is shown already and not yet confirmed, or that was refused. */
  readonly change: ChangeView | null;
}

/** An edit, deletion or reaction in the outbox. */
export interface ChangeView {
  readonly id: string;
  readonly kind: "edit" | "delete" | "react";
  readonly status: "sending" | "failed";
  readonly failure: Failure | null;
}

/** A change of this client that the server has not confirmed. Messages among them are also in `RoomView.messages`. */
export interface PendingMessage {
  readonly id: string;
  readonly room: RoomId;
  readonly kind: "send" | "edit" | "delete" | "react" | "join" | "leave";
  readonly text: string;
  readonly at: string;
  readonly status: "sending" | "failed";
  readonly failure: Failure | null;
}

export interface MemberView {
  readonly user: Person;
  readonly state: MemberState;
  readonly role: Role;
  readonly mutedUntil: string | null;
}

export interface PresenceView {
  readonly user: UserId;
  readonly status: PresenceStatus;
  readonly lastSeen: string | null;
}

export interface RoomView {
  readonly id: RoomId;
  /** Name in addresses; public rooms only. */
  readonly slug: string | null;
  /** What to call it; for a direct room the other person's name. */
  readonly name: string;
  readonly description: string;
  readonly kind: RoomKind;
  /** The other person of a direct room. */
  readonly with: Person | null;
  /** `joined`; `invited` waits for an answer (join accepts, leave declines); `joining` is an own join in the outbox. */
  readonly state: "joined" | "invited" | "joining";
  readonly role: Role;
  readonly level: NotificationLevel;
  readonly hidden: boolean;
  readonly archived: boolean;
  /** Until when the signed-in person may not write here. */
  readonly mutedUntil: string | null;
  /** Seconds that a member waits between two messages; 0 is no wait. */
  readonly slowModeSeconds: number;
  /** When the last thing happened here; to sort by. */
  readonly lastAt: string | null;
  /** Messages after the read mark. */
  readonly unread: number;
  /** Unread messages that mention one. */
  readonly unreadMentions: number;
  /** The last entry that one has read. */
  readonly readSeq: number;
  /** The last entry known to exist. */
  readonly head: number;
  /** Loaded messages in order; those of the outbox come last. No holes between them. */
  readonly messages: readonly MessageView[];
  /** The newest message, for a preview; null before it is loaded. */
  readonly lastMessage: MessageView | null;
  /** True once the newest page is there: before it, `messages` may be empty in a room full of messages. */
  readonly loaded: boolean;
  /** Whether there are older messages to load. */
  readonly hasMore: boolean;
  /** A page is on its way. */
  readonly loading: boolean;
  /** Why the last page did not come. */
  readonly loadFailure: Failure | null;
  /** Who is typing now, without oneself. */
  readonly typing: readonly Person[];
  /** Members, newest fold; empty until `loadMembers` (or `openRoom`) has run. */
  readonly members: readonly MemberView[];
  readonly membersLoaded: boolean;
  /** `seq` of the pinned messages. */
  readonly pins: readonly number[];
  /** Rises when a message that is not loaded is edited or deleted: what was fetched of such a one may be out of date. */
  readonly changedElsewhere: number;
  /** Up to where others have read (small rooms only). */
  readonly receipts: ReadonlyMap<UserId, number>;
  /** Changes of this client in this room that are not confirmed. */
  readonly outbox: readonly PendingMessage[];
  readonly draft: Draft;
}

export interface Draft {
  readonly text: string;
  readonly replyTo: number | null;
}

export interface NotificationView {
  readonly id: string;
  /** `mention`, `direct`, `reply`, or a type that a service gave. */
  readonly type: string;
  readonly title: string;
  readonly body: string;
  readonly room: RoomId | null;
  /** The message it is about. */
  readonly seq: number | null;
  readonly by: Person | null;
  readonly at: string;
  readonly read: boolean;
}

export interface NotificationsView {
  /** Newest first. */
  readonly items: readonly NotificationView[];
  readonly unread: number;
  readonly loaded: boolean;
  readonly hasMore: boolean;
}

/**
 * - `offline`: stopped or signed out, nothing is tried;
 * - `connecting`: the first attempt, or an attempt after a break;
 * - `syncing`: the socket is open and catches up;
 * - `online`: live;
 * - `waiting`: broken, next attempt at `retryAt`;
 * - `refused`: the server said not to come back (`closeCode`): signed out, banned, too many connections, wrong version.
 */
export type ConnectionStatus = "offline" | "connecting" | "syncing" | "online" | "waiting" | "refused";

export interface ConnectionView {
  readonly status: ConnectionStatus;
  /** Milliseconds of the epoch when it last became not `online`; null while online. Show "disconnected" only after 2 s. */
  readonly downSince: number | null;
  /** When the next attempt starts (milliseconds of the epoch), in `waiting`. */
  readonly retryAt: number | null;
  readonly attempt: number;
  readonly closeCode: number | null;
  /** The server's node that holds the socket. */
  readonly node: string | null;
  /** People online on the server, as told at the welcome. */
  readonly online: number | null;
  /** Round trip of the last own ping. */
  readonly latencyMs: number | null;
}

/** `unknown` until `start` has found out whether a session exists. */
export type SessionStatus = "unknown" | "signed_out" | "signed_in";

export interface State {
  readonly session: SessionStatus;
  /** The signed-in person. */
  readonly me: Person | null;
  readonly connection: ConnectionView;
  /** Whether the room list is there (from the cache or the server). */
  readonly ready: boolean;
  readonly rooms: ReadonlyMap<RoomId, RoomView>;
  readonly presence: ReadonlyMap<UserId, PresenceView>;
  readonly notifications: NotificationsView;
  /** Settings of the user that the server keeps, by key. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Changes not confirmed, all rooms; `outbox` of a room has its own. */
  readonly outbox: readonly PendingMessage[];
}

/** What `send` takes. */
export interface Outgoing {
  readonly text: string;
  readonly replyTo?: number | null;
  readonly thread?: number | null;
  /** Files that `upload` returned. */
  readonly files?: readonly FileInfo[];
}

export interface DirectoryRoom {
  readonly id: RoomId;
  readonly slug: string | null;
  readonly name: string;
  readonly description: string;
  readonly members: number;
  readonly head: number;
  readonly joined: boolean;
}

export interface NewRoom {
  readonly name: string;
  readonly description?: string;
  readonly kind: "public" | "private";
  /** Name in addresses (public rooms only). */
  readonly slug?: string;
  /** A private room that shows newcomers only what comes after them. */
  readonly hidesPast?: boolean;
}

export interface RoomChange {
  readonly name?: string;
  readonly description?: string;
}

export interface SessionInfo {
  readonly id: string;
  readonly createdAt: string;
  readonly lastSeenAt: string | null;
  readonly userAgent: string | null;
  readonly current: boolean;
}

export interface UploadOptions {
  /** Called as bytes go out; `total` is the size of the request. */
  readonly onProgress?: (sent: number, total: number) => void;
  /** Aborting it cancels the upload; the promise rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
}

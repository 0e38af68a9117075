/**
 * Owns the public view of the client: what an application reads and draws.
 * Never holds the protocol's bookkeeping (cursors, kept changes), so that the protocol can evolve without breaking an
 * application.
 *
 * Every object here is immutable: a change makes a new object, and what did not change keeps its reference.
 */

import type { Draft } from "./types-draft.ts";
import type { ConnectionView, Ending } from "./types-server.ts";

export type * from "./types-draft.ts";
export type * from "./types-server.ts";

export type RoomId = string;
export type UserId = string;

/** A user: `name` is the unique handle, `display_name` the name to show. */
export interface Person {
  readonly id: UserId;
  readonly name: string;
  readonly display_name?: string | null;
  readonly guest?: boolean;
  /** Whether the account was deleted: `name` is then made up. */
  readonly deleted?: boolean;
  /** Whether the user is an admin of this server; only set for the signed-in user. */
  readonly admin?: boolean;
}

export type RoomKind = "public" | "private" | "direct";
export type Role = "owner" | "admin" | "moderator" | "member" | "read_only";
export type MemberState = "invited" | "joined" | "left" | "kicked" | "banned";
/** Which messages of a room cause notifications. */
export type NotificationLevel = "all" | "mentions" | "none";
export type PresenceStatus = "online" | "away" | "offline";

/** The protocol's error codes. `network` is the SDK's own: the request did not reach the server, or its answer was lost. */
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
  | "signed_out"
  | "bad_request"
  | "overloaded"
  | "unavailable"
  | "network";

/** Why a change was refused. `message` is the server's text for users. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A file that is (or will be) attached to a message. URLs are relative to the server and need the session's token: see `ChatClient.fileUrl`. */
export interface FileInfo {
  readonly id: string;
  readonly name: string;
  /** Content type that the server detected from the bytes. */
  readonly type: string;
  readonly size: number;
  readonly width?: number | null;
  readonly height?: number | null;
  /** Whether a thumbnail exists (images only). */
  readonly thumbnail?: boolean;
  /**
   * What became of the data about place, time and device in the file: it had none, they were removed, or it may contain them.
   * Undefined if files of this type have none, and for a file of an earlier release, which may contain them.
   */
  readonly metadata?: FileMetadata;
}

/** See `FileInfo.metadata`. */
export type FileMetadata = "absent" | "removed" | "kept";

export interface ReactionView {
  readonly emoji: string;
  /** How many people reacted with it. */
  readonly n: number;
  /** The first users who reacted (at most 20). */
  readonly users: readonly UserId[];
  readonly mine: boolean;
}

/**
 * - `sending`: in the outbox, retried until the server answers; it survives a reload. `failure` says why the server cannot
 *   store it yet (a full disk, say);
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
  /** The id that its sender generated. `retry` and `discard` take it. */
  readonly id: string;
  /** `notice` is an entry of a newer server that this version shows only by its fallback text. */
  readonly kind: "message" | "notice";
  readonly by: Person;
  /** ISO time: the server's, or this device's while the message is in the outbox. */
  readonly at: string;
  readonly text: string;
  readonly mentions: readonly UserId[];
  /** `seq` of the message that this one replies to. */
  readonly replyTo: number | null;
  /** `seq` of the first message of the thread it belongs to. */
  readonly thread: number | null;
  readonly files: readonly FileInfo[];
  readonly editedAt: string | null;
  readonly deleted: boolean;
  readonly pinned: boolean;
  /** Who pinned it; null when it is not pinned, or was before this client looked. */
  readonly pinnedBy: Person | null;
  readonly reactions: readonly ReactionView[];
  readonly mine: boolean;
  /** Whether it mentions the signed-in user. */
  readonly mentionsMe: boolean;
  readonly status: MessageStatus;
  readonly failure: Failure | null;
  /** A change of this message that is already shown but unconfirmed, or that was refused. */
  readonly change: ChangeView | null;
}

/**
 * What became of a linked message: it is loaded (`deleted`: only that it was is left), the user came into the room after it and
 * may not see it (`hidden`), or the room has no message with this number.
 */
export type LinkedMessage = "found" | "deleted" | "hidden" | "missing";

export interface OpenOptions {
  /** `false`: leaves out the newest messages, because `loadAround` follows. */
  readonly newest?: boolean;
}

/** An edit, deletion or reaction in the outbox. */
export interface ChangeView {
  readonly id: string;
  readonly kind: "edit" | "delete" | "react";
  readonly status: "sending" | "failed";
  readonly failure: Failure | null;
}

/** An unconfirmed change of this client. Messages among them are also in `RoomView.messages`. */
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
  /** The room's name in URLs; public rooms only. */
  readonly slug: string | null;
  /** The name to show; for a direct room the other user's name. */
  readonly name: string;
  readonly description: string;
  readonly kind: RoomKind;
  /** The other user of a direct room. */
  readonly with: Person | null;
  /** `joined`; `invited`: needs an answer (join accepts, leave declines); `joining`: this client's join is in the outbox. */
  readonly state: "joined" | "invited" | "joining";
  readonly role: Role;
  readonly level: NotificationLevel;
  /** Until when the room is muted, whatever its level is (Unix milliseconds); null if it is not. */
  readonly quietUntil: number | null;
  readonly hidden: boolean;
  /** Whether a stranger opened this direct room and the user has not answered: `acceptRequest`, `ignoreRequest`, or send. */
  readonly request: boolean;
  readonly archived: boolean;
  /** Time until which the signed-in user may not write here. */
  readonly mutedUntil: string | null;
  /** Seconds that a member must wait between two messages; 0 means no wait. */
  readonly slowModeSeconds: number;
  /** Time of the latest activity, to sort by. */
  readonly lastAt: string | null;
  /** Number of messages after the read mark. */
  readonly unread: number;
  /** Number of unread messages that mention the signed-in user. */
  readonly unreadMentions: number;
  /** Seq of the last entry that the signed-in user has read. */
  readonly readSeq: number;
  /** Seq of the last entry known to exist. */
  readonly head: number;
  /**
   * Loaded messages in order without holes. They are the newest ones, with those of the outbox at the end, or after `loadAround`
   * those around a distant message (`hasNewer`).
   */
  readonly messages: readonly MessageView[];
  /** The newest message, for a preview; null before it is loaded. */
  readonly lastMessage: MessageView | null;
  /** Whether the newest page is loaded: before that, `messages` may be empty in a room full of messages. */
  readonly loaded: boolean;
  /** Whether there are older messages to load. */
  readonly hasMore: boolean;
  /** Whether there are newer messages than `messages`, which were loaded around a distant message: `loadNewer`, `loadNewest`. */
  readonly hasNewer: boolean;
  /** Whether a page is being loaded. */
  readonly loading: boolean;
  /** Why the last page failed to load. */
  readonly loadFailure: Failure | null;
  /** Users who are typing now, without the signed-in user. */
  readonly typing: readonly Person[];
  /** Members; empty until `loadMembers` (or `openRoom`) has run. */
  readonly members: readonly MemberView[];
  readonly membersLoaded: boolean;
  /** `seq`s of the pinned messages. */
  readonly pins: readonly number[];
  /** Rises when a message that is not loaded is edited or deleted: a copy of it fetched earlier may be out of date. */
  readonly changedElsewhere: number;
  /** Seq up to which other members have read (small rooms only). */
  readonly receipts: ReadonlyMap<UserId, number>;
  /** Unconfirmed changes of this client in this room. */
  readonly outbox: readonly PendingMessage[];
}

export interface NotificationView {
  readonly id: string;
  /** `mention`, `direct`, `reply`, or a type defined by a service. */
  readonly type: string;
  readonly title: string;
  readonly body: string;
  readonly room: RoomId | null;
  /** `seq` of the message it is about. */
  readonly seq: number | null;
  readonly by: Person | null;
  readonly at: string;
  readonly read: boolean;
}

export interface NotificationsView {
  /** Notifications, newest first. */
  readonly items: readonly NotificationView[];
  readonly unread: number;
  readonly loaded: boolean;
  readonly hasMore: boolean;
}

/** `unknown` until `start` has found out whether a session exists. */
export type SessionStatus = "unknown" | "signed_out" | "signed_in";

export interface State {
  readonly session: SessionStatus;
  /** How the last session ended, while nobody is signed in. */
  readonly ended: Ending | null;
  /** Whether what the user writes survives a reload. False where a browser stores nothing for this site. */
  readonly durable: boolean;
  /** The signed-in person. */
  readonly me: Person | null;
  readonly connection: ConnectionView;
  /** Whether the room list is loaded (from the cache or the server). */
  readonly ready: boolean;
  readonly rooms: ReadonlyMap<RoomId, RoomView>;
  /** Rooms that the user was removed or banned from, and is not in again. */
  readonly closed: ReadonlyMap<RoomId, ClosedRoom>;
  /** Drafts by room; a room without a draft may be missing. */
  readonly drafts: ReadonlyMap<RoomId, Draft>;
  readonly presence: ReadonlyMap<UserId, PresenceView>;
  readonly notifications: NotificationsView;
  /** The user's settings that the server stores, by key. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Users whom the signed-in user blocks. */
  readonly blocked: ReadonlySet<UserId>;
  /** Unconfirmed changes of all rooms; `RoomView.outbox` has those of one room. */
  readonly outbox: readonly PendingMessage[];
}

/** The argument of `send`. */
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
  /** Whether the operator offers the room to everybody. */
  readonly offered: boolean;
}

/** A room that the user was removed or banned from. */
export interface ClosedRoom {
  readonly id: RoomId;
  readonly slug: string | null;
  readonly name: string;
  readonly kind: RoomKind;
  readonly why: "kicked" | "banned";
  /** The moderator's words; null if there were none. */
  readonly reason: string | null;
}

/**
 * What a link to a room leads to: a room that the user may join, one that they are banned from, or nothing that they may know
 * of (no such room, or a private one).
 */
export type RoomLookUp =
  | {
      readonly kind: "open";
      readonly room: Pick<DirectoryRoom, "id" | "name" | "description" | "members" | "head"> & { readonly archived: boolean };
    }
  | { readonly kind: "banned" }
  | { readonly kind: "missing" };

export interface NewRoom {
  readonly name: string;
  readonly description?: string;
  readonly kind: "public" | "private";
  /** The room's name in URLs (public rooms only). */
  readonly slug?: string;
  /** Whether new members of a private room see only the messages after they joined. */
  readonly hidesPast?: boolean;
}

export interface RoomChange {
  readonly name?: string;
  readonly description?: string;
}

export interface UploadOptions {
  /**
   * Stores the file exactly as it is. Otherwise the server removes the data about place, time and device from JPEG, PNG, GIF and
   * WebP.
   */
  readonly original?: boolean;
  /** Called as bytes are sent; `total` is the size of the request. */
  readonly onProgress?: (sent: number, total: number) => void;
  /** Aborting it cancels the upload; the promise rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
}

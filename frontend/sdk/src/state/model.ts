/**
 * Owns the reducer's state: what the protocol needs to know, beside what is shown.
 * Never computes anything; the view for applications is made in `view.ts`.
 */
import type {
  ConnectionView,
  Draft,
  Failure,
  FileInfo,
  MemberView,
  NotificationView,
  Person,
  PresenceView,
  RoomId,
  SessionStatus,
  UserId,
} from "../types.js";
import type { ChangeEntry, Reaction, RoomEntry } from "../wire.js";
import { OFFLINE } from "./empty.js";

/** A message folded to `rev`, the seq of its last change. */
export interface LoggedMessage {
  readonly seq: number;
  readonly id: string;
  readonly kind: "message" | "notice";
  readonly by: Person;
  readonly at: string;
  readonly text: string;
  readonly mentions: readonly UserId[];
  readonly replyTo: number | null;
  readonly thread: number | null;
  readonly files: readonly FileInfo[];
  readonly rev: number;
  readonly editedAt: string | null;
  readonly deleted: boolean;
  readonly reactions: readonly Reaction[];
}

export interface Member extends MemberView {
  /** The member entry it comes from: an older one must not undo it. */
  readonly seq: number;
}

/**
 * What a log must ask the server for. `resume` replaces a request that is under way; `fill` waits for it.
 * The connection turns a need into a frame and answers with `asked`.
 */
export type Need = "resume" | "fill" | null;

export interface LogCursor {
  /** The last entry applied; null before the first answer. */
  readonly cursor: number | null;
  /** Id of the newest request under way: only its answer counts. */
  readonly re: string | null;
  readonly need: Need;
}

export interface Room {
  readonly id: RoomId;
  readonly entry: RoomEntry;
  readonly log: LogCursor;
  /** The highest entry known to exist; what a change's `seen` is taken from. */
  readonly head: number;
  /** Count of messages up to `head`. */
  readonly n: number;
  readonly read: number;
  readonly readN: number;
  /** Unread messages that mention one, ascending. */
  readonly mentions: readonly number[];
  /** Up to where one marked on this device, so that a lost mark is repeated. */
  readonly marked: number;
  /** Until when one may not write here; told by member entries, not by the list. */
  readonly mutedUntil: string | null;
  readonly slowModeSeconds: number;
  /**
   * A page must know at least this entry (`as_of`): the last reset's head, or the cursor when something was dropped from
   * memory. What changed before it is known to pages only.
   */
  readonly floor: number;
  /** Moves when messages were dropped; a page asked for before that would leave a hole. */
  readonly generation: number;
  /** Ascending by seq, without holes between the first and the cursor. */
  readonly messages: readonly LoggedMessage[];
  readonly loaded: boolean;
  /** The first message of the room is loaded. */
  readonly complete: boolean;
  readonly loading: boolean;
  readonly loadFailure: Failure | null;
  /** Changes of messages that are not loaded, by target: a page may be older than they are. */
  readonly kept: ReadonlyMap<number, readonly ChangeEntry[]>;
  /** The seq of the last edit or deletion of a message that is not loaded. */
  readonly changedElsewhere: number;
  readonly members: ReadonlyMap<UserId, Member>;
  readonly membersLoaded: boolean;
  readonly pins: readonly number[];
  readonly receipts: ReadonlyMap<UserId, number>;
  readonly typing: ReadonlyMap<UserId, { readonly person: Person; readonly until: number }>;
}

export type ChangeKind = "send" | "edit" | "delete" | "react" | "join" | "leave";

/** A change on its way: the outbox owns it on disk, the reducer shows it. */
export interface OutboxItem {
  readonly id: string;
  /** Names the outbox (and the tab) that it belongs to. */
  readonly tag: string;
  readonly room: RoomId;
  readonly kind: ChangeKind;
  readonly text: string;
  readonly target: number | null;
  readonly emoji: string;
  readonly on: boolean;
  readonly replyTo: number | null;
  readonly thread: number | null;
  readonly files: readonly FileInfo[];
  readonly at: string;
  /** The head that was known at the first try, and its epoch; null before. */
  readonly seen: number | null;
  readonly epoch: string | null;
  readonly status: "sending" | "failed";
  readonly failure: Failure | null;
  /** Position of the stored entry: it is shown until the cursor has reached it. */
  readonly seq: number | null;
}

export interface Core {
  readonly session: SessionStatus;
  readonly me: Person | null;
  readonly epoch: string | null;
  readonly connection: ConnectionView;
  readonly ready: boolean;
  readonly rooms: ReadonlyMap<RoomId, Room>;
  /** Seq of the newest known own member entry of each room, also of rooms that are gone. */
  readonly memberSeq: ReadonlyMap<RoomId, number>;
  /** Highest acked seq of each room, for `seen` and `min_seq`. */
  readonly lastAck: ReadonlyMap<RoomId, number>;
  readonly own: LogCursor;
  /** `me` of this connection's first `rooms` page. */
  readonly listMe: number | null;
  /** Rooms of the list that is being received; null between lists. */
  readonly listing: ReadonlySet<RoomId> | null;
  /** Logs that need a request, so that nobody has to look through all rooms. */
  readonly needs: ReadonlySet<string>;
  readonly presence: ReadonlyMap<UserId, PresenceView>;
  /** By id. */
  readonly notifications: ReadonlyMap<string, NotificationView>;
  readonly notificationsLoaded: boolean;
  readonly notificationsNext: string | null;
  readonly notificationsUnread: number;
  /** Rises with each notification that goes or shows another text: a page that was asked for before is out of date. */
  readonly notificationsRev: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly outbox: readonly OutboxItem[];
  readonly drafts: ReadonlyMap<RoomId, Draft>;
}

export const NO_LOG: LogCursor = { cursor: null, re: null, need: null };

export const EMPTY_CORE: Core = {
  session: "unknown",
  me: null,
  epoch: null,
  connection: OFFLINE,
  ready: false,
  rooms: new Map(),
  memberSeq: new Map(),
  lastAck: new Map(),
  own: NO_LOG,
  listMe: null,
  listing: null,
  needs: new Set(),
  presence: new Map(),
  notifications: new Map(),
  notificationsLoaded: false,
  notificationsNext: null,
  notificationsUnread: 0,
  notificationsRev: 0,
  settings: {},
  outbox: [],
  drafts: new Map(),
};

/** Changes kept for messages that are not loaded, at most; beyond it `floor` rises instead. */
export const KEPT_MAX = 1_000;

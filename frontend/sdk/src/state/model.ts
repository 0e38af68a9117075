/**
 * Owns the reducer's state: what the protocol needs to know, beside what is shown.
 * Never computes anything; `view.ts` builds the view for applications.
 */
import type {
  ClosedRoom,
  ConnectionView,
  Draft,
  Ending,
  Failure,
  FileInfo,
  MemberView,
  NotificationView,
  Person,
  PresenceView,
  RoomId,
  SessionStatus,
  UserId,
} from "../types.ts";
import type { ChangeEntry, Reaction, RoomEntry } from "../wire.ts";
import { OFFLINE } from "./empty.ts";

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
  /** Seq of the member entry it comes from: an older entry must not undo it. */
  readonly seq: number;
}

/**
 * What a log must request from the server. `resume` replaces a request in flight; `fill` waits for it. The connection turns a
 * need into a frame and answers with `asked`.
 */
export type Need = "resume" | "fill" | null;

export interface LogCursor {
  /** Seq of the last applied entry; null before the first answer. */
  readonly cursor: number | null;
  /** Id of the newest request in flight: only its answer counts. */
  readonly re: string | null;
  readonly need: Need;
}

/** Messages far from the newest ones, around one that was jumped to. They are shown instead of `Room.messages`. */
export interface Segment {
  /** Ascending by seq, without holes. */
  readonly messages: readonly LoggedMessage[];
  /** Whether the first message of the room is among them. */
  readonly complete: boolean;
  /** Seq up to which the segment has every message. */
  readonly until: number;
}

export interface Room {
  readonly id: RoomId;
  readonly entry: RoomEntry;
  readonly log: LogCursor;
  /** The highest seq known to exist; a change's `seen` is taken from it. */
  readonly head: number;
  /** Number of messages up to `head`. */
  readonly n: number;
  readonly read: number;
  readonly readN: number;
  /** Seqs of the unread messages that mention the user, ascending. */
  readonly mentions: readonly number[];
  /** Seq up to which the user marked on this device, so that a lost mark is resent. */
  readonly marked: number;
  /** Time until which the user is muted here; known from member entries, not from the list. */
  readonly mutedUntil: string | null;
  readonly slowModeSeconds: number;
  /**
   * A page must know at least this entry (`as_of`): the last reset's head, or the cursor when something was dropped from
   * memory. Only pages know what changed before it.
   */
  readonly floor: number;
  /** Rises when messages are dropped; a page requested before that would leave a hole. */
  readonly generation: number;
  /** Ascending by seq, without holes between the first and the cursor. */
  readonly messages: readonly LoggedMessage[];
  /** What is shown instead of `messages`, apart from them; null while the newest messages are shown. */
  readonly distant: Segment | null;
  /** Whether somebody reads older messages: they are kept, however many arrive. */
  readonly held: boolean;
  readonly loaded: boolean;
  /** Whether the first message of the room is loaded. */
  readonly complete: boolean;
  readonly loading: boolean;
  readonly loadFailure: Failure | null;
  /** Changes of messages that are not loaded, by target: a page may be older than these changes. */
  readonly kept: ReadonlyMap<number, readonly ChangeEntry[]>;
  /** Seq of the last edit or deletion of a message that is not loaded. */
  readonly changedElsewhere: number;
  readonly members: ReadonlyMap<UserId, Member>;
  readonly membersLoaded: boolean;
  readonly pins: readonly number[];
  /** Who pinned a message, by its seq, as far as the log has said. */
  readonly pinners: ReadonlyMap<number, Person>;
  readonly receipts: ReadonlyMap<UserId, number>;
  readonly typing: ReadonlyMap<UserId, { readonly person: Person; readonly until: number }>;
}

export type ChangeKind = "send" | "edit" | "delete" | "react" | "join" | "leave";

/** An unconfirmed change: the outbox owns it on disk, the reducer shows it. */
export interface OutboxItem {
  readonly id: string;
  /** Identifies the outbox (and the tab) that it belongs to. */
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
  /** The head known at the first attempt, and its epoch; null before. */
  readonly seen: number | null;
  readonly epoch: string | null;
  readonly status: "sending" | "failed";
  readonly failure: Failure | null;
  /** Seq of the stored entry: the item is shown until the cursor reaches it. */
  readonly seq: number | null;
}

export interface Core {
  readonly session: SessionStatus;
  readonly ended: Ending | null;
  readonly durable: boolean;
  readonly me: Person | null;
  readonly epoch: string | null;
  readonly connection: ConnectionView;
  readonly ready: boolean;
  readonly rooms: ReadonlyMap<RoomId, Room>;
  /** Rooms that the user was removed or banned from. */
  readonly closed: ReadonlyMap<RoomId, ClosedRoom>;
  /** Seq of the newest known member entry of the user in each room, also in rooms that were removed. */
  readonly memberSeq: ReadonlyMap<RoomId, number>;
  /** Highest acked seq of each room, for `seen` and `min_seq`. */
  readonly lastAck: ReadonlyMap<RoomId, number>;
  readonly own: LogCursor;
  /** `me` of this connection's first `rooms` page. */
  readonly listMe: number | null;
  /** Ids of the rooms in the list being received; null between lists. */
  readonly listing: ReadonlySet<RoomId> | null;
  /** Logs that need a request, so that no code has to scan all rooms. */
  readonly needs: ReadonlySet<string>;
  readonly presence: ReadonlyMap<UserId, PresenceView>;
  /** Notifications by id. */
  readonly notifications: ReadonlyMap<string, NotificationView>;
  readonly notificationsLoaded: boolean;
  readonly notificationsNext: string | null;
  readonly notificationsUnread: number;
  /** Rises when a notification is removed or its text changes: a page requested before that is out of date. */
  readonly notificationsRev: number;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Users whom the user blocks. */
  readonly blocked: ReadonlySet<UserId>;
  readonly outbox: readonly OutboxItem[];
  readonly drafts: ReadonlyMap<RoomId, Draft>;
}

export const NO_LOG: LogCursor = { cursor: null, re: null, need: null };

export const EMPTY_CORE: Core = {
  session: "unknown",
  ended: null,
  durable: true,
  me: null,
  epoch: null,
  connection: OFFLINE,
  ready: false,
  rooms: new Map(),
  closed: new Map(),
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
  blocked: new Set(),
  outbox: [],
  drafts: new Map(),
};

/** Maximum number of messages not loaded whose changes are kept; beyond it `floor` rises instead. */
export const KEPT_MAX = 1_000;

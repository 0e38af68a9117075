/**
 * Owns the frames of protocol v1 as the client reads and writes them (2-protocol).
 * Every union has an arm for what a newer server may send: unknown fields and frames are ignored.
 */
import type { MemberState, NotificationLevel, Person, PresenceStatus, Role, RoomKind } from "./types.js";

/** A room of the list, and in the own log's `room` events. */
export interface RoomEntry {
  id: string;
  slug: string | null;
  /** None for a direct room. */
  name: string | null;
  description?: string;
  kind: RoomKind;
  with: Person | null;
  state: MemberState;
  role: Role;
  at_seq: number;
  level: NotificationLevel;
  hidden: boolean;
  archived?: boolean;
  head: number;
  n: number;
  last_at?: string | null;
  read: number;
  read_n: number;
  mentions: number[];
}

/** A file of a message. */
export interface FileRef {
  id: string;
  name: string;
  content_type: string;
  size: number;
  width?: number;
  height?: number;
  thumbnail: boolean;
}

export interface Reaction {
  emoji: string;
  n: number;
  users: string[];
}

/** A message as pages and events carry it. */
export interface MessageBody {
  seq: number;
  id: string;
  by: Person;
  at: string;
  text?: string | null;
  mentions?: string[];
  reply_to?: number | null;
  thread?: number | null;
  files?: FileRef[];
  rev: number;
  edited_at?: string | null;
  deleted?: boolean;
  reactions?: Reaction[];
}

interface EntryHead {
  room: string;
  seq: number;
  n: number;
  by: Person;
  at: string;
  id: string;
}

export type MessageEntry = EntryHead & MessageBody & { kind: "message" };
export type EditEntry = EntryHead & { kind: "edit"; target: number; text?: string | null };
export type DeleteEntry = EntryHead & { kind: "delete"; target: number };
export type ReactEntry = EntryHead & { kind: "react"; target: number; emoji: string; on: boolean };
export type PinEntry = EntryHead & { kind: "pin"; target: number; on: boolean };
export type MemberEntry = EntryHead & {
  kind: "member";
  user: Person;
  state: MemberState;
  role?: Role;
  muted_until?: string | null;
  why?: string | null;
};
export type RoomChangeEntry = EntryHead & {
  kind: "room";
  name: string | null;
  slug: string | null;
  description: string;
  archived: boolean;
  hides_past: boolean;
  slow_mode_s: number;
};

/** What changes a message. */
export type ChangeEntry = EditEntry | DeleteEntry | ReactEntry;

/** An entry of a room's log. A kind that is not here is unknown: it moves the cursor and shows `fallback`. */
export type RoomEvent = MessageEntry | ChangeEntry | PinEntry | MemberEntry | RoomChangeEntry;

export interface NotificationEntry {
  key: string;
  kind: string;
  notif_type?: string | null;
  title: string;
  body: string;
  room?: string | null;
  seq?: number | null;
  from?: Person | null;
  at: string;
  read: boolean;
}

interface OwnHead {
  room: "@me";
  seq: number;
  id: string;
  at: string;
}

export type OwnEvent =
  | (OwnHead & { kind: "room"; op: "set"; entry: RoomEntry })
  | (OwnHead & { kind: "room"; op: "gone"; entry: { id: string; at_seq: number; why?: string | null } })
  | (OwnHead & { kind: "notification"; op: "added"; entry: NotificationEntry })
  | (OwnHead & { kind: "notification"; op: "read"; key: string | null })
  | (OwnHead & { kind: "notification"; op: "gone"; key: string })
  | (OwnHead & { kind: "setting"; name: string; value: unknown })
  | (OwnHead & { kind: "session"; op: string; session: string | null });

/** What every durable event has, known or not. */
export interface AnyEvent {
  room: string;
  seq: number;
  kind: string;
  n?: number;
  id?: string;
  at?: string;
  by?: Person;
  fallback?: string;
}

export type EventFrame = { t: "event" } & AnyEvent;

export type SyncStatus = "ok" | "more" | "reset" | "forbidden" | "not_found";

export interface SyncFrame {
  t: "sync";
  re?: string | null;
  room: string;
  status: SyncStatus;
  epoch: string;
  from?: number;
  through?: number;
  as_of?: number;
  events?: AnyEvent[];
  head?: number;
  n?: number;
}

export interface WelcomeFrame {
  t: "welcome";
  conn: string;
  node: string;
  epoch: string;
  caps: string[];
  user: Person;
  heartbeat_ms: number;
  max_frame: number;
  online: number;
}

export interface RoomsFrame {
  t: "rooms";
  /** Head of the own log before the list was read; on the first page. */
  me?: number | null;
  rooms: RoomEntry[];
  more: boolean;
}

export interface AckFrame {
  t: "ack";
  id: string;
  room?: string | null;
  seq?: number | null;
  at?: string | null;
  dup?: boolean;
  noop?: boolean;
}

export interface ErrorFrame {
  t: "error";
  id?: string | null;
  of?: string | null;
  room?: string | null;
  code: string;
  message: string;
  retry_ms?: number | null;
  head?: number | null;
  /** The store's, when the change named another one. */
  epoch?: string | null;
}

export interface ReceiptFrame {
  t: "receipt";
  room: string;
  user: string;
  seq: number;
  /** One's own mark, from another device. */
  n?: number | null;
  mentions?: number[] | null;
}

export interface SignalFrame {
  t: "signal";
  room: string;
  kind: string;
  by: Person;
  ttl_ms: number;
}

export interface PresenceFrame {
  t: "presence";
  users: { user: string; status: PresenceStatus; last_seen?: string | null }[];
  full: boolean;
}

export type ServerFrame =
  | WelcomeFrame
  | RoomsFrame
  | SyncFrame
  | EventFrame
  | AckFrame
  | ErrorFrame
  | ReceiptFrame
  | SignalFrame
  | PresenceFrame
  | { t: "ping"; heads?: Record<string, number> }
  | { t: "pong"; id?: string; now?: string }
  | { t: "expiring"; in_ms: number }
  | { t: "lag"; dropped: string[] }
  | { t: "goaway"; delay_ms: number; reason: string };

/** The changes that the outbox repeats until they are answered. */
export type ChangeFrame =
  | { t: "send"; id: string; room: string; text: string; reply_to: number | null; thread: number | null; files?: string[]; seen: number }
  | { t: "edit"; id: string; room: string; target: number; text: string; seen: number }
  | { t: "delete"; id: string; room: string; target: number; seen: number }
  | { t: "react"; id: string; room: string; target: number; emoji: string; on: boolean; seen: number }
  | { t: "join"; id: string; room: string; seen?: number }
  | { t: "leave"; id: string; room: string; seen: number };

export type ClientFrame =
  | ChangeFrame
  | { t: "hello"; v: 1; token?: string; epoch?: string; caps: string[]; batch: true }
  | { t: "resume"; id: string; cursors: Record<string, number | null> }
  | { t: "fill"; id: string; room: string; after: number }
  | { t: "read"; room: string; seq: number }
  | { t: "typing"; room: string; on: boolean }
  | { t: "watch"; users: string[] }
  | { t: "pong" }
  | { t: "ping"; id: string }
  | { t: "auth"; id: string; token: string };

/** The user's own log among the cursors. */
export const OWN_LOG = "@me";

/**
 * Owns what is kept on the device and guarantees how: a change is on disk before it is sent, and cursors move in one
 * transaction with the cache they belong to.
 */
import type { ClosedRoom, Draft, NotificationView, Person, RoomId } from "../types.ts";
import type { ChangeEntry, RoomEntry } from "../wire.ts";
import type { LoggedMessage, OutboxItem } from "../state/model.ts";

/** Number of newest messages cached per room. */
export const CACHED_MESSAGES = 200;

export interface RoomRecord {
  readonly id: RoomId;
  readonly entry: RoomEntry;
  readonly cursor: number | null;
  readonly head: number;
  readonly n: number;
  readonly read: number;
  readonly readN: number;
  readonly mentions: readonly number[];
  readonly marked: number;
  readonly mutedUntil: string | null;
  readonly slowModeSeconds: number;
  readonly floor: number;
  readonly messages: readonly LoggedMessage[];
  readonly loaded: boolean;
  readonly complete: boolean;
  readonly kept: readonly (readonly [number, readonly ChangeEntry[]])[];
  readonly pins: readonly number[];
}

/** State that moves with the user log's cursor. */
export interface MetaRecord {
  readonly epoch: string | null;
  readonly own: number | null;
  readonly memberSeq: readonly (readonly [RoomId, number])[];
  readonly lastAck: readonly (readonly [RoomId, number])[];
  readonly notifications: readonly NotificationView[];
  readonly notificationsUnread: number;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Missing in a cache of an earlier release. */
  readonly closed?: readonly ClosedRoom[];
}

export interface CacheWrite {
  readonly meta: MetaRecord;
  readonly rooms: readonly RoomRecord[];
  readonly gone: readonly RoomId[];
}

export interface Cached {
  readonly meta: MetaRecord | null;
  readonly rooms: readonly RoomRecord[];
  readonly drafts: readonly (readonly [RoomId, Draft])[];
}

/** One queue of changes: its tag, and the last id generated with it. */
export interface OutboxRecord {
  readonly tag: string;
  readonly lastId: string | null;
}

/** The storage of one user. */
export interface UserStore {
  load(): Promise<Cached>;
  write(change: CacheWrite): Promise<void>;
  putDraft(room: RoomId, draft: Draft): Promise<void>;
  /** Keeps the bytes of a draft's file. */
  putFile(key: string, bytes: Blob): Promise<void>;
  /** Returns the bytes, or null if they are not kept. */
  file(key: string): Promise<Blob | null>;
  fileKeys(): Promise<readonly string[]>;
  deleteFile(key: string): Promise<void>;
  outboxes(): Promise<readonly OutboxRecord[]>;
  putOutbox(outbox: OutboxRecord): Promise<void>;
  deleteOutbox(tag: string): Promise<void>;
  items(tag: string): Promise<readonly OutboxItem[]>;
  /** Stores an item and resolves when it is durable. */
  putItem(item: OutboxItem): Promise<void>;
  deleteItem(id: string): Promise<void>;
  /** Deletes everything of this user. */
  destroy(): Promise<void>;
  close(): void;
}

export interface Storage {
  /** Returns the user who was signed in last, so that the cache can be drawn before the network answers. */
  lastUser(): Promise<Person | null>;
  setLastUser(user: Person | null): Promise<void>;
  /** Returns whether a user signed out here and the server does not know it yet. */
  owesLogout(): Promise<boolean>;
  setOwesLogout(owes: boolean): Promise<void>;
  open(user: string): Promise<UserStore>;
}

/**
 * Owns the protocol's types as the client uses them: names for the arms of the generated unions (`generated/wire.ts`, made from
 * crates/wire), and the open arm for what a newer server may send. Unknown fields, frames and kinds are never errors.
 */
import type * as wire from "./generated/wire.ts";

export type { FileRef, SyncStatus } from "./generated/wire.ts";
/** A room of the list. Until `quiet_until` nothing of it notifies the user, whatever the level is; the time may have passed. */
export type RoomEntry = Omit<wire.RoomEntry, "quiet_until"> & { quiet_until?: string | null };
export type Reaction = wire.ReactionView;
export type NotificationEntry = wire.NotificationView;

/** An entry of a room's log of a kind that this version knows. */
export type RoomEvent = wire.Event;
export type MessageEntry = Extract<RoomEvent, { kind: "message" }>;
export type EditEntry = Extract<RoomEvent, { kind: "edit" }>;
export type DeleteEntry = Extract<RoomEvent, { kind: "delete" }>;
export type ReactEntry = Extract<RoomEvent, { kind: "react" }>;
export type PinEntry = Extract<RoomEvent, { kind: "pin" }>;
export type MemberEntry = Extract<RoomEvent, { kind: "member" }>;
export type RoomChangeEntry = Extract<RoomEvent, { kind: "room" }>;
/** An entry that changes a message. */
export type ChangeEntry = EditEntry | DeleteEntry | ReactEntry;

export type OwnEvent = wire.OwnEvent;

/** Fields that every durable event has, known or not. An unknown kind moves the cursor and shows `fallback`. */
export interface AnyEvent {
  room: string;
  seq: number;
  kind: string;
  n?: number;
  id?: string;
  at?: string;
  by?: wire.UserRef;
  fallback?: string;
}

type Known<T extends wire.ServerFrame["t"]> = Extract<wire.ServerFrame, { t: T }>;

export type WelcomeFrame = Known<"welcome">;
export type RoomsFrame = Known<"rooms">;
export type SyncFrame = Omit<Known<"sync">, "events"> & { events: AnyEvent[] };
export type EventFrame = { t: "event" } & AnyEvent;
export type AckFrame = Known<"ack">;
/** An error; an unknown code is final. */
export type ErrorFrame = Omit<Known<"error">, "code"> & { code: string };
export type ReceiptFrame = Known<"receipt">;
export type SignalFrame = Known<"signal">;
export type PresenceFrame = Known<"presence">;

export type ServerFrame =
  | Exclude<wire.ServerFrame, { t: "sync" } | { t: "event" } | { t: "error" }>
  | SyncFrame
  | EventFrame
  | ErrorFrame;

/** A parsed frame before `t` has been checked. */
export interface UnknownFrame {
  t: string;
}

/** The changes that the outbox retries until they are answered. */
export type ChangeFrame = Extract<wire.ClientFrame, { t: "send" | "edit" | "delete" | "react" | "join" | "leave" }>;
export type ClientFrame = wire.ClientFrame;

/** Name of the user log among the cursors. */
export const OWN_LOG = "@me";

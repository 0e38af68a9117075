/** Owns frames and changes for tests: each function takes the fields that matter and fills in the rest. */
import type { OutboxItem } from "../../src/state/model.ts";
import type { FileRef, MessageEntry, ServerFrame } from "../../src/wire.ts";
import type { OwnEvent, Event, RoomEntry } from "../../src/generated/wire.ts";

export const ME = { id: "u-me", name: "ada", guest: false, admin: false };
export const BOB = { id: "u-bob", name: "bob" };
export const AT = "2026-11-21T08:00:00.000Z";

export function entry(change: Partial<RoomEntry> = {}): RoomEntry {
  return {
    id: "r1",
    slug: "general",
    name: "General",
    kind: "public",
    with: null,
    state: "joined",
    role: "member",
    at_seq: 1,
    level: "all",
    hidden: false,
    head: 10,
    n: 8,
    last_at: AT,
    read: 10,
    read_n: 8,
    mentions: [],
    ...change,
  };
}

export function welcome(epoch = "e1"): ServerFrame {
  return {
    t: "welcome",
    v: 1,
    conn: "c1",
    node: "n1",
    epoch,
    caps: [],
    user: ME,
    heartbeat_ms: 25_000,
    max_frame: 65_536,
    online: 2,
  };
}

export function rooms(list: RoomEntry[], me: number | undefined = 5, more = false): ServerFrame {
  return { t: "rooms", ...(me === undefined ? {} : { me }), rooms: list, more };
}

interface Head {
  room?: string;
  n?: number;
  by?: { id: string; name: string };
  id?: string;
}

function head(seq: number, { room = "r1", n = seq, by = BOB, id = `id-${seq}` }: Head) {
  return { room, seq, n, by, at: AT, id };
}

export function message(seq: number, change: Head & { text?: string; mentions?: string[]; rev?: number; files?: FileRef[] } = {}): MessageEntry {
  const { text = `text ${seq}`, mentions = [], rev = seq, files = [] } = change;
  return {
    ...head(seq, change),
    kind: "message",
    text,
    mentions,
    reply_to: null,
    thread: null,
    files,
    rev,
    edited_at: null,
    deleted: false,
    reactions: [],
  };
}

export function edit(seq: number, target: number, text: string, change: Head = {}, mentions?: string[]): Event {
  return { ...head(seq, change), kind: "edit", target, text, ...(mentions === undefined ? {} : { mentions }) };
}

export function remove(seq: number, target: number, change: Head = {}): Event {
  return { ...head(seq, change), kind: "delete", target };
}

export function react(seq: number, target: number, emoji: string, on: boolean, change: Head = {}): Event {
  return { ...head(seq, change), kind: "react", target, emoji, on };
}

export function member(seq: number, user: { id: string; name: string }, state: "joined" | "left" | "kicked", change: Head = {}): Event {
  return { ...head(seq, change), kind: "member", user, state, role: "member" };
}

export function live(event: Event | OwnEvent): ServerFrame {
  return { t: "event", ...event } as ServerFrame;
}

export function own(seq: number, kind: object): OwnEvent {
  return { room: "@me", seq, at: AT, id: `own-${seq}`, ...kind } as OwnEvent;
}

export function sync(room: string, re: string, status: "ok" | "more" | "reset" | "forbidden" | "not_found", rest: { events?: (Event | OwnEvent)[]; head?: number; n?: number; epoch?: string } = {}): ServerFrame {
  const { events = [], epoch = "e1", ...marks } = rest;
  return { t: "sync", re, room, status, epoch, as_of: marks.head ?? 0, events, ...marks } as ServerFrame;
}

/** A message of the user that waits in the outbox. */
export function item(id: string, change: Partial<OutboxItem> = {}): OutboxItem {
  return {
    id,
    tag: "t",
    room: "r1",
    kind: "send",
    text: `text of ${id}`,
    target: null,
    emoji: "",
    on: true,
    replyTo: null,
    thread: null,
    files: [],
    at: AT,
    seen: null,
    epoch: null,
    status: "sending",
    failure: null,
    seq: null,
    ...change,
  };
}

/** Owns the view of one message: the log's state, overlaid with this client's unconfirmed changes. */
import type { MessageView, PendingMessage, Person } from "../types.ts";
import { react } from "./message.ts";
import type { LoggedMessage, OutboxItem } from "./model.ts";

/** Whether a message is pinned, and by whom if that is known. */
export type Pin = boolean | Person;

/** Builds the view of a logged message. `changes` are its edits, deletions and reactions in the outbox, in the order made. */
export function messageView(
  room: string,
  logged: LoggedMessage,
  pin: Pin,
  me: Person | null,
  changes: readonly OutboxItem[],
): MessageView {
  let message = logged;
  let last: OutboxItem | null = null;
  for (const change of changes) {
    // The message already contains an acked change whose event was folded in.
    if (change.seq !== null && change.seq <= logged.rev) continue;
    last = change.seq === null ? change : last;
    if (change.status === "failed") continue;
    message = overlay(message, change, me?.id ?? "");
  }
  return {
    key: `${message.by.id}:${message.id}`,
    room,
    seq: message.seq,
    id: message.id,
    kind: message.kind,
    by: message.by,
    at: message.at,
    text: message.text,
    mentions: message.mentions,
    replyTo: message.replyTo,
    thread: message.thread,
    files: message.files,
    editedAt: message.editedAt,
    deleted: message.deleted,
    pinned: pin !== false,
    pinnedBy: typeof pin === "object" ? pin : null,
    reactions: message.reactions.map((reaction) => ({ ...reaction, mine: me !== null && reaction.users.includes(me.id) })),
    mine: message.by.id === me?.id,
    mentionsMe: me !== null && message.mentions.includes(me.id),
    status: "sent",
    failure: null,
    change:
      last === null
        ? null
        : { id: last.id, kind: last.kind as "edit" | "delete" | "react", status: last.status, failure: last.failure },
  };
}

function overlay(message: LoggedMessage, change: OutboxItem, me: string): LoggedMessage {
  if (message.deleted) return message;
  switch (change.kind) {
    case "edit":
      return { ...message, text: change.text, editedAt: change.at };
    case "delete":
      return { ...message, text: "", deleted: true, files: [], reactions: [], mentions: [] };
    case "react": {
      const mine = message.reactions.find((reaction) => reaction.emoji === change.emoji)?.users.includes(me) ?? false;
      return mine === change.on ? message : { ...message, reactions: react(message.reactions, me, change.emoji, change.on) };
    }
    default:
      return message;
  }
}

/** Builds the view of a message in the outbox, drawn after those of the log. */
export function sendingView(item: OutboxItem, me: Person): MessageView {
  return {
    key: `${me.id}:${item.id}`,
    room: item.room,
    seq: item.seq,
    id: item.id,
    kind: "message",
    by: me,
    at: item.at,
    text: item.text,
    mentions: [],
    replyTo: item.replyTo,
    thread: item.thread,
    files: item.files,
    editedAt: null,
    deleted: false,
    pinned: false,
    pinnedBy: null,
    reactions: [],
    mine: true,
    mentionsMe: false,
    status: item.seq !== null ? "sent" : item.status,
    failure: item.failure,
    change: null,
  };
}

export function pendingView(item: OutboxItem): PendingMessage {
  return {
    id: item.id,
    room: item.room,
    kind: item.kind,
    text: item.text,
    at: item.at,
    status: item.status,
    failure: item.failure,
  };
}

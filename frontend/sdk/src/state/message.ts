/** Owns the fold of one message: how a change is applied to it. */
import type { FileInfo } from "../types.ts";
import type { AnyEvent, ChangeEntry, FileRef, MessageEntry, Reaction } from "../wire.ts";
import type { LoggedMessage } from "./model.ts";

/** Maximum number of users that a reaction lists, the same as the server's. */
const REACTION_USERS = 20;

export function fromBody(body: MessageEntry): LoggedMessage {
  return {
    seq: body.seq,
    id: body.id,
    kind: "message",
    by: body.by,
    at: body.at,
    text: body.text,
    mentions: body.mentions,
    replyTo: body.reply_to,
    thread: body.thread,
    files: body.files.map(fileInfo),
    rev: body.rev,
    editedAt: body.edited_at,
    deleted: body.deleted,
    reactions: body.reactions,
  };
}

export function fileInfo(file: FileRef): FileInfo {
  return {
    id: file.id,
    name: file.name,
    type: file.content_type,
    size: file.size,
    width: file.width ?? null,
    height: file.height ?? null,
    thumbnail: file.thumbnail,
    ...(file.metadata === undefined ? {} : { metadata: file.metadata }),
  };
}

/** Returns what an entry of an unknown kind shows, or null when it has no fallback text. */
export function fromUnknown(event: AnyEvent): LoggedMessage | null {
  if (typeof event.fallback !== "string" || event.by === undefined) return null;
  return {
    seq: event.seq,
    id: event.id ?? `${event.room}:${event.seq}`,
    kind: "notice",
    by: event.by,
    at: event.at ?? "",
    text: event.fallback,
    mentions: [],
    replyTo: null,
    thread: null,
    files: [],
    rev: event.seq,
    editedAt: null,
    deleted: false,
    reactions: [],
  };
}

/** Applies a change only if it is newer than the message; a deletion is final. */
export function applyChange(message: LoggedMessage, change: ChangeEntry): LoggedMessage {
  if (change.seq <= message.rev || message.deleted) return message;
  const rev = change.seq;
  switch (change.kind) {
    case "edit":
      return { ...message, rev, text: change.text, mentions: change.mentions ?? message.mentions, editedAt: change.at };
    case "delete":
      return { ...message, rev, text: "", deleted: true, files: [], reactions: [], mentions: [] };
    case "react":
      return { ...message, rev, reactions: react(message.reactions, change.by.id, change.emoji, change.on) };
  }
}

/** Adds or removes one user's reaction. The list of users is truncated, so only the count is reliable. */
export function react(reactions: readonly Reaction[], user: string, emoji: string, on: boolean): readonly Reaction[] {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if (on) {
    if (known === undefined) return [...reactions, { emoji, n: 1, users: [user] }];
    if (known.users.includes(user)) return reactions;
    const users = known.users.length < REACTION_USERS ? [...known.users, user] : known.users;
    return reactions.map((reaction) => (reaction === known ? { emoji, n: known.n + 1, users } : reaction));
  }
  if (known === undefined) return reactions;
  if (known.n <= 1) return reactions.filter((reaction) => reaction !== known);
  const users = known.users.filter((other) => other !== user);
  return reactions.map((reaction) => (reaction === known ? { emoji, n: known.n - 1, users } : reaction));
}

/** Returns the index of the first message with `seq` or above. */
export function indexFrom(messages: readonly { readonly seq: number }[], seq: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Inserts `message` in order, unless an equal or newer version is there. Returns the same array when nothing changed. */
export function insert(messages: readonly LoggedMessage[], message: LoggedMessage): readonly LoggedMessage[] {
  const last = messages[messages.length - 1];
  // Several times faster than a spread, and this runs for each event.
  if (last === undefined || last.seq < message.seq) return messages.concat([message]);
  const at = indexFrom(messages, message.seq);
  const there = messages[at];
  if (there?.seq === message.seq) {
    if (there.rev >= message.rev) return messages;
    return messages.with(at, message);
  }
  return messages.toSpliced(at, 0, message);
}

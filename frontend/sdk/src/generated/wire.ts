// Made by `cargo xtask gen` from crates/wire. Do not edit.
// biome-ignore-all lint: generated
/* eslint-disable */

export type RoomKind = "public" | "private" | "direct";

export type Role = "read_only" | "member" | "moderator" | "admin" | "owner";

export type MemberState = "invited" | "joined" | "left" | "kicked" | "banned";

export type Level = "all" | "mentions" | "none";

export type Code = "unauthenticated" | "signed_out" | "forbidden" | "not_found" | "muted" | "slow_mode" | "archived" | "too_large" | "rate_limited" | "conflict" | "stale" | "bad_request" | "overloaded" | "unavailable";

export type UserRole = "user" | "admin";

export type NotificationKind = "mention" | "direct" | "reply" | "invite" | "posted";

export type PresenceStatus = "offline" | "away" | "online";

export type FileState = "uploading" | "unsent" | "sent" | "dropped";

export type FileMetadata = "absent" | "removed" | "kept";

export type UserRef = { 
/**
 * The user's id; it never changes.
 */
id: string, 
/**
 * The handle; empty if the user no longer exists.
 */
name: string, 
/**
 * The display name, shown instead of the handle.
 */
display_name?: string, 
/**
 * Whether the user is a guest, who has no password.
 */
guest?: boolean, 
/**
 * Whether the account was deleted. The handle is then made up, and the display name says so in English.
 */
deleted?: boolean, };

export type UserSelf = { 
/**
 * The user's id; it never changes.
 */
id: string, 
/**
 * The handle.
 */
name: string, 
/**
 * The display name, shown instead of the handle.
 */
display_name?: string, 
/**
 * Whether the user is a guest, who has no password.
 */
guest: boolean, 
/**
 * Whether the user is an admin of the installation.
 */
admin: boolean, };

export type FileRef = { 
/**
 * The file's id.
 */
id: string, 
/**
 * The file's name, as given by the uploader.
 */
name: string, 
/**
 * The media type, detected from the bytes.
 */
content_type: string, 
/**
 * The size in bytes.
 */
size: number, 
/**
 * The width in pixels, for a picture.
 */
width?: number, 
/**
 * The height in pixels, for a picture.
 */
height?: number, 
/**
 * Whether `/thumbnail` serves a thumbnail of it.
 */
thumbnail: boolean, 
/**
 * What became of the data about place, time and device in the file. Absent if files of this type have none, and for
 * a file that an earlier release stored, which may contain them.
 */
metadata?: FileMetadata, };

export type ReactionView = { 
/**
 * The emoji.
 */
emoji: string, 
/**
 * The number of users who reacted with it.
 */
n: number, 
/**
 * The ids of the first users who did.
 */
users: Array<string>, };

export type Event = { 
/**
 * The room's id.
 */
room: string, 
/**
 * The entry's seq in the log.
 */
seq: number, 
/**
 * The number of messages so far.
 */
n: number, 
/**
 * The author.
 */
by: UserRef, 
/**
 * When it was appended (RFC 3339, UTC, milliseconds).
 */
at: string, 
/**
 * The id that the sender chose for the entry.
 */
id: string, } & ({ "kind": "message", 
/**
 * The text; empty if the message was deleted.
 */
text: string, 
/**
 * The ids of mentioned users.
 */
mentions: Array<string>, 
/**
 * The seq of the message it replies to.
 */
reply_to: number | null, 
/**
 * The seq of the thread's root message.
 */
thread: number | null, 
/**
 * The attached files.
 */
files: Array<FileRef>, 
/**
 * The seq of its last change.
 */
rev: number, 
/**
 * When the text was last edited.
 */
edited_at: string | null, 
/**
 * Whether the message was deleted; deletion is final.
 */
deleted: boolean, 
/**
 * The reactions, in the order in which each emoji was first used.
 */
reactions: Array<ReactionView>, } | { "kind": "edit", 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The new text.
 */
text: string, 
/**
 * The ids of users mentioned by the new text. If absent, the mentions stay unchanged.
 */
mentions?: Array<string>, } | { "kind": "delete", 
/**
 * The seq of the message.
 */
target: number, } | { "kind": "react", 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The emoji.
 */
emoji: string, 
/**
 * True if added, false if removed.
 */
on: boolean, } | { "kind": "pin", 
/**
 * The seq of the message.
 */
target: number, 
/**
 * True if pinned, false if unpinned.
 */
on: boolean, } | { "kind": "member", 
/**
 * The affected user.
 */
user: UserRef, 
/**
 * The new membership state.
 */
state: MemberState, 
/**
 * The new role.
 */
role: Role, 
/**
 * The time until which the user is muted.
 */
muted_until?: string, 
/**
 * The reason, if one was given.
 */
why?: string, } | { "kind": "room", 
/**
 * The room's name; null for a direct room.
 */
name: string | null, 
/**
 * The slug of a public room.
 */
slug: string | null, 
/**
 * The room's description.
 */
description: string, 
/**
 * Who may join. Not called `kind`, because that is the event's kind.
 */
room_kind: RoomKind, 
/**
 * Whether the room is archived, so that nothing can be sent.
 */
archived: boolean, 
/**
 * Whether new members cannot see what was sent before they joined.
 */
hides_past: boolean, 
/**
 * Slow mode: the minimum number of seconds between two messages of a member.
 */
slow_mode_s: number, });

export type EventKind = { "kind": "message", 
/**
 * The text; empty if the message was deleted.
 */
text: string, 
/**
 * The ids of mentioned users.
 */
mentions: Array<string>, 
/**
 * The seq of the message it replies to.
 */
reply_to: number | null, 
/**
 * The seq of the thread's root message.
 */
thread: number | null, 
/**
 * The attached files.
 */
files: Array<FileRef>, 
/**
 * The seq of its last change.
 */
rev: number, 
/**
 * When the text was last edited.
 */
edited_at: string | null, 
/**
 * Whether the message was deleted; deletion is final.
 */
deleted: boolean, 
/**
 * The reactions, in the order in which each emoji was first used.
 */
reactions: Array<ReactionView>, } | { "kind": "edit", 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The new text.
 */
text: string, 
/**
 * The ids of users mentioned by the new text. If absent, the mentions stay unchanged.
 */
mentions?: Array<string>, } | { "kind": "delete", 
/**
 * The seq of the message.
 */
target: number, } | { "kind": "react", 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The emoji.
 */
emoji: string, 
/**
 * True if added, false if removed.
 */
on: boolean, } | { "kind": "pin", 
/**
 * The seq of the message.
 */
target: number, 
/**
 * True if pinned, false if unpinned.
 */
on: boolean, } | { "kind": "member", 
/**
 * The affected user.
 */
user: UserRef, 
/**
 * The new membership state.
 */
state: MemberState, 
/**
 * The new role.
 */
role: Role, 
/**
 * The time until which the user is muted.
 */
muted_until?: string, 
/**
 * The reason, if one was given.
 */
why?: string, } | { "kind": "room", 
/**
 * The room's name; null for a direct room.
 */
name: string | null, 
/**
 * The slug of a public room.
 */
slug: string | null, 
/**
 * The room's description.
 */
description: string, 
/**
 * Who may join. Not called `kind`, because that is the event's kind.
 */
room_kind: RoomKind, 
/**
 * Whether the room is archived, so that nothing can be sent.
 */
archived: boolean, 
/**
 * Whether new members cannot see what was sent before they joined.
 */
hides_past: boolean, 
/**
 * Slow mode: the minimum number of seconds between two messages of a member.
 */
slow_mode_s: number, };

export type OwnEvent = { 
/**
 * Always `@me`.
 */
room: string, 
/**
 * The entry's seq in the log.
 */
seq: number, 
/**
 * When it was appended (RFC 3339, UTC, milliseconds).
 */
at: string, 
/**
 * The entry's id.
 */
id: string, } & ({ "kind": "room" } & RoomChange | { "kind": "notification" } & NotificationChange | { "kind": "setting", 
/**
 * The setting's name.
 */
name: string, 
/**
 * The new value.
 */
value: unknown, } | { "kind": "session", 
/**
 * Always `ended`.
 */
op: string, 
/**
 * The session's id.
 */
session: string | null, });

export type OwnEventKind = { "kind": "room" } & RoomChange | { "kind": "notification" } & NotificationChange | { "kind": "setting", 
/**
 * The setting's name.
 */
name: string, 
/**
 * The new value.
 */
value: unknown, } | { "kind": "session", 
/**
 * Always `ended`.
 */
op: string, 
/**
 * The session's id.
 */
session: string | null, };

export type RoomChange = { "op": "set", 
/**
 * The room, in the form of the `rooms` frame.
 */
entry: RoomEntry, } | { "op": "gone", 
/**
 * The room and the reason.
 */
entry: RoomGone, };

export type RoomGone = { 
/**
 * The room's id.
 */
id: string, 
/**
 * The seq of the member entry. Ignore the event if a newer one is known.
 */
at_seq: number, 
/**
 * `left`, `kicked` or `banned`.
 */
why: MemberState, 
/**
 * The reason, if one was given.
 */
reason?: string, };

export type NotificationChange = { "op": "added", 
/**
 * The notification, in the form of the REST API.
 */
entry: NotificationView, } | { "op": "changed", 
/**
 * The notification after the edit.
 */
entry: NotificationView, } | { "op": "read", 
/**
 * The notification's key.
 */
key: string | null, } | { "op": "gone", 
/**
 * The notification's key.
 */
key: string, };

export type AnyEvent = Event | OwnEvent;

export type RoomEntry = { 
/**
 * The room's id.
 */
id: string, 
/**
 * The slug of a public room.
 */
slug: string | null, 
/**
 * The room's name; null for a direct room.
 */
name: string | null, 
/**
 * Who may join.
 */
kind: RoomKind, 
/**
 * The room's description.
 */
description?: string, 
/**
 * The other user of a direct room.
 */
with: UserRef | null, 
/**
 * The user's membership state.
 */
state: MemberState, 
/**
 * The user's role in the room.
 */
role: Role, 
/**
 * The seq of the member entry that this state comes from.
 */
at_seq: number, 
/**
 * Which events notify the user.
 */
level: Level, 
/**
 * Until when nothing notifies the user, whatever the level is; absent if there is no such time. It may have passed.
 */
quiet_until?: string, 
/**
 * Whether the room is hidden from the list until something new arrives.
 */
hidden: boolean, 
/**
 * Whether a stranger opened this direct room and the user has not answered yet. It ends when the user sends,
 * reacts or accepts.
 */
request?: boolean, 
/**
 * Whether the room is archived, so that nothing can be sent.
 */
archived?: boolean, 
/**
 * The seq of the last entry.
 */
head: number, 
/**
 * The number of messages so far.
 */
n: number, 
/**
 * When the last entry was appended; null if the room has none.
 */
last_at: string | null, 
/**
 * The seq of the last entry that the user has read.
 */
read: number, 
/**
 * That entry's `n`.
 */
read_n: number, 
/**
 * The seqs of unread messages that mention the user.
 */
mentions: Array<number>, };

export type PresenceEntry = { 
/**
 * The user's id.
 */
user: string, 
/**
 * The best status among the user's connections.
 */
status: PresenceStatus, 
/**
 * When the user was last online.
 */
last_seen?: string, };

export type SyncStatus = "ok" | "more" | "reset" | "forbidden" | "not_found";

export type ClientFrame = { "t": "hello", 
/**
 * The protocol's version.
 */
v: number, 
/**
 * An access token.
 */
token?: string, 
/**
 * The epoch of the client's cursors.
 */
epoch?: string, 
/**
 * Optional features that the client supports.
 */
caps: Array<string>, 
/**
 * Whether the server may send several frames as one array.
 */
batch: boolean, } | { "t": "resume", 
/**
 * Returned as `re` in the answer.
 */
id: string, 
/**
 * The cursors, by the room's id or slug, or `@me`.
 */
cursors: { [key in string]: number | null }, } | { "t": "fill", 
/**
 * Returned as `re` in the answer.
 */
id: string, 
/**
 * The room's id or slug, or `@me`.
 */
room: string, 
/**
 * The seq of the last entry that the client has.
 */
after: number, } | { "t": "send", 
/**
 * A UUIDv7; the same on every retry.
 */
id: string, 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The message's text; may be empty only if files are attached.
 */
text: string, 
/**
 * The seq of the message it replies to.
 */
reply_to?: number | null, 
/**
 * The seq of the thread's root message.
 */
thread?: number | null, 
/**
 * The ids of uploaded files to attach.
 */
files?: Array<string>, 
/**
 * The log's head that the client knew when it first tried.
 */
seen: number, } | { "t": "edit", 
/**
 * A UUIDv7; the same on every retry.
 */
id: string, 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The message's new text.
 */
text: string, 
/**
 * The log's head that the client knew when it first tried.
 */
seen: number, } | { "t": "delete", 
/**
 * A UUIDv7; the same on every retry.
 */
id: string, 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The log's head that the client knew when it first tried.
 */
seen: number, } | { "t": "react", 
/**
 * A UUIDv7; the same on every retry.
 */
id: string, 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The emoji.
 */
emoji: string, 
/**
 * True to add the reaction, false to remove it.
 */
on: boolean, 
/**
 * The log's head that the client knew when it first tried.
 */
seen: number, } | { "t": "join", 
/**
 * A UUIDv7; the same on every retry.
 */
id: string, 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The head from the directory. Without it, the server does not recognise a retry.
 */
seen?: number, } | { "t": "leave", 
/**
 * A UUIDv7; the same on every retry.
 */
id: string, 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The log's head that the client knew when it first tried.
 */
seen: number, } | { "t": "read", 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The seq of the last entry read.
 */
seq: number, } | { "t": "typing", 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * True if the user is typing, false if they stopped.
 */
on: boolean, } | { "t": "watch", 
/**
 * Ids of at most 200 users, each sharing a room with the sender.
 */
users: Array<string>, } | { "t": "pong", } | { "t": "ping", 
/**
 * Returned in the `pong`.
 */
id?: string, } | { "t": "auth", 
/**
 * Returned in the `ack`.
 */
id: string, 
/**
 * The new access token.
 */
token: string, };

export type ServerFrame = { "t": "welcome", 
/**
 * The protocol's version.
 */
v: number, 
/**
 * The socket's id.
 */
conn: string, 
/**
 * The node's name.
 */
node: string, 
/**
 * The epoch of the store.
 */
epoch: string, 
/**
 * Optional features that are enabled.
 */
caps: Array<string>, 
/**
 * The signed-in user.
 */
user: UserSelf, 
/**
 * Milliseconds between two pings.
 */
heartbeat_ms: number, 
/**
 * The maximum size of a client's frame, in bytes.
 */
max_frame: number, 
/**
 * The number of users who are online.
 */
online: number, } | { "t": "rooms", 
/**
 * The head of the user log, read before the list; only on the first page.
 */
me?: number, 
/**
 * The rooms on this page.
 */
rooms: Array<RoomEntry>, 
/**
 * Whether another page follows.
 */
more: boolean, } | { "t": "sync", 
/**
 * The `id` of the request.
 */
re: string, 
/**
 * A room id, or `@me`.
 */
room: string, 
/**
 * The log's state for this socket.
 */
status: SyncStatus, 
/**
 * The epoch of the store.
 */
epoch: string, 
/**
 * The first seq of the page's range.
 */
from?: number, 
/**
 * The last seq of the page's range.
 */
through?: number, 
/**
 * The log's head, taken before the page was read.
 */
as_of: number, 
/**
 * For `reset`: live events start at `head + 1`.
 */
head?: number, 
/**
 * For `reset`: the `n` of that entry.
 */
n?: number, 
/**
 * The entries: events of a room, or of the user log.
 */
events: Array<AnyEvent>, } | { "t": "ack", 
/**
 * The `id` of the change.
 */
id: string, 
/**
 * The room's id; null for `auth`.
 */
room: string | null, 
/**
 * The entry's seq; null if nothing changed.
 */
seq: number | null, 
/**
 * When the change was stored.
 */
at: string, 
/**
 * Whether the change is a duplicate that was stored before.
 */
dup: boolean, 
/**
 * Whether the change had no effect.
 */
noop: boolean, } | { "t": "event" } & AnyEvent | { "t": "receipt", 
/**
 * The room's id.
 */
room: string, 
/**
 * The id of the user who read.
 */
user: string, 
/**
 * The seq of the last entry read.
 */
seq: number, 
/**
 * That entry's `n`.
 */
n?: number, 
/**
 * The seqs of mentions that are still unread.
 */
mentions?: Array<number>, } | { "t": "signal", 
/**
 * The room's id.
 */
room: string, 
/**
 * Always `typing`; it ended if `ttl_ms` is 0.
 */
kind: string, 
/**
 * The user who is typing.
 */
by: UserRef, 
/**
 * How long the event is valid, in milliseconds.
 */
ttl_ms: number, } | { "t": "presence", 
/**
 * The users whose presence changed, or all watched users if `full`.
 */
users: Array<PresenceEntry>, 
/**
 * Whether the list is complete: watched users that are not in it are offline.
 */
full: boolean, } | { "t": "ping", 
/**
 * The new heads of logs that changed since the last heartbeat.
 */
heads: { [key in string]: number }, } | { "t": "pong", 
/**
 * The `id` of the ping.
 */
id?: string, 
/**
 * The server's current time.
 */
now: string, } | { "t": "expiring", 
/**
 * Milliseconds until it expires.
 */
in_ms: number, } | { "t": "lag", 
/**
 * The kinds of dropped frames.
 */
dropped: Array<string>, } | { "t": "goaway", 
/**
 * Milliseconds to wait before reconnecting.
 */
delay_ms: number, 
/**
 * The reason for the request.
 */
reason: string, } | { "t": "error", 
/**
 * The `id` of the rejected frame.
 */
id?: string, 
/**
 * The `t` of the rejected frame.
 */
of?: string, 
/**
 * The `room` of the rejected frame.
 */
room?: string, 
/**
 * The error code, for programs.
 */
code: Code, 
/**
 * The error message, for people.
 */
message: string, 
/**
 * Milliseconds after which a retry makes sense.
 */
retry_ms?: number, 
/**
 * The log's head, if the code is `stale`.
 */
head?: number, 
/**
 * The store's epoch, if the change named another one.
 */
epoch?: string, };

export type Problem = { 
/**
 * Always `about:blank`: `code` identifies the problem.
 */
type: string, 
/**
 * The HTTP status as text.
 */
title: string, 
/**
 * The HTTP status.
 */
status: number, 
/**
 * What happened, and what the user can do about it.
 */
detail: string, 
/**
 * The error code, for programs.
 */
code: Code, 
/**
 * Milliseconds after which a retry makes sense.
 */
retry_ms?: number, 
/**
 * The log's head, if the code is `stale`.
 */
head?: number, };

export type Acked = { 
/**
 * The entry's id.
 */
id: string, 
/**
 * The entry's seq; null if nothing changed.
 */
seq: number | null, 
/**
 * When the change was stored.
 */
at: string, 
/**
 * Whether the change is a duplicate that was stored before.
 */
dup: boolean, 
/**
 * Whether the change had no effect.
 */
noop: boolean, };

export type RegisterBody = { 
/**
 * The unique handle.
 */
name: string, 
/**
 * The name shown to others, such as `Maria Gómez`. Without it, the handle is shown.
 */
display_name?: string, 
/**
 * The password: 8 to 256 characters, and neither one of the commonest nor the name itself.
 */
password: string, 
/**
 * An e-mail address, as a contact. It need not be unique, and cannot be used to sign in.
 */
email?: string, 
/**
 * The token of the first account, which becomes the installation's admin: the server prints it when it starts.
 */
first_token?: string, };

export type LoginBody = { 
/**
 * The handle. Accounts of older releases can also sign in with their e-mail address, until they change it.
 */
name: string, 
/**
 * The password.
 */
password: string, 
/**
 * The mark that an earlier sign-in from this device returned. With it, wrong guesses of others do not hold up this
 * sign-in. Browsers send the cookie instead.
 */
device_mark?: string, };

export type GuestBody = { 
/**
 * A handle, or any name such as `Maria Gómez`: that becomes the display name, and the handle is derived from it
 * (`mariagomez`). A handle that is taken gets a suffix.
 */
name: string, };

export type Setup = { 
/**
 * Whether a registration must carry `first_token`: there is no account yet, and the caller is not on the server's own
 * machine.
 */
needs_first_token: boolean, };

export type InstallationConfig = { 
/**
 * Whether guests may sign in with only a name.
 */
guests: boolean, 
/**
 * Whether anyone may register an account.
 */
registration: boolean, 
/**
 * Whom to ask for an account, in the operator's words; null if the operator said nothing.
 */
contact: string | null, 
/**
 * The limits that a client checks before it sends.
 */
limits: ClientLimits, };

export type ClientLimits = { 
/**
 * Bytes of the largest file.
 */
upload_bytes: number, };

export type RefreshBody = { 
/**
 * The newest refresh token.
 */
refresh_token?: string, };

export type Tokens = { 
/**
 * The access token, for `Authorization: Bearer` and for `hello`.
 */
access_token: string, 
/**
 * Seconds until the access token expires.
 */
expires_in: number, 
/**
 * The token for the next refresh. Left out if it is sent as a cookie, or did not change.
 */
refresh_token?: string, 
/**
 * After a sign-in with a password: the mark to send with the next one from this device, for any time in the next 400
 * days. Left out if it is sent as a cookie.
 */
device_mark?: string, 
/**
 * The signed-in user.
 */
user: UserSelf, };

export type TicketAnswer = { 
/**
 * The ticket; it works once.
 */
ticket: string, 
/**
 * Seconds until the ticket expires.
 */
expires_in: number, };

export type Me = { 
/**
 * The e-mail address.
 */
email: string | null, 
/**
 * When the account was created.
 */
created_at: string, 
/**
 * The user's id; it never changes.
 */
id: string, 
/**
 * The handle.
 */
name: string, 
/**
 * The display name, shown instead of the handle.
 */
display_name?: string, 
/**
 * Whether the user is a guest, who has no password.
 */
guest: boolean, 
/**
 * Whether the user is an admin of the installation.
 */
admin: boolean, };

export type MePatch = { 
/**
 * A new handle. Requires `old_password`, as far as the account has a password.
 */
name?: string, 
/**
 * A new display name; an empty string removes it.
 */
display_name?: string, 
/**
 * A new e-mail address; an empty string removes it. Requires `old_password`, like a new handle.
 */
email?: string, 
/**
 * A new password, with the same rules as at registration. Requires `old_password`, and ends all other sessions.
 */
password?: string, 
/**
 * The current password.
 */
old_password?: string, };

export type UserPage = { 
/**
 * The users, ordered by name.
 */
items: Array<UserRef>, 
/**
 * The value of `after` that requests the next page.
 */
next: string | null, };

export type SessionView = { 
/**
 * The session's id.
 */
id: string, 
/**
 * The device's own name for itself.
 */
device: string, 
/**
 * When the session began.
 */
created_at: string, 
/**
 * When the session was last refreshed.
 */
last_used_at: string, 
/**
 * Whether this is the session that made the request.
 */
current: boolean, };

export type SessionList = { 
/**
 * The sessions, newest first.
 */
items: Array<SessionView>, };

export type DeleteMe = { 
/**
 * The current password. Required, as far as the account has one.
 */
password?: string, 
/**
 * Whether everything that the caller wrote is deleted, too. Otherwise it stays, under the name of a deleted user.
 */
messages?: boolean, };

export type ResetBody = { 
/**
 * The token of the link: what follows the `#`.
 */
token: string, 
/**
 * The new password, with the same rules as at registration.
 */
password: string, };

export type AccountView = { 
/**
 * The user's id.
 */
id: string, 
/**
 * The handle.
 */
name: string, 
/**
 * The display name.
 */
display_name: string | null, 
/**
 * Whether the user is a guest, who has no password.
 */
guest: boolean, 
/**
 * Whether the user is an admin of the installation.
 */
admin: boolean, 
/**
 * Whether the user is banned from the installation.
 */
banned: boolean, 
/**
 * When the account was created.
 */
created_at: string, 
/**
 * When one of the user's sessions began or was last refreshed; null if the user has no session.
 */
last_used_at: string | null, 
/**
 * The number of sessions that have not ended.
 */
sessions: number, };

export type AccountPage = { 
/**
 * The accounts, ordered by handle.
 */
items: Array<AccountView>, 
/**
 * The value of `after` that requests the next page.
 */
next: string | null, };

export type RenameBody = { 
/**
 * The new handle. Admins may choose reserved names.
 */
name?: string, 
/**
 * The new display name; an empty string removes it.
 */
display_name?: string, };

export type NewPasswordBody = { 
/**
 * The password, with the same rules as at registration.
 */
password: string, };

export type ResetLink = { 
/**
 * The path of the link at the address of the page. The token is behind the `#`, which browsers send to no server.
 */
path: string, 
/**
 * The token, for `POST /api/auth/reset`. It works once.
 */
token: string, 
/**
 * When the link expires.
 */
expires_at: string, };

export type AuditSubjectView = { 
/**
 * The id of a user; null for a room, and for an account that was to be created.
 */
user: string | null, 
/**
 * The id of a room; null for a user.
 */
room: string | null, 
/**
 * The handle of the user, or the name of the room, before the action.
 */
name: string, };

export type AuditView = { 
/**
 * The record's id.
 */
id: string, 
/**
 * When the action began.
 */
at: string, 
/**
 * The id of who did it; null for an operator on the command line.
 */
by: string | null, 
/**
 * The handle that they had.
 */
by_name: string | null, 
/**
 * How it was requested: `cli` or `rest`.
 */
via: string, 
/**
 * What was done: `create_user`, `issue_reset_link`, `set_password`, `rename`, `grant_admin`, `revoke_admin`, `ban`,
 * `unban`, `sign_out`, `delete_account`, `delete_account_and_messages` or `delete_room`. Later releases may add others.
 */
action: string, 
/**
 * To what it was done.
 */
subject: AuditSubjectView, 
/**
 * What became of it: `done`, `refused`, or `begun` for an action whose end is not known.
 */
outcome: string, };

export type AuditPageView = { 
/**
 * The records, newest first.
 */
items: Array<AuditView>, 
/**
 * The value of `before` that requests the next page.
 */
next: string | null, };

export type CreateRoom = { 
/**
 * The slug, for public rooms only. If left out, it is derived from the name.
 */
id?: string, 
/**
 * The room's name: 1 to 80 characters.
 */
name: string, 
/**
 * The room's description.
 */
description?: string, 
/**
 * `public` or `private`; `public` if left out.
 */
kind?: RoomKind, 
/**
 * Whether new members cannot see what was sent before they joined.
 */
hides_past?: boolean, };

export type RoomView = { 
/**
 * The room's id.
 */
id: string, 
/**
 * The slug of a public room.
 */
slug: string | null, 
/**
 * The room's name; null for a direct room.
 */
name: string | null, 
/**
 * The room's description.
 */
description: string, 
/**
 * Who may join.
 */
kind: RoomKind, 
/**
 * Whether the room is archived, so that nothing can be sent.
 */
archived: boolean, 
/**
 * Whether new members cannot see what was sent before they joined.
 */
hides_past: boolean, 
/**
 * Slow mode: the minimum number of seconds between two messages of a member.
 */
slow_mode_s: number, 
/**
 * The other user of a direct room.
 */
with: UserRef | null, 
/**
 * The caller's membership state; null if the caller was never a member.
 */
state: MemberState | null, 
/**
 * The caller's role in the room.
 */
role: Role | null, 
/**
 * The time until which the caller is muted.
 */
muted_until: string | null, 
/**
 * The number of members.
 */
members: number, 
/**
 * The seq of the last entry, to be sent as `seen` of a join.
 */
head: number, 
/**
 * The number of messages so far.
 */
n: number, 
/**
 * The seqs of pinned messages.
 */
pins: Array<number>, };

export type DirectoryPage = { 
/**
 * The public rooms, ordered by slug.
 */
items: Array<DirectoryEntry>, 
/**
 * The value of `after` that requests the next page.
 */
next: string | null, };

export type DirectoryEntry = { 
/**
 * The room's id.
 */
id: string, 
/**
 * The room's slug.
 */
slug: string, 
/**
 * The room's name.
 */
name: string, 
/**
 * The room's description.
 */
description: string, 
/**
 * The number of members.
 */
members: number, 
/**
 * Whether the caller is a member.
 */
joined: boolean, 
/**
 * Whether the operator offers the room to everybody (`PALAVER_DEFAULT_ROOMS`).
 */
offered: boolean, 
/**
 * The seq of the last entry, to be sent as `seen` of a join.
 */
head: number, };

export type RoomPage = { 
/**
 * The rooms, in the form of the `rooms` frame.
 */
items: Array<RoomEntry>, 
/**
 * The value of `after` that requests the next page.
 */
next: string | null, };

export type UpdateRoom = { 
/**
 * The room's new name.
 */
name?: string, 
/**
 * The room's new description.
 */
description?: string, 
/**
 * Whether users who join from now on cannot see what was sent before.
 */
hides_past?: boolean, 
/**
 * Slow mode: the minimum number of seconds between two messages of a member.
 */
slow_mode_s?: number, 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type MemberView = { 
/**
 * The user.
 */
user: UserRef, 
/**
 * The member's state.
 */
state: MemberState, 
/**
 * The member's role.
 */
role: Role, 
/**
 * The time until which the member is muted.
 */
muted_until: string | null, 
/**
 * The seq of the last entry about this member.
 */
at_seq: number, };

export type MemberPage = { 
/**
 * The members, ordered by user id.
 */
items: Array<MemberView>, 
/**
 * The value of `after` that requests the next page.
 */
next: string | null, };

export type InviteBody = { 
/**
 * The invited user's id or name.
 */
user: string, 
/**
 * The role of the new member; `member` if left out.
 */
role?: Role, 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type MemberBody = { 
/**
 * The affected user's id or name.
 */
user: string, 
/**
 * The reason, shown to the user.
 */
why?: string, 
/**
 * For a mute: its length in seconds.
 */
seconds?: number, 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type RoleBody = { 
/**
 * The new role.
 */
role: Role, 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type SeenBody = { 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type RoomSettings = { 
/**
 * Which events notify the caller.
 */
level?: Level, 
/**
 * For how many seconds from now nothing notifies the caller, at most a year; 0 ends it. A new level without this ends it,
 * too. To mute the room for good, set the level to `none`.
 */
quiet_seconds?: number, 
/**
 * Whether the room is hidden from the list until something new arrives.
 */
hidden?: boolean, };

export type BlockList = { 
/**
 * The users, in order of id.
 */
items: Array<UserRef>, };

export type DirectBody = { 
/**
 * The other user's id or name.
 */
user: string, };

export type SendBody = { 
/**
 * The message's text; may be empty only if files are attached.
 */
text: string, 
/**
 * The seq of the message it replies to.
 */
reply_to?: number, 
/**
 * The seq of the thread's root message.
 */
thread?: number, 
/**
 * The ids of uploaded files to attach.
 */
files?: Array<string>, 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type EditBody = { 
/**
 * The new text.
 */
text: string, 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type ReactBody = { 
/**
 * The emoji.
 */
emoji: string, 
/**
 * True to add the reaction, false to remove it.
 */
on: boolean, 
/**
 * The head that the client knew when it first tried; required with `Idempotency-Key`.
 */
seen?: number, };

export type ReadBody = { 
/**
 * The seq of the last entry read.
 */
seq: number, };

export type ReadView = { 
/**
 * The seq of the last entry that the caller has read.
 */
read: number, 
/**
 * That entry's `n`.
 */
read_n: number, 
/**
 * The seqs of unread messages that mention the caller.
 */
mentions: Array<number>, };

export type MessagePage = { 
/**
 * The epoch of the store. A client discards a page whose epoch differs from its own.
 */
epoch: string, 
/**
 * The room's head, taken before the page was read.
 */
as_of: number, 
/**
 * The page's messages, oldest first.
 */
items: Array<Event>, 
/**
 * Whether there are more messages in the requested direction.
 */
more: boolean, };

export type HeartbeatBody = { 
/**
 * `online` (the default) or `away`.
 */
status?: PresenceStatus, 
/**
 * Which of the user's clients sends the heartbeat, if there are several.
 */
client?: string, };

export type PresenceList = { 
/**
 * Users who share a room with the caller and are not offline.
 */
items: Array<PresenceEntry>, 
/**
 * The value of `after` that requests the next page.
 */
next: string | null, };

export type TypingList = { 
/**
 * The users who are typing.
 */
items: Array<UserRef>, };

export type PostNotification = { 
/**
 * The recipient's user id.
 */
user_id: string, 
/**
 * The title: one line.
 */
title: string, 
/**
 * The text below the title.
 */
body: string, 
/**
 * The notification's type, chosen by the poster.
 */
notif_type: string, 
/**
 * The id or slug of the room that it is about.
 */
room_id?: string, };

export type NotificationView = { 
/**
 * The notification's key; opaque to clients.
 */
key: string, 
/**
 * Why the notification was created.
 */
kind: NotificationKind, 
/**
 * The `notif_type` of a posted notification.
 */
notif_type?: string, 
/**
 * When the notification was created.
 */
at: string, 
/**
 * The id of the room that it is about.
 */
room: string | null, 
/**
 * The seq of the message that it is about.
 */
seq: number | null, 
/**
 * The user who caused it.
 */
from: UserRef | null, 
/**
 * The title: one line.
 */
title: string, 
/**
 * The beginning of the message, or the text of a posted notification.
 */
body: string, 
/**
 * Whether the user has read it.
 */
read: boolean, };

export type NotificationPage = { 
/**
 * The notifications, newest first.
 */
items: Array<NotificationView>, 
/**
 * The value of `before` that requests the next page.
 */
next: string | null, };

export type UnreadCount = { 
/**
 * The number of unread notifications, counted up to 1,000.
 */
unread: number, };

export type Noted = { 
/**
 * The seq of the change in the user log; null if nothing changed.
 */
seq: number | null, 
/**
 * When the change was stored.
 */
at: string, 
/**
 * Whether the change had no effect.
 */
noop: boolean, };

export type FileView = { 
/**
 * The id of the room that it was uploaded for.
 */
room: string, 
/**
 * The id of the user who uploaded it.
 */
user: string, 
/**
 * The seq of the message that the file is attached to.
 */
seq: number | null, 
/**
 * The file's state.
 */
state: FileState, 
/**
 * When it was uploaded.
 */
at: string, 
/**
 * The file's id.
 */
id: string, 
/**
 * The file's name, as given by the uploader.
 */
name: string, 
/**
 * The media type, detected from the bytes.
 */
content_type: string, 
/**
 * The size in bytes.
 */
size: number, 
/**
 * The width in pixels, for a picture.
 */
width?: number, 
/**
 * The height in pixels, for a picture.
 */
height?: number, 
/**
 * Whether `/thumbnail` serves a thumbnail of it.
 */
thumbnail: boolean, 
/**
 * What became of the data about place, time and device in the file. Absent if files of this type have none, and for
 * a file that an earlier release stored, which may contain them.
 */
metadata?: FileMetadata, };

export type FilePage = { 
/**
 * The files, newest first.
 */
items: Array<FileView>, 
/**
 * The value of `before` that requests the next page.
 */
next: string | null, };

export type PresignBody = { 
/**
 * The room's id or slug.
 */
room_id: string, 
/**
 * The file's name. The server detects the type from the bytes.
 */
name: string, 
/**
 * The exact size in bytes.
 */
size: number, 
/**
 * Whether the file is stored exactly as it is sent. Otherwise the data about place, time and device are removed from
 * a JPEG, PNG, GIF or WebP, which may make it smaller.
 */
original?: boolean, };

export type PresignView = { 
/**
 * The request to make; null if this server takes all uploads itself, at `/api/files/upload`.
 */
upload: DirectUploadView | null, };

export type DirectUploadView = { 
/**
 * The new file's id.
 */
id: string, 
/**
 * The HTTP method: `PUT`.
 */
method: string, 
/**
 * The URL to upload to. Anyone who has it can upload this one file: keep it secret.
 */
url: string, 
/**
 * Headers that must be sent unchanged, without any `Authorization`.
 */
headers: { [key in string]: string }, 
/**
 * The time by which the upload must have started.
 */
expires_at: string, };

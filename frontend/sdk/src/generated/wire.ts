// Made by `cargo xtask gen` from crates/wire. Do not edit.
// biome-ignore-all lint: generated
/* eslint-disable */

export type RoomKind = "public" | "private" | "direct";

export type Role = "read_only" | "member" | "moderator" | "admin" | "owner";

export type MemberState = "invited" | "joined" | "left" | "kicked" | "banned";

export type Level = "all" | "mentions" | "none";

export type Code = "unauthenticated" | "forbidden" | "not_found" | "muted" | "slow_mode" | "archived" | "too_large" | "rate_limited" | "conflict" | "stale" | "bad_request" | "overloaded" | "unavailable";

export type UserRole = "user" | "admin";

export type NotificationKind = "mention" | "direct" | "reply" | "invite" | "posted";

export type PresenceStatus = "offline" | "away" | "online";

export type FileState = "uploading" | "unsent" | "sent" | "dropped";

export type UserRef = { 
/**
 * Never changes.
 */
id: string, 
/**
 * The handle; empty for one who is not there any more.
 */
name: string, 
/**
 * Shown instead of the handle.
 */
display_name?: string, 
/**
 * Signed in without a password.
 */
guest?: boolean, };

export type UserSelf = { 
/**
 * Never changes.
 */
id: string, 
/**
 * The handle.
 */
name: string, 
/**
 * Shown instead of the handle.
 */
display_name?: string, 
/**
 * Signed in without a password.
 */
guest: boolean, 
/**
 * Runs the installation.
 */
admin: boolean, };

export type FileRef = { 
/**
 * Its id.
 */
id: string, 
/**
 * As the uploader named it.
 */
name: string, 
/**
 * What the bytes are.
 */
content_type: string, 
/**
 * In bytes.
 */
size: number, 
/**
 * Of a picture, in pixels.
 */
width?: number, 
/**
 * Of a picture, in pixels.
 */
height?: number, 
/**
 * Whether `/thumbnail` has one.
 */
thumbnail: boolean, };

export type ReactionView = { 
/**
 * Which.
 */
emoji: string, 
/**
 * How many users.
 */
n: number, 
/**
 * The ids of the first of them.
 */
users: Array<string>, };

export type Event = { 
/**
 * The room's id.
 */
room: string, 
/**
 * Its place.
 */
seq: number, 
/**
 * Messages so far.
 */
n: number, 
/**
 * Who did it.
 */
by: UserRef, 
/**
 * When (RFC 3339, UTC, milliseconds).
 */
at: string, 
/**
 * The sender's id of it.
 */
id: string, } & ({ "kind": "message", 
/**
 * Empty when deleted.
 */
text: string, 
/**
 * The ids of those it mentions.
 */
mentions: Array<string>, 
/**
 * The message it answers.
 */
reply_to: number | null, 
/**
 * The message whose thread it belongs to.
 */
thread: number | null, 
/**
 * Its files.
 */
files: Array<FileRef>, 
/**
 * The seq of its last change.
 */
rev: number, 
/**
 * When its text was last changed.
 */
edited_at: string | null, 
/**
 * Final.
 */
deleted: boolean, 
/**
 * In the order of their first use.
 */
reactions: Array<ReactionView>, } | { "kind": "edit", 
/**
 * The message.
 */
target: number, 
/**
 * What it says now.
 */
text: string, 
/**
 * The ids of those it mentions from now on; without it they stay.
 */
mentions?: Array<string>, } | { "kind": "delete", 
/**
 * The message.
 */
target: number, } | { "kind": "react", 
/**
 * The message.
 */
target: number, 
/**
 * Which.
 */
emoji: string, 
/**
 * Set or taken back.
 */
on: boolean, } | { "kind": "pin", 
/**
 * The message.
 */
target: number, 
/**
 * Set or taken back.
 */
on: boolean, } | { "kind": "member", 
/**
 * Whose.
 */
user: UserRef, 
/**
 * The state after it.
 */
state: MemberState, 
/**
 * The role after it.
 */
role: Role, 
/**
 * The mute after it.
 */
muted_until?: string, 
/**
 * The reason given.
 */
why?: string, } | { "kind": "room", 
/**
 * None for a direct room.
 */
name: string | null, 
/**
 * The second name of a public room.
 */
slug: string | null, 
/**
 * What it is about.
 */
description: string, 
/**
 * Who may come in. Named so since `kind` is the event's own.
 */
room_kind: RoomKind, 
/**
 * Nothing more can be sent.
 */
archived: boolean, 
/**
 * Who joins sees nothing of before.
 */
hides_past: boolean, 
/**
 * Seconds between two messages of a member.
 */
slow_mode_s: number, });

export type EventKind = { "kind": "message", 
/**
 * Empty when deleted.
 */
text: string, 
/**
 * The ids of those it mentions.
 */
mentions: Array<string>, 
/**
 * The message it answers.
 */
reply_to: number | null, 
/**
 * The message whose thread it belongs to.
 */
thread: number | null, 
/**
 * Its files.
 */
files: Array<FileRef>, 
/**
 * The seq of its last change.
 */
rev: number, 
/**
 * When its text was last changed.
 */
edited_at: string | null, 
/**
 * Final.
 */
deleted: boolean, 
/**
 * In the order of their first use.
 */
reactions: Array<ReactionView>, } | { "kind": "edit", 
/**
 * The message.
 */
target: number, 
/**
 * What it says now.
 */
text: string, 
/**
 * The ids of those it mentions from now on; without it they stay.
 */
mentions?: Array<string>, } | { "kind": "delete", 
/**
 * The message.
 */
target: number, } | { "kind": "react", 
/**
 * The message.
 */
target: number, 
/**
 * Which.
 */
emoji: string, 
/**
 * Set or taken back.
 */
on: boolean, } | { "kind": "pin", 
/**
 * The message.
 */
target: number, 
/**
 * Set or taken back.
 */
on: boolean, } | { "kind": "member", 
/**
 * Whose.
 */
user: UserRef, 
/**
 * The state after it.
 */
state: MemberState, 
/**
 * The role after it.
 */
role: Role, 
/**
 * The mute after it.
 */
muted_until?: string, 
/**
 * The reason given.
 */
why?: string, } | { "kind": "room", 
/**
 * None for a direct room.
 */
name: string | null, 
/**
 * The second name of a public room.
 */
slug: string | null, 
/**
 * What it is about.
 */
description: string, 
/**
 * Who may come in. Named so since `kind` is the event's own.
 */
room_kind: RoomKind, 
/**
 * Nothing more can be sent.
 */
archived: boolean, 
/**
 * Who joins sees nothing of before.
 */
hides_past: boolean, 
/**
 * Seconds between two messages of a member.
 */
slow_mode_s: number, };

export type OwnEvent = { 
/**
 * Always `@me`.
 */
room: string, 
/**
 * Its place.
 */
seq: number, 
/**
 * When (RFC 3339, UTC, milliseconds).
 */
at: string, 
/**
 * The entry's id.
 */
id: string, } & ({ "kind": "room" } & RoomChange | { "kind": "notification" } & NotificationChange | { "kind": "setting", 
/**
 * Which.
 */
name: string, 
/**
 * The value after it.
 */
value: unknown, } | { "kind": "session", 
/**
 * Always `ended`.
 */
op: string, 
/**
 * Which.
 */
session: string | null, });

export type OwnEventKind = { "kind": "room" } & RoomChange | { "kind": "notification" } & NotificationChange | { "kind": "setting", 
/**
 * Which.
 */
name: string, 
/**
 * The value after it.
 */
value: unknown, } | { "kind": "session", 
/**
 * Always `ended`.
 */
op: string, 
/**
 * Which.
 */
session: string | null, };

export type RoomChange = { "op": "set", 
/**
 * As in `rooms`.
 */
entry: RoomEntry, } | { "op": "gone", 
/**
 * Which, and why.
 */
entry: RoomGone, };

export type RoomGone = { 
/**
 * Which.
 */
id: string, 
/**
 * The seq of the member entry; an older one than known is ignored.
 */
at_seq: number, 
/**
 * `left`, `kicked` or `banned`.
 */
why: MemberState, 
/**
 * The reason given.
 */
reason?: string, };

export type NotificationChange = { "op": "added", 
/**
 * As in REST.
 */
entry: NotificationView, } | { "op": "changed", 
/**
 * As it is now.
 */
entry: NotificationView, } | { "op": "read", 
/**
 * Which.
 */
key: string | null, } | { "op": "gone", 
/**
 * Which.
 */
key: string, };

export type AnyEvent = Event | OwnEvent;

export type RoomEntry = { 
/**
 * The room's id.
 */
id: string, 
/**
 * The second name of a public room.
 */
slug: string | null, 
/**
 * None for a direct room.
 */
name: string | null, 
/**
 * Who may come in.
 */
kind: RoomKind, 
/**
 * What it is about.
 */
description?: string, 
/**
 * The other person of a direct room.
 */
with: UserRef | null, 
/**
 * How one stands to it.
 */
state: MemberState, 
/**
 * What one may do.
 */
role: Role, 
/**
 * The seq of the member entry this comes from.
 */
at_seq: number, 
/**
 * What one wants to be told.
 */
level: Level, 
/**
 * Not shown until something new arrives.
 */
hidden: boolean, 
/**
 * Nothing more can be sent.
 */
archived?: boolean, 
/**
 * The seq of the last entry.
 */
head: number, 
/**
 * Messages so far.
 */
n: number, 
/**
 * When the last entry was made; null for a room with none.
 */
last_at: string | null, 
/**
 * Up to where one has read.
 */
read: number, 
/**
 * The `n` of that entry.
 */
read_n: number, 
/**
 * Unread messages that mention one.
 */
mentions: Array<number>, };

export type PresenceEntry = { 
/**
 * Whose.
 */
user: string, 
/**
 * The best of their connections.
 */
status: PresenceStatus, 
/**
 * When they were last there.
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
 * The epoch that the client's cursors belong to.
 */
epoch?: string, 
/**
 * Optional features.
 */
caps: Array<string>, 
/**
 * Whether server frames may come as arrays.
 */
batch: boolean, } | { "t": "resume", 
/**
 * Comes back as `re`.
 */
id: string, 
/**
 * By room id, or `@me`.
 */
cursors: { [key in string]: number | null }, } | { "t": "fill", 
/**
 * Comes back as `re`.
 */
id: string, 
/**
 * A room id, or `@me`.
 */
room: string, 
/**
 * The last entry the client has.
 */
after: number, } | { "t": "send", 
/**
 * UUIDv7; the same on every repeat.
 */
id: string, 
/**
 * The room.
 */
room: string, 
/**
 * Its text; empty only with files.
 */
text: string, 
/**
 * The message it answers.
 */
reply_to?: number | null, 
/**
 * The message whose thread it belongs to.
 */
thread?: number | null, 
/**
 * Uploaded files.
 */
files?: Array<string>, 
/**
 * The head that the client knew when it first tried.
 */
seen: number, } | { "t": "edit", 
/**
 * UUIDv7; the same on every repeat.
 */
id: string, 
/**
 * The room.
 */
room: string, 
/**
 * The message.
 */
target: number, 
/**
 * Its new text.
 */
text: string, 
/**
 * The head that the client knew when it first tried.
 */
seen: number, } | { "t": "delete", 
/**
 * UUIDv7; the same on every repeat.
 */
id: string, 
/**
 * The room.
 */
room: string, 
/**
 * The message.
 */
target: number, 
/**
 * The head that the client knew when it first tried.
 */
seen: number, } | { "t": "react", 
/**
 * UUIDv7; the same on every repeat.
 */
id: string, 
/**
 * The room.
 */
room: string, 
/**
 * The message.
 */
target: number, 
/**
 * One emoji.
 */
emoji: string, 
/**
 * Set or taken back.
 */
on: boolean, 
/**
 * The head that the client knew when it first tried.
 */
seen: number, } | { "t": "join", 
/**
 * UUIDv7; the same on every repeat.
 */
id: string, 
/**
 * The room's id or slug.
 */
room: string, 
/**
 * The head that the directory gave; without it a repeat is not recognised.
 */
seen?: number, } | { "t": "leave", 
/**
 * UUIDv7; the same on every repeat.
 */
id: string, 
/**
 * The room.
 */
room: string, 
/**
 * The head that the client knew when it first tried.
 */
seen: number, } | { "t": "read", 
/**
 * The room.
 */
room: string, 
/**
 * The last entry read.
 */
seq: number, } | { "t": "typing", 
/**
 * The room.
 */
room: string, 
/**
 * Began or stopped.
 */
on: boolean, } | { "t": "watch", 
/**
 * At most 200, sharing a room.
 */
users: Array<string>, } | { "t": "pong", } | { "t": "ping", 
/**
 * Comes back in the `pong`.
 */
id?: string, } | { "t": "auth", 
/**
 * Comes back in the `ack`.
 */
id: string, 
/**
 * The token.
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
 * Optional features that are on.
 */
caps: Array<string>, 
/**
 * Who one is.
 */
user: UserSelf, 
/**
 * Milliseconds between two pings.
 */
heartbeat_ms: number, 
/**
 * Bytes that a client's frame may have.
 */
max_frame: number, 
/**
 * How many people are there.
 */
online: number, } | { "t": "rooms", 
/**
 * The head of the own log, read before the list; on the first page.
 */
me?: number, 
/**
 * The rooms.
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
 * Where the log stands for this socket.
 */
status: SyncStatus, 
/**
 * The epoch of the store.
 */
epoch: string, 
/**
 * The first entry of the page's range.
 */
from?: number, 
/**
 * The last entry of the page's range.
 */
through?: number, 
/**
 * The head before the read.
 */
as_of: number, 
/**
 * For `reset`: live from `head + 1`.
 */
head?: number, 
/**
 * For `reset`: the `n` of that entry.
 */
n?: number, 
/**
 * The entries: events of a room, or own events.
 */
events: Array<AnyEvent>, } | { "t": "ack", 
/**
 * The `id` of the change.
 */
id: string, 
/**
 * The room; null for `auth`.
 */
room: string | null, 
/**
 * The entry; null when nothing changed.
 */
seq: number | null, 
/**
 * When it was stored.
 */
at: string, 
/**
 * It was there already.
 */
dup: boolean, 
/**
 * It changed nothing.
 */
noop: boolean, } | { "t": "event" } & AnyEvent | { "t": "receipt", 
/**
 * The room.
 */
room: string, 
/**
 * Whose.
 */
user: string, 
/**
 * Up to here.
 */
seq: number, 
/**
 * The `n` of that entry.
 */
n?: number, 
/**
 * Mentions that are still unread.
 */
mentions?: Array<number>, } | { "t": "signal", 
/**
 * The room.
 */
room: string, 
/**
 * `typing`; with `ttl_ms` 0 it ended.
 */
kind: string, 
/**
 * Who.
 */
by: UserRef, 
/**
 * How long it holds.
 */
ttl_ms: number, } | { "t": "presence", 
/**
 * Those that changed, or all.
 */
users: Array<PresenceEntry>, 
/**
 * All: who is not here is offline.
 */
full: boolean, } | { "t": "ping", 
/**
 * Logs whose head changed since the last one.
 */
heads: { [key in string]: number }, } | { "t": "pong", 
/**
 * The `id` of the ping.
 */
id?: string, 
/**
 * The server's clock.
 */
now: string, } | { "t": "expiring", 
/**
 * In so many milliseconds.
 */
in_ms: number, } | { "t": "lag", 
/**
 * Which kinds.
 */
dropped: Array<string>, } | { "t": "goaway", 
/**
 * After so many milliseconds.
 */
delay_ms: number, 
/**
 * Why.
 */
reason: string, } | { "t": "error", 
/**
 * The `id` of the frame.
 */
id?: string, 
/**
 * The `t` of the frame.
 */
of?: string, 
/**
 * The room.
 */
room?: string, 
/**
 * For programs.
 */
code: Code, 
/**
 * For people.
 */
message: string, 
/**
 * After how many milliseconds a repeat makes sense.
 */
retry_ms?: number, 
/**
 * The log's head, for `stale`.
 */
head?: number, 
/**
 * The store's epoch, when the change named another one.
 */
epoch?: string, };

export type Problem = { 
/**
 * `about:blank`: the code says which problem it is.
 */
type: string, 
/**
 * The status in words.
 */
title: string, 
/**
 * The HTTP status.
 */
status: number, 
/**
 * What happened and what one can do.
 */
detail: string, 
/**
 * For programs.
 */
code: Code, 
/**
 * After how many milliseconds a repeat makes sense.
 */
retry_ms?: number, 
/**
 * The log's head, for `stale`.
 */
head?: number, };

export type Acked = { 
/**
 * The entry's id.
 */
id: string, 
/**
 * The entry; null when nothing changed.
 */
seq: number | null, 
/**
 * When it was stored.
 */
at: string, 
/**
 * It was there already.
 */
dup: boolean, 
/**
 * It changed nothing.
 */
noop: boolean, };

export type RegisterBody = { 
/**
 * The unique handle.
 */
name: string, 
/**
 * 8 to 256 characters.
 */
password: string, 
/**
 * For sign-in by address.
 */
email?: string, };

export type LoginBody = { 
/**
 * The handle, or the address.
 */
name: string, 
/**
 * The password.
 */
password: string, };

export type GuestBody = { 
/**
 * The wished name; it gets a suffix.
 */
name: string, };

export type RefreshBody = { 
/**
 * The last refresh token.
 */
refresh_token?: string, };

export type Tokens = { 
/**
 * For `Authorization: Bearer` and for `hello`.
 */
access_token: string, 
/**
 * Seconds until it ends.
 */
expires_in: number, 
/**
 * For the next refresh; left out where it travels as a cookie, and when it did not change.
 */
refresh_token?: string, 
/**
 * Who one is.
 */
user: UserSelf, };

export type TicketAnswer = { 
/**
 * Works once.
 */
ticket: string, 
/**
 * Seconds until it ends.
 */
expires_in: number, };

export type Me = { 
/**
 * The address.
 */
email: string | null, 
/**
 * When one came.
 */
created_at: string, 
/**
 * Never changes.
 */
id: string, 
/**
 * The handle.
 */
name: string, 
/**
 * Shown instead of the handle.
 */
display_name?: string, 
/**
 * Signed in without a password.
 */
guest: boolean, 
/**
 * Runs the installation.
 */
admin: boolean, };

export type MePatch = { 
/**
 * Another handle.
 */
name?: string, 
/**
 * Another display name; empty is none.
 */
display_name?: string, 
/**
 * Another address; empty is none.
 */
email?: string, 
/**
 * Another password; needs `old_password`, and ends the other sessions.
 */
password?: string, 
/**
 * The password so far.
 */
old_password?: string, };

export type UserPage = { 
/**
 * In order of name.
 */
items: Array<UserRef>, 
/**
 * `after` of the next page.
 */
next: string | null, };

export type SessionView = { 
/**
 * Its id.
 */
id: string, 
/**
 * What the device calls itself.
 */
device: string, 
/**
 * When it began.
 */
created_at: string, 
/**
 * When it was last renewed.
 */
last_used_at: string, 
/**
 * Whether it is this one.
 */
current: boolean, };

export type SessionList = { 
/**
 * Newest first.
 */
items: Array<SessionView>, };

export type CreateRoom = { 
/**
 * The slug; public rooms only. Left out, it is made of the name.
 */
id?: string, 
/**
 * 1 to 80 characters.
 */
name: string, 
/**
 * What it is about.
 */
description?: string, 
/**
 * `public` or `private`.
 */
kind: RoomKind, 
/**
 * Who joins sees nothing of before.
 */
hides_past?: boolean, };

export type RoomView = { 
/**
 * The room's id.
 */
id: string, 
/**
 * The second name of a public room.
 */
slug: string | null, 
/**
 * None for a direct room.
 */
name: string | null, 
/**
 * What it is about.
 */
description: string, 
/**
 * Who may come in.
 */
kind: RoomKind, 
/**
 * Nothing more can be sent.
 */
archived: boolean, 
/**
 * Who joins sees nothing of before.
 */
hides_past: boolean, 
/**
 * Seconds between two messages of a member.
 */
slow_mode_s: number, 
/**
 * The other person of a direct room.
 */
with: UserRef | null, 
/**
 * How one stands to it; null for one who was never in.
 */
state: MemberState | null, 
/**
 * What one may do.
 */
role: Role | null, 
/**
 * Until when one cannot send.
 */
muted_until: string | null, 
/**
 * How many are in.
 */
members: number, 
/**
 * The seq of the last entry: `seen` of a join.
 */
head: number, 
/**
 * Messages so far.
 */
n: number, 
/**
 * Pinned messages.
 */
pins: Array<number>, };

export type DirectoryPage = { 
/**
 * In order of slug.
 */
items: Array<DirectoryEntry>, 
/**
 * `after` of the next page.
 */
next: string | null, };

export type DirectoryEntry = { 
/**
 * The room's id.
 */
id: string, 
/**
 * Its slug.
 */
slug: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What it is about.
 */
description: string, 
/**
 * How many are in.
 */
members: number, 
/**
 * Whether one is in.
 */
joined: boolean, 
/**
 * The seq of the last entry: `seen` of a join.
 */
head: number, };

export type RoomPage = { 
/**
 * As in the `rooms` frame.
 */
items: Array<RoomEntry>, 
/**
 * `after` of the next page.
 */
next: string | null, };

export type UpdateRoom = { 
/**
 * Its name.
 */
name?: string, 
/**
 * Its description.
 */
description?: string, 
/**
 * Whether it hides its past from those who join from now on.
 */
hides_past?: boolean, 
/**
 * Seconds between two messages of a member.
 */
slow_mode_s?: number, 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type MemberView = { 
/**
 * Who.
 */
user: UserRef, 
/**
 * How they stand to the room.
 */
state: MemberState, 
/**
 * What they may do.
 */
role: Role, 
/**
 * Until when they cannot send.
 */
muted_until: string | null, 
/**
 * The seq of the last entry about them.
 */
at_seq: number, };

export type MemberPage = { 
/**
 * In order of user id.
 */
items: Array<MemberView>, 
/**
 * `after` of the next page.
 */
next: string | null, };

export type InviteBody = { 
/**
 * The id or the name.
 */
user: string, 
/**
 * The role they will have; `member` when left out.
 */
role?: Role, 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type MemberBody = { 
/**
 * The id or the name.
 */
user: string, 
/**
 * Why.
 */
why?: string, 
/**
 * For a mute: seconds.
 */
seconds?: number, 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type RoleBody = { 
/**
 * Which.
 */
role: Role, 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type SeenBody = { 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type RoomSettings = { 
/**
 * What one wants to be told.
 */
level?: Level, 
/**
 * Not shown until something new arrives.
 */
hidden?: boolean, };

export type DirectBody = { 
/**
 * The id or the name.
 */
user: string, };

export type SendBody = { 
/**
 * Its text; empty only with files.
 */
text: string, 
/**
 * The message it answers.
 */
reply_to?: number, 
/**
 * The message whose thread it belongs to.
 */
thread?: number, 
/**
 * Uploaded files.
 */
files?: Array<string>, 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type EditBody = { 
/**
 * The new text.
 */
text: string, 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type ReactBody = { 
/**
 * One emoji.
 */
emoji: string, 
/**
 * Set or taken back.
 */
on: boolean, 
/**
 * The head that the client knew; with `Idempotency-Key`.
 */
seen?: number, };

export type ReadBody = { 
/**
 * The last entry read.
 */
seq: number, };

export type ReadView = { 
/**
 * Up to where one has read.
 */
read: number, 
/**
 * The `n` of that entry.
 */
read_n: number, 
/**
 * Unread messages that mention one.
 */
mentions: Array<number>, };

export type MessagePage = { 
/**
 * The epoch of the store; a page of another one than the client's is thrown away.
 */
epoch: string, 
/**
 * The head before the read.
 */
as_of: number, 
/**
 * The messages.
 */
items: Array<Event>, 
/**
 * Whether there are more in the direction asked for.
 */
more: boolean, };

export type HeartbeatBody = { 
/**
 * `online` (when left out) or `away`.
 */
status?: PresenceStatus, 
/**
 * Which of the user's clients it is, if there are several.
 */
client?: string, };

export type PresenceList = { 
/**
 * Those who share a room with one and are not offline.
 */
items: Array<PresenceEntry>, 
/**
 * `after` of the next page.
 */
next: string | null, };

export type TypingList = { 
/**
 * Those who type.
 */
items: Array<UserRef>, };

export type PostNotification = { 
/**
 * For whom.
 */
user_id: string, 
/**
 * One line.
 */
title: string, 
/**
 * More.
 */
body: string, 
/**
 * In the poster's words.
 */
notif_type: string, 
/**
 * The room it is about.
 */
room_id?: string, };

export type NotificationView = { 
/**
 * Its name; opaque.
 */
key: string, 
/**
 * Why it was made.
 */
kind: NotificationKind, 
/**
 * The `notif_type` of a posted one.
 */
notif_type?: string, 
/**
 * When.
 */
at: string, 
/**
 * The room it is about.
 */
room: string | null, 
/**
 * The message it is about.
 */
seq: number | null, 
/**
 * Who caused it.
 */
from: UserRef | null, 
/**
 * One line.
 */
title: string, 
/**
 * The beginning of the message.
 */
body: string, 
/**
 * Whether it was read.
 */
read: boolean, };

export type NotificationPage = { 
/**
 * Newest first.
 */
items: Array<NotificationView>, 
/**
 * `before` of the next page.
 */
next: string | null, };

export type UnreadCount = { 
/**
 * Counted up to 1,000.
 */
unread: number, };

export type Noted = { 
/**
 * Its entry in the own log; null when nothing changed.
 */
seq: number | null, 
/**
 * When it was stored.
 */
at: string, 
/**
 * It changed nothing.
 */
noop: boolean, };

export type FileView = { 
/**
 * The room it was uploaded for.
 */
room: string, 
/**
 * Who uploaded it.
 */
user: string, 
/**
 * The message that holds it.
 */
seq: number | null, 
/**
 * Where it stands.
 */
state: FileState, 
/**
 * When it was uploaded.
 */
at: string, 
/**
 * Its id.
 */
id: string, 
/**
 * As the uploader named it.
 */
name: string, 
/**
 * What the bytes are.
 */
content_type: string, 
/**
 * In bytes.
 */
size: number, 
/**
 * Of a picture, in pixels.
 */
width?: number, 
/**
 * Of a picture, in pixels.
 */
height?: number, 
/**
 * Whether `/thumbnail` has one.
 */
thumbnail: boolean, };

export type FilePage = { 
/**
 * Newest first.
 */
items: Array<FileView>, 
/**
 * `before` of the next page.
 */
next: string | null, };

export type PresignBody = { 
/**
 * The room's id or slug.
 */
room_id: string, 
/**
 * The file's name. Its type is found in its bytes.
 */
name: string, 
/**
 * How many bytes it has, exactly.
 */
size: number, };

export type PresignView = { 
/**
 * Null where this server takes all bytes itself: at `/api/files/upload`.
 */
upload: DirectUploadView | null, };

export type DirectUploadView = { 
/**
 * The file's id.
 */
id: string, 
/**
 * The method: `PUT`.
 */
method: string, 
/**
 * Where to. Whoever knows it can upload this one file: keep it secret.
 */
url: string, 
/**
 * Headers that must be sent as they are, without any `Authorization`.
 */
headers: { [key in string]: string }, 
/**
 * Until when it must have begun.
 */
expires_at: string, };

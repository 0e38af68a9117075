//! The frames that the server sends.

use std::collections::BTreeMap;

use domain::{Code, Level, MemberState, PresenceStatus, Role, RoomKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::{Event, OwnEvent, UserRef};

/// A frame from the server. Several may arrive as one JSON array. Clients ignore frames with an unknown `t`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The sign-in succeeded.
    Welcome {
        /// The protocol's version.
        v: u32,
        /// The socket's id.
        conn: String,
        /// The node's name.
        node: String,
        /// The epoch of the store.
        epoch: String,
        /// Optional features that are enabled.
        caps: Vec<String>,
        /// The signed-in user.
        user: UserSelf,
        /// Milliseconds between two pings.
        heartbeat_ms: u64,
        /// The maximum size of a client's frame, in bytes.
        max_frame: u64,
        /// The number of users who are online.
        online: u64,
    },
    /// A page of the room list.
    Rooms {
        /// The head of the user log, read before the list; only on the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        me: Option<Seq>,
        /// The rooms on this page.
        rooms: Vec<RoomEntry>,
        /// Whether another page follows.
        more: bool,
    },
    /// The answer to `resume` and `fill`, for one log.
    Sync {
        /// The `id` of the request.
        re: String,
        /// A room id, or `@me`.
        room: String,
        /// The log's state for this socket.
        status: SyncStatus,
        /// The epoch of the store.
        epoch: String,
        /// The first seq of the page's range.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        from: Option<Seq>,
        /// The last seq of the page's range.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        through: Option<Seq>,
        /// The log's head, taken before the page was read.
        as_of: Seq,
        /// For `reset`: live events start at `head + 1`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        head: Option<Seq>,
        /// For `reset`: the `n` of that entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        n: Option<u64>,
        /// The entries: events of a room, or of the user log.
        events: Vec<AnyEvent>,
    },
    /// A change was stored or changed nothing; for `auth`, the token was accepted.
    Ack {
        /// The `id` of the change.
        id: String,
        /// The room's id; null for `auth`.
        room: Option<String>,
        /// The entry's seq; null if nothing changed.
        seq: Option<Seq>,
        /// When the change was stored.
        at: String,
        /// Whether the change is a duplicate that was stored before.
        dup: bool,
        /// Whether the change had no effect.
        noop: bool,
    },
    /// An entry of a room's log or of the user log.
    Event(AnyEvent),
    /// How far a user has read. The user's own marks from other devices include `n` and `mentions`.
    Receipt {
        /// The room's id.
        room: String,
        /// The id of the user who read.
        user: String,
        /// The seq of the last entry read.
        seq: Seq,
        /// That entry's `n`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        n: Option<u64>,
        /// The seqs of mentions that are still unread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        mentions: Option<Vec<Seq>>,
    },
    /// A transient event that is not stored: typing.
    Signal {
        /// The room's id.
        room: String,
        /// Always `typing`; it ended if `ttl_ms` is 0.
        kind: String,
        /// The user who is typing.
        by: UserRef,
        /// How long the event is valid, in milliseconds.
        ttl_ms: u64,
    },
    /// The presence of watched users.
    Presence {
        /// The users whose presence changed, or all watched users if `full`.
        users: Vec<PresenceEntry>,
        /// Whether the list is complete: watched users that are not in it are offline.
        full: bool,
    },
    /// A heartbeat. The client can answer with any frame.
    Ping {
        /// The new heads of logs that changed since the last heartbeat.
        heads: BTreeMap<String, Seq>,
    },
    /// Answers a client's ping.
    Pong {
        /// The `id` of the ping.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<String>,
        /// The server's current time.
        now: String,
    },
    /// The access token expires soon: send `auth`.
    Expiring {
        /// Milliseconds until it expires.
        in_ms: u64,
    },
    /// Transient frames were dropped because this socket is a slow consumer.
    Lag {
        /// The kinds of dropped frames.
        dropped: Vec<String>,
    },
    /// The client must reconnect, to another node if possible.
    Goaway {
        /// Milliseconds to wait before reconnecting.
        delay_ms: u64,
        /// The reason for the request.
        reason: String,
    },
    /// A frame was rejected.
    Error {
        /// The `id` of the rejected frame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<String>,
        /// The `t` of the rejected frame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        of: Option<String>,
        /// The `room` of the rejected frame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        room: Option<String>,
        /// The error code, for programs.
        code: Code,
        /// The error message, for people.
        message: String,
        /// Milliseconds after which a retry makes sense.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        retry_ms: Option<u64>,
        /// The log's head, if the code is `stale`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        head: Option<Seq>,
        /// The store's epoch, if the change named another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        epoch: Option<String>,
    },
}

/// An entry of a room's log, or of the user log (`room` is `@me`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(untagged)]
pub enum AnyEvent {
    /// An entry of a room's log.
    Room(Event),
    /// An entry of the user log.
    Own(OwnEvent),
}

/// The state of a log for a socket after a `sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// The client is up to date and receives new events live.
    Ok,
    /// More entries follow: request them with `fill`.
    More,
    /// Discard the cached log. Live events start at `head + 1`; load history over REST.
    Reset,
    /// The user is no longer a member and has received all entries they may see: remove the room.
    Forbidden,
    /// The user was never a member, or the room does not exist.
    NotFound,
}

/// The signed-in user's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct UserSelf {
    /// The user's id; it never changes.
    pub id: String,
    /// The handle.
    pub name: String,
    /// The display name, shown instead of the handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
    /// Whether the user is a guest, who has no password.
    #[serde(default)]
    pub guest: bool,
    /// Whether the user is an admin of the installation.
    #[serde(default)]
    pub admin: bool,
}

/// A room in the user's room list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct RoomEntry {
    /// The room's id.
    pub id: String,
    /// The slug of a public room.
    pub slug: Option<String>,
    /// The room's name; null for a direct room.
    pub name: Option<String>,
    /// Who may join.
    pub kind: RoomKind,
    /// The room's description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub description: String,
    /// The other user of a direct room.
    pub with: Option<UserRef>,
    /// The user's membership state.
    pub state: MemberState,
    /// The user's role in the room.
    pub role: Role,
    /// The seq of the member entry that this state comes from.
    pub at_seq: Seq,
    /// Which events notify the user.
    pub level: Level,
    /// Until when nothing notifies the user, whatever the level is; absent if there is no such time. It may have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub quiet_until: Option<String>,
    /// Whether the room is hidden from the list until something new arrives.
    pub hidden: bool,
    /// Whether a stranger opened this direct room and the user has not answered yet. It ends when the user sends,
    /// reacts or accepts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub request: bool,
    /// Whether the room is archived, so that nothing can be sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub archived: bool,
    /// The seq of the last entry.
    pub head: Seq,
    /// The number of messages so far.
    pub n: u64,
    /// When the last entry was appended; null if the room has none.
    #[serde(default)]
    pub last_at: Option<String>,
    /// The seq of the last entry that the user has read.
    pub read: Seq,
    /// That entry's `n`.
    pub read_n: u64,
    /// The seqs of unread messages that mention the user.
    pub mentions: Vec<Seq>,
}

/// A user's presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct PresenceEntry {
    /// The user's id.
    pub user: String,
    /// The best status among the user's connections.
    pub status: PresenceStatus,
    /// When the user was last online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_seen: Option<String>,
}

//! What the server sends.

use std::collections::BTreeMap;

use domain::{Code, Level, MemberState, PresenceStatus, Role, RoomKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::{Event, OwnEvent, UserRef};

/// A server's frame; several may come as one JSON array. Clients ignore a `t` that they do not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Signed in.
    Welcome {
        /// The protocol's version.
        v: u32,
        /// The socket's id.
        conn: String,
        /// The node's name.
        node: String,
        /// The epoch of the store.
        epoch: String,
        /// Optional features that are on.
        caps: Vec<String>,
        /// Who one is.
        user: UserSelf,
        /// Milliseconds between two pings.
        heartbeat_ms: u64,
        /// Bytes that a client's frame may have.
        max_frame: u64,
        /// How many people are there.
        online: u64,
    },
    /// A page of the room list.
    Rooms {
        /// The head of the own log, read before the list; on the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        me: Option<Seq>,
        /// The rooms.
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
        /// Where the log stands for this socket.
        status: SyncStatus,
        /// The epoch of the store.
        epoch: String,
        /// The first entry of the page's range.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        from: Option<Seq>,
        /// The last entry of the page's range.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        through: Option<Seq>,
        /// The head before the read.
        as_of: Seq,
        /// For `reset`: live from `head + 1`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        head: Option<Seq>,
        /// For `reset`: the `n` of that entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        n: Option<u64>,
        /// The entries: events of a room, or own events.
        events: Vec<AnyEvent>,
    },
    /// A change is stored (or changed nothing; or, for `auth`, the token is taken).
    Ack {
        /// The `id` of the change.
        id: String,
        /// The room; null for `auth`.
        room: Option<String>,
        /// The entry; null when nothing changed.
        seq: Option<Seq>,
        /// When it was stored.
        at: String,
        /// It was there already.
        dup: bool,
        /// It changed nothing.
        noop: bool,
    },
    /// An entry of a room, or of the own log.
    Event(AnyEvent),
    /// How far somebody has read; one's own from another device with `n` and `mentions`.
    Receipt {
        /// The room.
        room: String,
        /// Whose.
        user: String,
        /// Up to here.
        seq: Seq,
        /// The `n` of that entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        n: Option<u64>,
        /// Mentions that are still unread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        mentions: Option<Vec<Seq>>,
    },
    /// Something that passes: typing.
    Signal {
        /// The room.
        room: String,
        /// `typing`; with `ttl_ms` 0 it ended.
        kind: String,
        /// Who.
        by: UserRef,
        /// How long it holds.
        ttl_ms: u64,
    },
    /// Presence of those one watches.
    Presence {
        /// Those that changed, or all.
        users: Vec<PresenceEntry>,
        /// All: who is not here is offline.
        full: bool,
    },
    /// A heartbeat; any frame answers it.
    Ping {
        /// Logs whose head changed since the last one.
        heads: BTreeMap<String, Seq>,
    },
    /// Answers a client's ping.
    Pong {
        /// The `id` of the ping.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<String>,
        /// The server's clock.
        now: String,
    },
    /// The access token ends soon: send `auth`.
    Expiring {
        /// In so many milliseconds.
        in_ms: u64,
    },
    /// Frames that pass were dropped, since this socket is slow.
    Lag {
        /// Which kinds.
        dropped: Vec<String>,
    },
    /// Come back elsewhere.
    Goaway {
        /// After so many milliseconds.
        delay_ms: u64,
        /// Why.
        reason: String,
    },
    /// Something was refused.
    Error {
        /// The `id` of the frame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<String>,
        /// The `t` of the frame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        of: Option<String>,
        /// The room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        room: Option<String>,
        /// For programs.
        code: Code,
        /// For people.
        message: String,
        /// After how many milliseconds a repeat makes sense.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        retry_ms: Option<u64>,
        /// The log's head, for `stale`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        head: Option<Seq>,
        /// The store's epoch, when the change named another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        epoch: Option<String>,
    },
}

/// An entry of a room's log, or of the user's own (`room` is `@me`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(untagged)]
pub enum AnyEvent {
    /// Of a room.
    Room(Event),
    /// Of the own log.
    Own(OwnEvent),
}

/// Where a log stands for a socket after a `sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// Live now.
    Ok,
    /// Ask on with `fill`.
    More,
    /// Drop the cached log; live from `head + 1`, history by REST.
    Reset,
    /// One was a member: what one may still see came before; drop the room.
    Forbidden,
    /// Never a member, or no such room.
    NotFound,
}

/// Oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct UserSelf {
    /// Never changes.
    pub id: String,
    /// The handle.
    pub name: String,
    /// Shown instead of the handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
    /// Signed in without a password.
    #[serde(default)]
    pub guest: bool,
    /// Runs the installation.
    #[serde(default)]
    pub admin: bool,
}

/// A line of the room list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct RoomEntry {
    /// The room's id.
    pub id: String,
    /// The second name of a public room.
    pub slug: Option<String>,
    /// None for a direct room.
    pub name: Option<String>,
    /// Who may come in.
    pub kind: RoomKind,
    /// What it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[ts(as = "Option<String>", optional)]
    pub description: String,
    /// The other person of a direct room.
    pub with: Option<UserRef>,
    /// How one stands to it.
    pub state: MemberState,
    /// What one may do.
    pub role: Role,
    /// The seq of the member entry this comes from.
    pub at_seq: Seq,
    /// What one wants to be told.
    pub level: Level,
    /// Not shown until something new arrives.
    pub hidden: bool,
    /// Nothing more can be sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub archived: bool,
    /// The seq of the last entry.
    pub head: Seq,
    /// Messages so far.
    pub n: u64,
    /// When the last entry was made; null for a room with none.
    #[serde(default)]
    pub last_at: Option<String>,
    /// Up to where one has read.
    pub read: Seq,
    /// The `n` of that entry.
    pub read_n: u64,
    /// Unread messages that mention one.
    pub mentions: Vec<Seq>,
}

/// Somebody's presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct PresenceEntry {
    /// Whose.
    pub user: String,
    /// The best of their connections.
    pub status: PresenceStatus,
    /// When they were last there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub last_seen: Option<String>,
}

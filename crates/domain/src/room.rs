//! Rooms and who is in them, as the log's `room` and `member` entries fold to.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{RoomId, Seq, UserId};
use crate::name::{RoomName, Slug};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// What a caller names a room by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RoomRef {
    /// Its id.
    Id(RoomId),
    /// A public room's second name.
    Slug(Slug),
}

impl From<RoomId> for RoomRef {
    fn from(id: RoomId) -> Self {
        RoomRef::Id(id)
    }
}

impl FromStr for RoomRef {
    type Err = Refusal;
    /// A UUID is an id, everything else a slug; a text that is neither names no room.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if let Ok(id) = text.parse() {
            return Ok(RoomRef::Id(id));
        }
        Slug::parse(text).map(RoomRef::Slug).map_err(|_| Refusal::no_such_room())
    }
}

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum RoomKind {
    /// Any signed-in person reads and joins; members send.
    Public,
    /// By invitation.
    Private,
    /// Two people; cannot be left, only hidden.
    Direct,
}

/// A room, the fold of its `room` entries. An entry carries the whole of it, so the newest one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Never used again.
    pub id: RoomId,
    /// Who may come in.
    pub kind: RoomKind,
    /// The second name of a public room.
    pub slug: Option<Slug>,
    /// None for a direct room, which is named after the other person.
    pub name: Option<RoomName>,
    /// What it is about.
    pub description: String,
    /// Nothing more can be sent.
    pub archived: bool,
    /// Who joins sees nothing of before.
    pub hides_past: bool,
    /// Seconds that a member waits between two messages; 0 is no wait.
    pub slow_mode_s: u32,
    /// The two people of a direct room, in order.
    pub pair: Option<(UserId, UserId)>,
    /// The seq of the entry it comes from.
    pub rev: Seq,
}

impl Room {
    /// The other person of a direct room.
    pub fn other(&self, me: UserId) -> Option<UserId> {
        self.pair.map(|(a, b)| if a == me { b } else { a })
    }
}

/// What a member may do; ordered, so that `>=` reads "at least".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum Role {
    /// Reads, and nothing more.
    ReadOnly,
    /// Sends.
    Member,
    /// Also removes messages, mutes, kicks and bans members.
    Moderator,
    /// Also changes the room and gives roles below the own.
    Admin,
    /// Also archives, and makes other owners.
    Owner,
}

/// How a user stands to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum MemberState {
    /// Asked, and has not answered.
    Invited,
    /// In.
    Joined,
    /// Went, or declined.
    Left,
    /// Removed; may come again.
    Kicked,
    /// Removed; may not come again.
    Banned,
}

/// What of a room a user wants to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum Level {
    /// Everything.
    #[default]
    All,
    /// Mentions, replies and direct messages.
    Mentions,
    /// Nothing: the room is muted.
    None,
}

/// A member row: the fold of the `member` entries about one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// How they stand to the room.
    pub state: MemberState,
    /// What they may do.
    pub role: Role,
    /// Until when they cannot send.
    pub muted_until: Option<Timestamp>,
    /// Their own setting; no entry of the room's log changes it (see `RowWrite::MemberLevel`).
    pub level: Level,
    /// The first entry they may see: 1, or their join where the room hides its past.
    pub from_seq: Seq,
    /// The last entry they may see, after the *end* of a membership; a later ban does not move it.
    pub to_seq: Option<Seq>,
    /// The seq of the last entry about them.
    pub rev: Seq,
}

impl Member {
    /// Whether they are in.
    pub fn is_joined(&self) -> bool {
        self.state == MemberState::Joined
    }

    /// Whether they cannot send at `now`.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }
}

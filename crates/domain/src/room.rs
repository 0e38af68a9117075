//! Rooms and their members, as folded from the log's `room` and `member` entries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{RoomId, Seq, UserId};
use crate::name::{RoomName, Slug};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// How a caller names a room.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RoomRef {
    /// The room's id.
    Id(RoomId),
    /// A public room's slug.
    Slug(Slug),
}

impl From<RoomId> for RoomRef {
    fn from(id: RoomId) -> Self {
        RoomRef::Id(id)
    }
}

impl fmt::Display for RoomRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomRef::Id(id) => id.fmt(f),
            RoomRef::Slug(slug) => f.write_str(slug.as_str()),
        }
    }
}

impl FromStr for RoomRef {
    type Err = Refusal;
    /// Parses a UUID as an id and everything else as a slug; a text that is neither names no room.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        if let Ok(id) = text.parse() {
            return Ok(RoomRef::Id(id));
        }
        Slug::parse(text).map(RoomRef::Slug).map_err(|_| Refusal::no_such_room())
    }
}

/// Who may join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum RoomKind {
    /// Any signed-in user can read and join; members can send.
    Public,
    /// Users join by invitation.
    Private,
    /// Has exactly two users; they cannot leave it, only hide it.
    Direct,
}

/// A room, the fold of its `room` entries. An entry carries all of it, so the newest one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The room's id; never reused.
    pub id: RoomId,
    /// Who may join.
    pub kind: RoomKind,
    /// The slug of a public room.
    pub slug: Option<Slug>,
    /// The room's name; none for a direct room, which is named after the other user.
    pub name: Option<RoomName>,
    /// The room's description.
    pub description: String,
    /// Whether the room is archived, so that nothing can be sent.
    pub archived: bool,
    /// Whether new members cannot see what was sent before they joined.
    pub hides_past: bool,
    /// Slow mode: seconds that a member must wait between two messages; 0 if off.
    pub slow_mode_s: u32,
    /// The two users of a direct room, in order.
    pub pair: Option<(UserId, UserId)>,
    /// The seq of the entry that it comes from.
    pub rev: Seq,
}

impl Room {
    /// Returns whether the room was deleted: nobody can see it, but it keeps its slug. No other room is private, archived and
    /// without a name, which is what older releases see.
    pub fn is_deleted(&self) -> bool {
        self.kind == RoomKind::Private && self.archived && self.name.is_none()
    }

    /// Returns what is left of the room when it is deleted at `rev`.
    pub fn deleted(&self, rev: Seq) -> Room {
        Room { kind: RoomKind::Private, name: None, description: String::new(), archived: true, rev, ..self.clone() }
    }

    /// Returns the other user of a direct room.
    pub fn other(&self, me: UserId) -> Option<UserId> {
        self.pair.map(|(a, b)| if a == me { b } else { a })
    }
}

/// A member's role; ordered, so that `>=` reads "at least".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum Role {
    /// Can only read.
    ReadOnly,
    /// Can send.
    Member,
    /// Can also remove messages, and mute, kick and ban members.
    Moderator,
    /// Can also change the room and give roles below its own.
    Admin,
    /// Can also archive the room, and make other members owners.
    Owner,
}

/// A user's membership state in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum MemberState {
    /// Was invited and has not answered.
    Invited,
    /// Is a member.
    Joined,
    /// Left, or declined an invitation.
    Left,
    /// Was removed; can join again.
    Kicked,
    /// Was removed; cannot join again.
    Banned,
}

/// Which events of a room notify a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum Level {
    /// Every message.
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
    /// The user.
    pub user: UserId,
    /// The membership state.
    pub state: MemberState,
    /// The role.
    pub role: Role,
    /// The end of the mute, if there is one.
    pub muted_until: Option<Timestamp>,
    /// The user's own setting; no entry of the room's log changes it (see `RowWrite::MemberLevel`).
    pub level: Level,
    /// Until when the user wants no notifications of the room, whatever the level is. Set like the level.
    pub quiet_until: Option<Timestamp>,
    /// The first entry that they may see: 1, or their join if the room hides its past.
    pub from_seq: Seq,
    /// The last entry that they may see, set by the *end* of a membership; a later ban does not move it.
    pub to_seq: Option<Seq>,
    /// The seq of the last entry about them.
    pub rev: Seq,
}

impl Member {
    /// Returns whether they are a member.
    pub fn is_joined(&self) -> bool {
        self.state == MemberState::Joined
    }

    /// Returns whether they want no notifications of the room at `now`.
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.level == Level::None || self.quiet_until.is_some_and(|until| until > now)
    }

    /// Returns whether they are muted at `now`.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }
}

//! `/api/rooms` (also `/api/chat/rooms`): rooms and members.

use domain::{Level, MemberState, Role, RoomKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;
use crate::server_frame::RoomEntry;

/// A new room.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct CreateRoom {
    /// The slug; public rooms only. Left out, it is made of the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<String>,
    /// 1 to 80 characters.
    pub name: String,
    /// What it is about.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub description: String,
    /// `public` or `private`.
    pub kind: RoomKind,
    /// Who joins sees nothing of before.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub hides_past: bool,
}

/// A room as one may see it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoomView {
    /// The room's id.
    pub id: String,
    /// The second name of a public room.
    pub slug: Option<String>,
    /// None for a direct room.
    pub name: Option<String>,
    /// What it is about.
    pub description: String,
    /// Who may come in.
    pub kind: RoomKind,
    /// Nothing more can be sent.
    pub archived: bool,
    /// Who joins sees nothing of before.
    pub hides_past: bool,
    /// Seconds between two messages of a member.
    pub slow_mode_s: u32,
    /// The other person of a direct room.
    pub with: Option<UserRef>,
    /// How one stands to it; null for one who was never in.
    pub state: Option<MemberState>,
    /// What one may do.
    pub role: Option<Role>,
    /// Until when one cannot send.
    pub muted_until: Option<String>,
    /// How many are in.
    pub members: u64,
    /// The seq of the last entry: `seen` of a join.
    pub head: Seq,
    /// Messages so far.
    pub n: u64,
    /// Pinned messages.
    pub pins: Vec<Seq>,
}

/// A page of the directory.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectoryPage {
    /// In order of slug.
    pub items: Vec<DirectoryEntry>,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// A public room.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectoryEntry {
    /// The room's id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// How many are in.
    pub members: u64,
    /// Whether one is in.
    pub joined: bool,
    /// The seq of the last entry: `seen` of a join.
    pub head: Seq,
}

/// A page of one's rooms.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoomPage {
    /// As in the `rooms` frame.
    pub items: Vec<RoomEntry>,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// Changes of a room; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct UpdateRoom {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub description: Option<String>,
    /// Whether it hides its past from those who join from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hides_past: Option<bool>,
    /// Seconds between two messages of a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slow_mode_s: Option<u32>,
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MemberView {
    /// Who.
    pub user: UserRef,
    /// How they stand to the room.
    pub state: MemberState,
    /// What they may do.
    pub role: Role,
    /// Until when they cannot send.
    pub muted_until: Option<String>,
    /// The seq of the last entry about them.
    pub at_seq: Seq,
}

/// A page of members.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MemberPage {
    /// In order of user id.
    pub items: Vec<MemberView>,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// Somebody, by id or name; and what an append needs.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct InviteBody {
    /// The id or the name.
    pub user: String,
    /// The role they will have; `member` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub role: Option<Role>,
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// A change of somebody's membership.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MemberBody {
    /// The id or the name.
    pub user: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why: Option<String>,
    /// For a mute: seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seconds: Option<u64>,
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Another role for a member.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoleBody {
    /// Which.
    pub role: Role,
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// What an append without further words needs.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SeenBody {
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// One's own settings of a room; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoomSettings {
    /// What one wants to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub level: Option<Level>,
    /// Not shown until something new arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hidden: Option<bool>,
}

/// The other person of a direct room.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectBody {
    /// The id or the name.
    pub user: String,
}

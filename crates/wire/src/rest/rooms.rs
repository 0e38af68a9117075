//! The bodies of `/api/rooms` (also `/api/chat/rooms`): rooms and members.

use domain::{Level, MemberState, Role, RoomKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;
use crate::server_frame::RoomEntry;

/// Body of a request that creates a room.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct CreateRoom {
    /// The slug, for public rooms only. If left out, it is derived from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub id: Option<String>,
    /// The room's name: 1 to 80 characters.
    pub name: String,
    /// The room's description.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub description: String,
    /// `public` or `private`; `public` if left out.
    #[serde(default = "public")]
    #[ts(optional, as = "Option<RoomKind>")]
    pub kind: RoomKind,
    /// Whether new members cannot see what was sent before they joined.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub hides_past: bool,
}

fn public() -> RoomKind {
    RoomKind::Public
}

/// A room as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoomView {
    /// The room's id.
    pub id: String,
    /// The slug of a public room.
    pub slug: Option<String>,
    /// The room's name; null for a direct room.
    pub name: Option<String>,
    /// The room's description.
    pub description: String,
    /// Who may join.
    pub kind: RoomKind,
    /// Whether the room is archived, so that nothing can be sent.
    pub archived: bool,
    /// Whether new members cannot see what was sent before they joined.
    pub hides_past: bool,
    /// Slow mode: the minimum number of seconds between two messages of a member.
    pub slow_mode_s: u32,
    /// The other user of a direct room.
    pub with: Option<UserRef>,
    /// The caller's membership state; null if the caller was never a member.
    pub state: Option<MemberState>,
    /// The caller's role in the room.
    pub role: Option<Role>,
    /// The time until which the caller is muted.
    pub muted_until: Option<String>,
    /// The number of members.
    pub members: u64,
    /// The seq of the last entry, to be sent as `seen` of a join.
    pub head: Seq,
    /// The number of messages so far.
    pub n: u64,
    /// The seqs of pinned messages.
    pub pins: Vec<Seq>,
}

/// A page of the directory of public rooms.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectoryPage {
    /// The public rooms, ordered by slug.
    pub items: Vec<DirectoryEntry>,
    /// The value of `after` that requests the next page.
    pub next: Option<String>,
}

/// A public room in the directory.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectoryEntry {
    /// The room's id.
    pub id: String,
    /// The room's slug.
    pub slug: String,
    /// The room's name.
    pub name: String,
    /// The room's description.
    pub description: String,
    /// The number of members.
    pub members: u64,
    /// Whether the caller is a member.
    pub joined: bool,
    /// Whether the operator offers the room to everybody (`PALAVER_DEFAULT_ROOMS`).
    #[serde(default)]
    pub offered: bool,
    /// The seq of the last entry, to be sent as `seen` of a join.
    pub head: Seq,
}

/// A page of the caller's room list.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoomPage {
    /// The rooms, in the form of the `rooms` frame.
    pub items: Vec<RoomEntry>,
    /// The value of `after` that requests the next page.
    pub next: Option<String>,
}

/// Changes to a room. Omitted fields stay unchanged.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct UpdateRoom {
    /// The room's new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// The room's new description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub description: Option<String>,
    /// Whether users who join from now on cannot see what was sent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hides_past: Option<bool>,
    /// Slow mode: the minimum number of seconds between two messages of a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub slow_mode_s: Option<u32>,
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MemberView {
    /// The user.
    pub user: UserRef,
    /// The member's state.
    pub state: MemberState,
    /// The member's role.
    pub role: Role,
    /// The time until which the member is muted.
    pub muted_until: Option<String>,
    /// The seq of the last entry about this member.
    pub at_seq: Seq,
}

/// A page of members.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MemberPage {
    /// The members, ordered by user id.
    pub items: Vec<MemberView>,
    /// The value of `after` that requests the next page.
    pub next: Option<String>,
}

/// Body of an invitation.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct InviteBody {
    /// The invited user's id or name.
    pub user: String,
    /// The role of the new member; `member` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub role: Option<Role>,
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Body of a moderation request: kick, ban, unban, mute or unmute.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MemberBody {
    /// The affected user's id or name.
    pub user: String,
    /// The reason, shown to the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub why: Option<String>,
    /// For a mute: its length in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seconds: Option<u64>,
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Body of a request that changes a member's role.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoleBody {
    /// The new role.
    pub role: Role,
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Body of a change that needs no other fields.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SeenBody {
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Changes to the caller's own settings of a room. Omitted fields stay unchanged.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RoomSettings {
    /// Which events notify the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub level: Option<Level>,
    /// For how many seconds from now nothing notifies the caller, at most a year; 0 ends it. A new level without this ends it,
    /// too. To mute the room for good, set the level to `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub quiet_seconds: Option<u64>,
    /// Whether the room is hidden from the list until something new arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hidden: Option<bool>,
}

/// The users whom the caller blocks.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct BlockList {
    /// The users, in order of id.
    pub items: Vec<UserRef>,
}

/// Body of a request that opens a direct room.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DirectBody {
    /// The other user's id or name.
    pub user: String,
}

//! An entry as clients see it: with names, files and the texts of edits filled in.

use domain::{MemberState, Role, RoomKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::rest::notifications::NotificationView;
use crate::server_frame::RoomEntry;

/// A user, as far as an event shows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct UserRef {
    /// Never changes.
    pub id: String,
    /// The handle; empty for one who is not there any more.
    pub name: String,
    /// Shown instead of the handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
    /// Signed in without a password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub guest: bool,
}

/// A file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct FileRef {
    /// Its id.
    pub id: String,
    /// As the uploader named it.
    pub name: String,
    /// What the bytes are.
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// Of a picture, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<u32>,
    /// Of a picture, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<u32>,
    /// Whether `/thumbnail` has one.
    #[serde(default)]
    pub thumbnail: bool,
}

/// All reactions with one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct ReactionView {
    /// Which.
    pub emoji: String,
    /// How many users.
    pub n: u32,
    /// The ids of the first of them.
    pub users: Vec<String>,
}

/// A room's entry. Apply it if `seq == last + 1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct Event {
    /// The room's id.
    pub room: String,
    /// Its place.
    pub seq: Seq,
    /// Messages so far.
    pub n: u64,
    /// Who did it.
    pub by: UserRef,
    /// When (RFC 3339, UTC, milliseconds).
    pub at: String,
    /// The sender's id of it.
    pub id: String,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened in a room. An unknown kind advances `seq` and shows its `fallback`, if it has one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A message, with all that later entries up to `rev` made of it.
    Message {
        /// Empty when deleted.
        text: String,
        /// The ids of those it mentions.
        mentions: Vec<String>,
        /// The message it answers.
        reply_to: Option<Seq>,
        /// The message whose thread it belongs to.
        thread: Option<Seq>,
        /// Its files.
        files: Vec<FileRef>,
        /// The seq of its last change.
        rev: Seq,
        /// When its text was last changed.
        edited_at: Option<String>,
        /// Final.
        deleted: bool,
        /// In the order of their first use.
        reactions: Vec<ReactionView>,
    },
    /// Another text.
    Edit {
        /// The message.
        target: Seq,
        /// What it says now.
        text: String,
        /// The ids of those it mentions from now on; without it they stay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        mentions: Option<Vec<String>>,
    },
    /// A message is gone.
    Delete {
        /// The message.
        target: Seq,
    },
    /// A reaction, on or off.
    React {
        /// The message.
        target: Seq,
        /// Which.
        emoji: String,
        /// Set or taken back.
        on: bool,
    },
    /// A pin, on or off.
    Pin {
        /// The message.
        target: Seq,
        /// Set or taken back.
        on: bool,
    },
    /// A membership, role or mute: the whole of it.
    Member {
        /// Whose.
        user: UserRef,
        /// The state after it.
        state: MemberState,
        /// The role after it.
        role: Role,
        /// The mute after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        muted_until: Option<String>,
        /// The reason given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        why: Option<String>,
    },
    /// The room as it is now.
    Room {
        /// None for a direct room.
        name: Option<String>,
        /// The second name of a public room.
        slug: Option<String>,
        /// What it is about.
        description: String,
        /// Who may come in. Named so since `kind` is the event's own.
        room_kind: RoomKind,
        /// Nothing more can be sent.
        archived: bool,
        /// Who joins sees nothing of before.
        hides_past: bool,
        /// Seconds between two messages of a member.
        slow_mode_s: u32,
    },
    /// A kind of a later version.
    #[serde(untagged)]
    #[ts(skip)]
    Unknown(serde_json::Map<String, serde_json::Value>),
}

/// An entry of a user's own log (`room` is `@me`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct OwnEvent {
    /// Always `@me`.
    pub room: String,
    /// Its place.
    pub seq: Seq,
    /// When (RFC 3339, UTC, milliseconds).
    pub at: String,
    /// The entry's id.
    pub id: String,
    /// What.
    #[serde(flatten)]
    pub kind: OwnEventKind,
}

/// What happened to a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OwnEventKind {
    /// A room was added or changed (`op: set`), or is gone.
    Room(RoomChange),
    /// A notification was added, read or deleted.
    Notification(NotificationChange),
    /// A setting of the account.
    Setting {
        /// Which.
        name: String,
        /// The value after it.
        #[ts(type = "unknown")]
        value: serde_json::Value,
    },
    /// A session ended; null is all of them.
    Session {
        /// Always `ended`.
        op: String,
        /// Which.
        session: Option<String>,
    },
    /// A kind of a later version.
    #[serde(untagged)]
    #[ts(skip)]
    Unknown(serde_json::Map<String, serde_json::Value>),
}

/// A room of the user's list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum RoomChange {
    /// Added or changed.
    Set {
        /// As in `rooms`.
        entry: Box<RoomEntry>,
    },
    /// Gone.
    Gone {
        /// Which, and why.
        entry: RoomGone,
    },
}

/// A room that one is no longer in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RoomGone {
    /// Which.
    pub id: String,
    /// The seq of the member entry; an older one than known is ignored.
    pub at_seq: Seq,
    /// `left`, `kicked` or `banned`.
    pub why: MemberState,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
}

/// A notification of the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum NotificationChange {
    /// There.
    Added {
        /// As in REST.
        entry: Box<NotificationView>,
    },
    /// Its message was edited.
    Changed {
        /// As it is now.
        entry: Box<NotificationView>,
    },
    /// Read; without a key, all of them so far.
    Read {
        /// Which.
        key: Option<String>,
    },
    /// Deleted; or its message was, or no longer concerns the user.
    Gone {
        /// Which.
        key: String,
    },
}

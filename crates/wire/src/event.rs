//! Entries as clients see them: with user names, files and the texts of edits filled in.

use domain::{FileMetadata, MemberState, Role, RoomKind, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::rest::notifications::NotificationView;
use crate::server_frame::RoomEntry;

/// A user, as shown in events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct UserRef {
    /// The user's id; it never changes.
    pub id: String,
    /// The handle; empty if the user no longer exists.
    pub name: String,
    /// The display name, shown instead of the handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
    /// Whether the user is a guest, who has no password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub guest: bool,
    /// Whether the account was deleted. The handle is then made up, and the display name says so in English.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub deleted: bool,
}

/// A file attached to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct FileRef {
    /// The file's id.
    pub id: String,
    /// The file's name, as given by the uploader.
    pub name: String,
    /// The media type, detected from the bytes.
    pub content_type: String,
    /// The size in bytes.
    pub size: u64,
    /// The width in pixels, for a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub width: Option<u32>,
    /// The height in pixels, for a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub height: Option<u32>,
    /// Whether `/thumbnail` serves a thumbnail of it.
    #[serde(default)]
    pub thumbnail: bool,
    /// What became of the data about place, time and device in the file. Absent if files of this type have none, and for
    /// a file that an earlier release stored, which may contain them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub metadata: Option<FileMetadata>,
}

/// All reactions with one emoji.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct ReactionView {
    /// The emoji.
    pub emoji: String,
    /// The number of users who reacted with it.
    pub n: u32,
    /// The ids of the first users who did.
    pub users: Vec<String>,
}

/// An entry of a room's log. Apply it if `seq == last + 1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct Event {
    /// The room's id.
    pub room: String,
    /// The entry's seq in the log.
    pub seq: Seq,
    /// The number of messages so far.
    pub n: u64,
    /// The author.
    pub by: UserRef,
    /// When it was appended (RFC 3339, UTC, milliseconds).
    pub at: String,
    /// The id that the sender chose for the entry.
    pub id: String,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened in a room. An event of unknown kind advances `seq` and shows its `fallback`, if it has one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// A message, with all later changes up to `rev` applied.
    Message {
        /// The text; empty if the message was deleted.
        text: String,
        /// The ids of mentioned users.
        mentions: Vec<String>,
        /// The seq of the message it replies to.
        reply_to: Option<Seq>,
        /// The seq of the thread's root message.
        thread: Option<Seq>,
        /// The attached files.
        files: Vec<FileRef>,
        /// The seq of its last change.
        rev: Seq,
        /// When the text was last edited.
        edited_at: Option<String>,
        /// Whether the message was deleted; deletion is final.
        deleted: bool,
        /// The reactions, in the order in which each emoji was first used.
        reactions: Vec<ReactionView>,
    },
    /// A message was edited.
    Edit {
        /// The seq of the message.
        target: Seq,
        /// The new text.
        text: String,
        /// The ids of users mentioned by the new text. If absent, the mentions stay unchanged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        mentions: Option<Vec<String>>,
    },
    /// A message was deleted.
    Delete {
        /// The seq of the message.
        target: Seq,
    },
    /// A reaction was added or removed.
    React {
        /// The seq of the message.
        target: Seq,
        /// The emoji.
        emoji: String,
        /// True if added, false if removed.
        on: bool,
    },
    /// A message was pinned or unpinned.
    Pin {
        /// The seq of the message.
        target: Seq,
        /// True if pinned, false if unpinned.
        on: bool,
    },
    /// A membership, role or mute changed. Carries the member's complete new state.
    Member {
        /// The affected user.
        user: UserRef,
        /// The new membership state.
        state: MemberState,
        /// The new role.
        role: Role,
        /// The time until which the user is muted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        muted_until: Option<String>,
        /// The reason, if one was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        why: Option<String>,
    },
    /// The room's properties changed. Carries all of them.
    Room {
        /// The room's name; null for a direct room.
        name: Option<String>,
        /// The slug of a public room.
        slug: Option<String>,
        /// The room's description.
        description: String,
        /// Who may join. Not called `kind`, because that is the event's kind.
        room_kind: RoomKind,
        /// Whether the room is archived, so that nothing can be sent.
        archived: bool,
        /// Whether new members cannot see what was sent before they joined.
        hides_past: bool,
        /// Slow mode: the minimum number of seconds between two messages of a member.
        slow_mode_s: u32,
    },
    /// An event of a kind that a later version introduced.
    #[serde(untagged)]
    #[ts(skip)]
    Unknown(serde_json::Map<String, serde_json::Value>),
}

/// An entry of the user log (`room` is `@me`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
pub struct OwnEvent {
    /// Always `@me`.
    pub room: String,
    /// The entry's seq in the log.
    pub seq: Seq,
    /// When it was appended (RFC 3339, UTC, milliseconds).
    pub at: String,
    /// The entry's id.
    pub id: String,
    /// What happened.
    #[serde(flatten)]
    pub kind: OwnEventKind,
}

/// What happened to a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OwnEventKind {
    /// A room was added or changed (`op: set`), or removed from the list (`op: gone`).
    Room(RoomChange),
    /// A notification was added, changed, read or deleted.
    Notification(NotificationChange),
    /// An account setting changed.
    Setting {
        /// The setting's name.
        name: String,
        /// The new value.
        #[ts(type = "unknown")]
        value: serde_json::Value,
    },
    /// A session ended; null means all sessions.
    Session {
        /// Always `ended`.
        op: String,
        /// The session's id.
        session: Option<String>,
    },
    /// An event of a kind that a later version introduced.
    #[serde(untagged)]
    #[ts(skip)]
    Unknown(serde_json::Map<String, serde_json::Value>),
}

/// A change to the user's room list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum RoomChange {
    /// The room was added or changed.
    Set {
        /// The room, in the form of the `rooms` frame.
        entry: Box<RoomEntry>,
    },
    /// The room was removed from the list.
    Gone {
        /// The room and the reason.
        entry: RoomGone,
    },
}

/// A room that the user is no longer in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
pub struct RoomGone {
    /// The room's id.
    pub id: String,
    /// The seq of the member entry. Ignore the event if a newer one is known.
    pub at_seq: Seq,
    /// `left`, `kicked` or `banned`.
    pub why: MemberState,
    /// The reason, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
}

/// A change to the user's notifications.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum NotificationChange {
    /// The notification was added.
    Added {
        /// The notification, in the form of the REST API.
        entry: Box<NotificationView>,
    },
    /// The notification's message was edited.
    Changed {
        /// The notification after the edit.
        entry: Box<NotificationView>,
    },
    /// The notification was read; without a key, all notifications so far.
    Read {
        /// The notification's key.
        key: Option<String>,
    },
    /// The notification was deleted, or its message was deleted or no longer concerns the user.
    Gone {
        /// The notification's key.
        key: String,
    },
}

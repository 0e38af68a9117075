//! The entries of a log, and messages with all their later changes.
//!
//! An entry stores ids, never names: names are filled in when it is encoded.

use std::collections::BTreeMap;

use crate::ids::{EntryId, FileId, Seq, SessionId, UserId};
use crate::own::{Notification, NotificationKey, UserRoom};
use crate::room::{MemberState, Role, Room};
use crate::text::{Emoji, MessageText};
use crate::time::Timestamp;

/// The version of the stored form that this release writes.
pub const ENTRY_VERSION: u16 = 1;

/// One entry of a log. Never removed; retention and erasure blank its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The version of the stored form.
    pub v: u16,
    /// The entry's place in its log.
    pub seq: Seq,
    /// The number of messages so far, this one included; an unread count is the difference of two of these.
    pub n: u64,
    /// The author.
    pub by: UserId,
    /// The id that the sender chose for it.
    pub id: EntryId,
    /// When it was appended: never earlier than the entry before it.
    pub at: Timestamp,
    /// What happened.
    pub body: Body,
}

/// The texts of edits, by the seqs of the edits. They travel beside the entries, in memory, on the bus and in forwarded
/// answers. The store keeps the text in the edited message only, so that a deletion removes it; a reader gets what the
/// message says now.
pub type EditTexts = BTreeMap<Seq, MessageText>;

/// What happened. The text of an edit is not part of it: see [`EditTexts`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A message, with all later changes applied.
    Message(Message),
    /// The target's text was edited.
    Edit {
        /// The seq of the message.
        target: Seq,
        /// The users that the new text mentions. None if they stay unchanged.
        mentions: Option<Vec<UserId>>,
        /// The users that only the previous text mentioned: their notifications must be removed.
        unmentioned: Vec<UserId>,
    },
    /// The target was deleted. Deletion is final.
    Delete {
        /// The seq of the message.
        target: Seq,
        /// The users whom the message mentioned, which the message itself no longer stores: their notifications must be
        /// removed.
        unmentioned: Vec<UserId>,
    },
    /// A user's reaction was added or removed.
    React {
        /// The seq of the message.
        target: Seq,
        /// The emoji.
        emoji: Emoji,
        /// True if set, false if removed.
        on: bool,
    },
    /// The target was pinned or unpinned.
    Pin {
        /// The seq of the message.
        target: Seq,
        /// True if set, false if removed.
        on: bool,
    },
    /// A membership, role or mute changed. Carries the complete new state, so the newest entry counts.
    Member {
        /// The affected user.
        user: UserId,
        /// The new membership state.
        state: MemberState,
        /// The new role.
        role: Role,
        /// The end of the mute, if there is one.
        muted_until: Option<Timestamp>,
        /// The reason, if one was given.
        why: Option<String>,
    },
    /// The room's properties changed. Carries all of them.
    Room(Room),

    /// User log: a room was added, changed (`joined`, `invited`) or removed.
    UserRoom(UserRoom),
    /// User log: a notification was added.
    NotificationAdded(Notification),
    /// User log: the message of a notification was edited. Carries the complete notification.
    NotificationChanged(Notification),
    /// User log: a notification was read; without a key, all up to `at`.
    NotificationRead {
        /// The notification's key; none means all.
        key: Option<NotificationKey>,
    },
    /// User log: a notification was deleted, or its message was deleted or no longer concerns the user.
    NotificationGone {
        /// The notification's key.
        key: NotificationKey,
    },
    /// User log: an account property or setting changed.
    Setting {
        /// The setting's name.
        name: String,
        /// The new value.
        value: serde_json::Value,
    },
    /// User log: a session ended, and its sockets and tokens with it.
    SessionEnded {
        /// The session's id; none means all sessions of the user (a ban).
        session: Option<SessionId>,
    },

    /// A kind that this release does not know: kept unchanged.
    Unknown(serde_json::Value),
    /// A body of known kind that cannot be decoded: shown as unreadable, and kept unchanged.
    Unreadable {
        /// The kind, if at least that can be read.
        kind: String,
        /// The body as it is stored.
        stored: String,
    },
}

/// A message, with all changes up to `rev` applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The text; empty if the message was deleted or consists only of files.
    pub text: MessageText,
    /// The mentioned users, resolved when the message was appended.
    pub mentions: Vec<UserId>,
    /// The attached files.
    pub files: Vec<FileId>,
    /// The message it replies to.
    pub reply_to: Option<Seq>,
    /// The root message of its thread.
    pub thread: Option<Seq>,
    /// The seq of its last change: a change is applied only if its seq is higher.
    pub rev: Seq,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// Whether the message was deleted; deletion is final.
    pub deleted: bool,
    /// The reactions, in the order in which each emoji was first used.
    pub reactions: Vec<Reaction>,
}

/// All reactions with one emoji.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// The emoji.
    pub emoji: Emoji,
    /// The number of users who reacted with it.
    pub n: u32,
    /// The first [`crate::limits::REACTORS_IN_MESSAGE`] of these users; others have their own rows.
    pub users: Vec<UserId>,
}

impl Body {
    /// Returns an edit that leaves the mentions unchanged.
    pub fn edit(target: Seq) -> Body {
        Body::Edit { target, mentions: None, unmentioned: Vec::new() }
    }

    /// Returns the deletion of a message that mentions no user.
    pub fn delete(target: Seq) -> Body {
        Body::Delete { target, unmentioned: Vec::new() }
    }

    /// Returns the name of the kind in the store.
    pub fn kind(&self) -> &str {
        match self {
            Body::Message(_) => "message",
            Body::Edit { .. } => "edit",
            Body::Delete { .. } => "delete",
            Body::React { .. } => "react",
            Body::Pin { .. } => "pin",
            Body::Member { .. } => "member",
            Body::Room(_) => "room",
            Body::UserRoom(_) => "user_room",
            Body::NotificationAdded(_) => "notification_added",
            Body::NotificationChanged(_) => "notification_changed",
            Body::NotificationRead { .. } => "notification_read",
            Body::NotificationGone { .. } => "notification_gone",
            Body::Setting { .. } => "setting",
            Body::SessionEnded { .. } => "session_ended",
            Body::Unknown(value) => value["kind"].as_str().unwrap_or("unknown"),
            Body::Unreadable { kind, .. } => kind,
        }
    }

    /// Removes what users wrote, for retention and erasure. What a fold needs (ids, states, roles, the room's
    /// properties) stays, and a message reads as deleted.
    pub fn blank(&mut self) {
        match self {
            Body::Message(message) => {
                message.text = MessageText::default();
                message.mentions.clear();
                message.files.clear();
                message.reactions.clear();
                message.edited_at = None;
                message.deleted = true;
            }
            Body::Edit { mentions, unmentioned, .. } => {
                *mentions = None;
                unmentioned.clear();
            }
            Body::Delete { unmentioned, .. } => unmentioned.clear(),
            Body::Member { why, .. } => *why = None,
            Body::UserRoom(row) => row.why = None,
            Body::Setting { value, .. } => *value = serde_json::Value::Null,
            Body::NotificationAdded(notification) | Body::NotificationChanged(notification) => {
                notification.title.clear();
                notification.body.clear();
            }
            _ => {}
        }
    }
}

impl Message {
    /// Returns a new message at `seq` with only a text.
    pub fn of(text: MessageText, seq: Seq) -> Message {
        Message {
            text,
            mentions: Vec::new(),
            files: Vec::new(),
            reply_to: None,
            thread: None,
            rev: seq,
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
        }
    }
}

impl Entry {
    /// Returns whether it appears in pages of messages: it is a message, or may be one that cannot be decoded.
    pub fn is_shown_as_message(&self) -> bool {
        match &self.body {
            Body::Message(_) => true,
            Body::Unreadable { kind, .. } => kind.is_empty() || kind == "message",
            _ => false,
        }
    }

    /// Returns the message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match &self.body {
            Body::Message(message) => Some(message),
            _ => None,
        }
    }
}

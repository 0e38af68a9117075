//! One line of a log, and what a message has become since.
//!
//! An entry stores ids, never names: those are filled in when it is encoded.

use crate::ids::{EntryId, FileId, Seq, SessionId, UserId};
use crate::own::{Notification, NotificationKey, UserRoom};
use crate::room::{MemberState, Role, Room};
use crate::text::{Emoji, MessageText};
use crate::time::Timestamp;

/// The version of the stored form that this release writes.
pub const ENTRY_VERSION: u16 = 1;

/// One line of a log. Never removed; retention and erasure blank its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Version of the stored form.
    pub v: u16,
    /// Its place.
    pub seq: Seq,
    /// Messages so far, this one included; unread is a difference of two of these.
    pub n: u64,
    /// Who did it.
    pub by: UserId,
    /// The sender's id of it.
    pub id: EntryId,
    /// When: never before the entry before it.
    pub at: Timestamp,
    /// What.
    pub body: Body,
}

/// What happened. The text of an edit lives in its message only: a stored edit has none, and a read
/// entry has what the message says *now*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A message, with all that later entries made of it.
    Message(Message),
    /// The target's text is another.
    Edit {
        /// The message.
        target: Seq,
        /// Filled in when it is read.
        text: Option<MessageText>,
        /// Whom the new text mentions; none where that is not known or not to be seen, and the mentions stay.
        mentions: Option<Vec<UserId>>,
        /// Whom the text before mentioned and the new one does not: they have a notification that is over.
        unmentioned: Vec<UserId>,
    },
    /// The target is gone, for good.
    Delete {
        /// The message.
        target: Seq,
        /// Whom it mentioned, which the message itself no longer says: they have a notification that is over.
        unmentioned: Vec<UserId>,
    },
    /// One user's reaction, on or off.
    React {
        /// The message.
        target: Seq,
        /// Which.
        emoji: Emoji,
        /// Set or taken back.
        on: bool,
    },
    /// The target is pinned or no longer.
    Pin {
        /// The message.
        target: Seq,
        /// Set or taken back.
        on: bool,
    },
    /// Any change of a membership, role or mute: the whole of it, so the newest counts.
    Member {
        /// Whose.
        user: UserId,
        /// The state after it.
        state: MemberState,
        /// The role after it.
        role: Role,
        /// The mute after it.
        muted_until: Option<Timestamp>,
        /// The reason given.
        why: Option<String>,
    },
    /// The room as it is now.
    Room(Room),

    /// Own log: a room was added or changed (`joined`, `invited`), or is gone.
    UserRoom(UserRoom),
    /// Own log: a notification is there.
    NotificationAdded(Notification),
    /// Own log: the message of a notification says something else now. Holds the whole of the notification.
    NotificationChanged(Notification),
    /// Own log: a notification was read; without a key, all up to `at`.
    NotificationRead {
        /// Which; none is all.
        key: Option<NotificationKey>,
    },
    /// Own log: a notification was deleted, or its message was, or no longer concerns the user.
    NotificationGone {
        /// Which.
        key: NotificationKey,
    },
    /// Own log: something about the user's account or settings changed.
    Setting {
        /// Which.
        name: String,
        /// The value after it.
        value: serde_json::Value,
    },
    /// Own log: a session ended; its sockets and tokens end with it.
    SessionEnded {
        /// Which; none is all of the user's (a ban).
        session: Option<SessionId>,
    },

    /// A kind that this release does not know: carried on unchanged.
    Unknown(serde_json::Value),
    /// What cannot be decoded, although its kind is known: shown as unreadable, and carried on unchanged.
    Unreadable {
        /// The kind, where even that can be told.
        kind: String,
        /// As it is stored.
        stored: String,
    },
}

/// A message, as the entries up to `rev` made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Empty when deleted, or when only files were sent.
    pub text: MessageText,
    /// Whom it mentions, resolved when it was appended.
    pub mentions: Vec<UserId>,
    /// Its files.
    pub files: Vec<FileId>,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// The message whose thread it belongs to.
    pub thread: Option<Seq>,
    /// The seq of its last change: a change applies only if its seq is higher.
    pub rev: Seq,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// Final.
    pub deleted: bool,
    /// In the order of their first use.
    pub reactions: Vec<Reaction>,
}

/// All reactions with one emoji.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Which.
    pub emoji: Emoji,
    /// How many users.
    pub n: u32,
    /// The first [`crate::limits::REACTORS_IN_MESSAGE`] of them; further ones are rows.
    pub users: Vec<UserId>,
}

impl Body {
    /// An edit that leaves the mentions as they are.
    pub fn edit(target: Seq, text: Option<MessageText>) -> Body {
        Body::Edit { target, text, mentions: None, unmentioned: Vec::new() }
    }

    /// The deletion of a message that mentions nobody.
    pub fn delete(target: Seq) -> Body {
        Body::Delete { target, unmentioned: Vec::new() }
    }

    /// The name of the kind in the store.
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

    /// Takes out what people wrote, for retention and erasure. What a fold needs (ids, states, roles,
    /// the room as it was) stays, and a message reads as deleted.
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
            Body::Edit { text, mentions, unmentioned, .. } => {
                *text = None;
                *mentions = None;
                unmentioned.clear();
            }
            Body::Delete { unmentioned, .. } => unmentioned.clear(),
            Body::Member { why, .. } => *why = None,
            Body::UserRoom(row) => row.why = None,
            Body::NotificationAdded(notification) | Body::NotificationChanged(notification) => {
                notification.title.clear();
                notification.body.clear();
            }
            _ => {}
        }
    }
}

impl Message {
    /// A fresh message at `seq` that is nothing but its text.
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
    /// Whether it stands in pages of messages: a message, or what may be one and cannot be decoded.
    pub fn is_shown_as_message(&self) -> bool {
        match &self.body {
            Body::Message(_) => true,
            Body::Unreadable { kind, .. } => kind.is_empty() || kind == "message",
            _ => false,
        }
    }

    /// The message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match &self.body {
            Body::Message(message) => Some(message),
            _ => None,
        }
    }
}

//! What somebody asks a log to take in, and what they are answered.
//!
//! A change is never stored.

use crate::entry::Entry;
use crate::ids::{EntryId, Epoch, FileId, Seq, SessionId, UserId};
use crate::own::OwnChange;
use crate::room::{Role, Room};
use crate::text::{Emoji, MessageText};
use crate::time::Timestamp;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// Their session; none for a service and for the server itself.
    pub session: Option<SessionId>,
    /// Whether they run the installation.
    pub admin: bool,
    /// Whether they have no password.
    pub guest: bool,
}

impl Actor {
    /// The server itself.
    pub const SYSTEM: Actor = Actor { user: UserId::SYSTEM, session: None, admin: true, guest: false };
}

/// A change asked of a log: decided, and if accepted appended, by the log's appender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who asks.
    pub by: Actor,
    /// Their id of it: the same on every repeat.
    pub id: EntryId,
    /// The head that the client knew when it first tried. None: the server takes its head, and a
    /// repeat is not recognised.
    pub seen: Option<Seq>,
    /// The epoch that `seen` belongs to, where the client said so.
    pub epoch: Option<Epoch>,
    /// What is asked.
    pub intent: Intent,
}

/// What is asked of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// A message.
    Send {
        /// Empty only with files.
        text: MessageText,
        /// The message it answers.
        reply_to: Option<Seq>,
        /// The message whose thread it belongs to.
        thread: Option<Seq>,
        /// Complete, the sender's, of this room.
        files: Vec<FileId>,
    },
    /// Another text for one's own message.
    Edit {
        /// The message.
        target: Seq,
        /// Its new text.
        text: MessageText,
    },
    /// A message away: one's own, or as moderator.
    Delete {
        /// The message.
        target: Seq,
    },
    /// A reaction, on or off.
    React {
        /// The message.
        target: Seq,
        /// Which.
        emoji: Emoji,
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
    /// A new room with its first people: the creator is its owner, the others are invited (or, in a
    /// direct room, are in at once). Refused with `conflict` when the log is not empty.
    Create {
        /// The room.
        room: Box<Room>,
        /// Further people.
        people: Vec<UserId>,
    },
    /// The room's properties; each only if it is given.
    Update {
        /// Its name.
        name: Option<crate::name::RoomName>,
        /// Its description.
        description: Option<String>,
        /// Archived or not.
        archived: Option<bool>,
        /// Whether it hides its past from those who join from now on.
        hides_past: Option<bool>,
        /// Seconds between two messages of a member.
        slow_mode_s: Option<u32>,
    },
    /// Come in; also accepts an invitation.
    Join,
    /// Go; also declines an invitation.
    Leave,
    /// Ask somebody in.
    Invite {
        /// Whom.
        user: UserId,
        /// The role they will have.
        role: Role,
    },
    /// Remove a member.
    Kick {
        /// Whom.
        user: UserId,
        /// Why.
        why: Option<String>,
    },
    /// Remove somebody and keep them out.
    Ban {
        /// Whom.
        user: UserId,
        /// Why.
        why: Option<String>,
    },
    /// Let somebody come in again.
    Unban {
        /// Whom.
        user: UserId,
    },
    /// Nothing from a member until then.
    Mute {
        /// Whom.
        user: UserId,
        /// Until when.
        until: Timestamp,
        /// Why.
        why: Option<String>,
    },
    /// A member may send again.
    Unmute {
        /// Whom.
        user: UserId,
    },
    /// Another role for a member.
    SetRole {
        /// Whom.
        user: UserId,
        /// Which.
        role: Role,
    },
    /// A change of a user's own log.
    Own(OwnChange),
}

impl Intent {
    /// Whether it makes an entry and changes no row beside it: a message without files and outside threads.
    pub fn is_plain(&self) -> bool {
        matches!(self, Intent::Send { files, thread: None, .. } if files.is_empty())
    }
}

/// What the sender of a change is answered once it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The entry's place; none when nothing changed.
    pub seq: Option<Seq>,
    /// When it was appended (or, when nothing changed, decided).
    pub at: Timestamp,
    /// It was there already: this is a repeat.
    pub dup: bool,
    /// It changed nothing, so nothing was appended.
    pub noop: bool,
    /// The entry, where this appender has it at hand.
    pub entry: Option<Entry>,
}

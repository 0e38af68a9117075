//! Changes that are requested of a log, and the acks that answer them.
//!
//! A change is never stored.

use crate::entry::Entry;
use crate::ids::{EntryId, Epoch, FileId, Seq, SessionId, UserId};
use crate::own::OwnChange;
use crate::room::{Role, Room};
use crate::text::{Emoji, MessageText};
use crate::time::Timestamp;

/// The user or system that requests a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// The user's session; none for a service and for the server itself.
    pub session: Option<SessionId>,
    /// Whether the user is an admin of the installation.
    pub admin: bool,
    /// Whether the user is a guest, who has no password.
    pub guest: bool,
}

impl Actor {
    /// The server itself.
    pub const SYSTEM: Actor = Actor { user: UserId::SYSTEM, session: None, admin: true, guest: false };
}

/// A change requested of a log. The log's appender decides it and, if it is accepted, appends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The requester.
    pub by: Actor,
    /// The requester's id for the change: the same on every retry.
    pub id: EntryId,
    /// The head that the client knew when it first tried. If none, the server takes its own head, and a retry is not
    /// recognised.
    pub seen: Option<Seq>,
    /// The epoch that `seen` belongs to, if the client gave one.
    pub epoch: Option<Epoch>,
    /// The requested change.
    pub intent: Intent,
}

/// What a change does to a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Sends a message.
    Send {
        /// The message's text; may be empty only if files are attached.
        text: MessageText,
        /// The message it replies to.
        reply_to: Option<Seq>,
        /// The root message of its thread.
        thread: Option<Seq>,
        /// Attached files: completely uploaded by the sender for this room.
        files: Vec<FileId>,
    },
    /// Edits a message of the sender.
    Edit {
        /// The seq of the message.
        target: Seq,
        /// The new text.
        text: MessageText,
    },
    /// Deletes a message: the sender's, or any as a moderator.
    Delete {
        /// The seq of the message.
        target: Seq,
    },
    /// Adds or removes a reaction.
    React {
        /// The seq of the message.
        target: Seq,
        /// The emoji.
        emoji: Emoji,
        /// True if set, false if removed.
        on: bool,
    },
    /// Pins or unpins a message.
    Pin {
        /// The seq of the message.
        target: Seq,
        /// True if set, false if removed.
        on: bool,
    },
    /// Creates a room with its first members. The creator becomes its owner; the others are invited (or, in a direct
    /// room, join at once). Refused with `conflict` if the log is not empty.
    Create {
        /// The room.
        room: Box<Room>,
        /// The other members.
        people: Vec<UserId>,
    },
    /// Updates the room's properties that are given.
    Update {
        /// The room's name.
        name: Option<crate::name::RoomName>,
        /// The room's description.
        description: Option<String>,
        /// Whether the room is archived.
        archived: Option<bool>,
        /// Whether users who join from now on cannot see what was sent before.
        hides_past: Option<bool>,
        /// Slow mode: the minimum number of seconds between two messages of a member.
        slow_mode_s: Option<u32>,
    },
    /// Deletes the room: nobody can see it from then on. Only the system may do it, for an admin of the installation.
    DeleteRoom,
    /// Joins the room; also accepts an invitation.
    Join,
    /// Leaves the room; also declines an invitation.
    Leave,
    /// Invites a user.
    Invite {
        /// The affected user.
        user: UserId,
        /// The role of the new member.
        role: Role,
    },
    /// Remove a member.
    Kick {
        /// The affected user.
        user: UserId,
        /// The reason, if one was given.
        why: Option<String>,
    },
    /// Removes a user and prevents them from joining again.
    Ban {
        /// The affected user.
        user: UserId,
        /// The reason, if one was given.
        why: Option<String>,
    },
    /// Lifts a ban.
    Unban {
        /// The affected user.
        user: UserId,
    },
    /// Mutes a member until a time.
    Mute {
        /// The affected user.
        user: UserId,
        /// The end of the mute.
        until: Timestamp,
        /// The reason, if one was given.
        why: Option<String>,
    },
    /// Ends a member's mute.
    Unmute {
        /// The affected user.
        user: UserId,
    },
    /// Changes a member's role.
    SetRole {
        /// The affected user.
        user: UserId,
        /// The new role.
        role: Role,
    },
    /// Changes a user log.
    Own(OwnChange),
}

impl Intent {
    /// Returns whether it makes an entry and changes no other row: a message without files and outside threads.
    pub fn is_plain(&self) -> bool {
        matches!(self, Intent::Send { files, thread: None, .. } if files.is_empty())
    }
}

/// The answer to the sender of a change once it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The entry's seq; none if nothing changed.
    pub seq: Option<Seq>,
    /// When it was appended or, if nothing changed, decided.
    pub at: Timestamp,
    /// Whether the change is a duplicate that was stored before.
    pub dup: bool,
    /// Whether the change had no effect, so that nothing was appended.
    pub noop: bool,
    /// The entry, if this appender has it in memory.
    pub entry: Option<Entry>,
    /// The text, if that entry is an edit.
    pub text: Option<MessageText>,
}

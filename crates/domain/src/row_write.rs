//! The rows that change together with entries: one append writes both or neither.
//!
//! Changes are folded to one write per row before they reach the store, which applies each once and in any order.

use crate::entry::Entry;
use crate::ids::{FileId, RoomId, Seq, UserId};
use crate::own::{Notification, NotificationKey, Request, UserRoom};
use crate::room::{Level, Member, Room};
use crate::text::Emoji;
use crate::time::Timestamp;

/// A row that an append writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowWrite {
    /// An earlier message of this log with its new content: replaces that entry's `rev`, `deleted` and body. Never a
    /// message of the same append, because that is folded into its entry.
    Message(Entry),
    /// A reactor, added or removed, who is not among those that the message holds.
    Reactor {
        /// The seq of the message.
        target: Seq,
        /// The emoji.
        emoji: Emoji,
        /// The user who reacted.
        user: UserId,
        /// True if added, false if removed.
        on: bool,
        /// The seq of the entry that changed it.
        rev: Seq,
    },
    /// A pin, set or removed.
    Pin {
        /// The seq of the message.
        target: Seq,
        /// True if set, false if removed.
        on: bool,
    },
    /// A message that belongs to a thread.
    Thread {
        /// The root message of the thread.
        root: Seq,
        /// The seq of the message.
        seq: Seq,
    },
    /// A member row, without `level` and `quiet_until`, which only the user sets.
    Member(Member),
    /// The room's row (and its slug's). Fails the append with `Taken` if another room has the slug.
    Room(Room),
    /// A file that a message now holds.
    FileSent {
        /// The file's id.
        file: FileId,
        /// The seq of the message.
        seq: Seq,
    },
    /// A file whose message was deleted.
    FileDropped {
        /// The file's id.
        file: FileId,
    },
    /// User log: the user's row of a room (state, role, rev, why, request). Its `read_seq` and `read_n` raise the row's mark if
    /// they are higher, and 0 changes nothing; level, quiet_until, hidden and mentions are never written.
    UserRoom(UserRoom),
    /// User log: level, quiet_until and hidden of the user's row of a room, and the first two of the member row.
    RoomSettings {
        /// The room's id.
        room: RoomId,
        /// The new level.
        level: Level,
        /// Until when nothing notifies the user.
        quiet_until: Option<Timestamp>,
        /// Whether the room is now hidden.
        hidden: bool,
    },
    /// User log: how the user answered a request. Has no effect if the row does not exist.
    Answer {
        /// The room's id.
        room: RoomId,
        /// The row's new value.
        request: Option<Request>,
    },
    /// User log: another user is blocked, or not any more.
    Block {
        /// The other user.
        user: UserId,
        /// True if blocked from now on.
        on: bool,
    },
    /// User log: a notification's row.
    Notification(Notification),
    /// User log: new content of a notification's row; its read state stays. Has no effect if the row does not exist.
    NotificationChanged(Notification),
    /// User log: a notification was read at this time; without a key, all of them.
    NotificationRead {
        /// The notification's key.
        key: Option<NotificationKey>,
        /// When it was read.
        at: Timestamp,
    },
    /// User log: a notification was removed; its mark stays until `expires`.
    NotificationDropped {
        /// The notification's key.
        key: NotificationKey,
        /// When the mark can be removed.
        expires: Timestamp,
    },
}

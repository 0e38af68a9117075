//! The rows that change together with entries: one append writes both, or neither.
//!
//! Folded to one write a row before they reach the store, which applies each once and in any order.

use crate::entry::Entry;
use crate::ids::{FileId, RoomId, Seq, UserId};
use crate::own::{Notification, NotificationKey, UserRoom};
use crate::room::{Level, Member, Room};
use crate::text::Emoji;
use crate::time::Timestamp;

/// A row that an append writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowWrite {
    /// An earlier message of this log with its new content: replaces that entry's `rev`, `deleted`
    /// and body. Never a message of the same append (that is folded into its entry).
    Message(Entry),
    /// A reactor beyond those that the message holds: added, or removed.
    Reactor {
        /// The message.
        target: Seq,
        /// Which.
        emoji: Emoji,
        /// Who.
        user: UserId,
        /// Added or removed.
        on: bool,
        /// The entry that did it.
        rev: Seq,
    },
    /// A pin, set or removed.
    Pin {
        /// The message.
        target: Seq,
        /// Set or removed.
        on: bool,
    },
    /// A message that belongs to a thread.
    Thread {
        /// The message that the thread hangs on.
        root: Seq,
        /// The message.
        seq: Seq,
    },
    /// A member row, without `level`, which is the user's own.
    Member(Member),
    /// The room's row (and its slug's). A slug that another room has fails the append: `Taken`.
    Room(Room),
    /// Files that a message now holds.
    FileSent {
        /// Which.
        file: FileId,
        /// The message.
        seq: Seq,
    },
    /// A file whose message was deleted.
    FileDropped {
        /// Which.
        file: FileId,
    },
    /// Own log: the user's row of a room (state, role, rev, why). Its `read_seq` and `read_n` raise the row's mark if they
    /// are higher, and 0 changes nothing; level, hidden and mentions are never written.
    UserRoom(UserRoom),
    /// Own log: level and hidden of the user's row of a room, and `level` of the member row.
    RoomSettings {
        /// Which room.
        room: RoomId,
        /// The level after it.
        level: Level,
        /// Hidden or not after it.
        hidden: bool,
    },
    /// Own log: a notification's row.
    Notification(Notification),
    /// Own log: a notification's row with other content; whether it was read stays. Nothing where there is none.
    NotificationChanged(Notification),
    /// Own log: a notification is read at this time; none is all.
    NotificationRead {
        /// Which.
        key: Option<NotificationKey>,
        /// When.
        at: Timestamp,
    },
    /// Own log: a notification is gone; its mark stays until `expires`.
    NotificationDropped {
        /// Which.
        key: NotificationKey,
        /// When the mark may go.
        expires: Timestamp,
    },
}

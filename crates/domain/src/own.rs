//! What a user's own log announces: rooms, notifications, settings; and the rows behind it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{EntryId, InvalidId, RoomId, Seq, SessionId, UserId};
use crate::room::{Level, MemberState, Role};
use crate::time::Timestamp;

/// A user's row of a room: what the room list is made of. Its `state`, `role` and `rev` follow the
/// room's member entries; `level` and `hidden` are the user's own; the marks have their own port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRoom {
    /// Which room.
    pub room: RoomId,
    /// How the user stands to it.
    pub state: MemberState,
    /// What they may do there.
    pub role: Role,
    /// The seq of the member entry this comes from; an older one is ignored.
    pub rev: Seq,
    /// What they want to be told.
    pub level: Level,
    /// Not shown in their list until something new arrives.
    pub hidden: bool,
    /// Why they were removed.
    pub why: Option<String>,
    /// Up to where they have read.
    pub read_seq: Seq,
    /// The `n` of that entry.
    pub read_n: u64,
    /// Unread messages that mention them, at most [`crate::limits::MENTIONS_PER_ROW`].
    pub mentions: Vec<Seq>,
}

/// Why a notification was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum NotificationKind {
    /// A message mentions the user.
    Mention,
    /// A message in a direct room.
    Direct,
    /// A message answers one of the user's.
    Reply,
    /// An invitation to a room.
    Invite,
    /// Posted by an admin or a service.
    Posted,
}

/// The name of a notification: unique for its user, and in the order of time. Opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationKey {
    /// When.
    pub at: Timestamp,
    /// The room of the message; for a posted one an id of its own.
    pub room: Uuid,
    /// The message; 0 for a posted one.
    pub seq: Seq,
}

impl fmt::Display for NotificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at.0, self.room.simple(), self.seq)
    }
}

impl FromStr for NotificationKey {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let bad = || InvalidId(text.into(), "notification");
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or_else(bad);
        Ok(NotificationKey {
            at: Timestamp(part()?.parse().map_err(|_| bad())?),
            room: Uuid::parse_str(part()?).map_err(|_| bad())?,
            seq: part()?.parse().map_err(|_| bad())?,
        })
    }
}

impl Serialize for NotificationKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NotificationKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A notification, as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its name.
    pub key: NotificationKey,
    /// Why it was made.
    pub kind: NotificationKind,
    /// The `notif_type` of a posted one, in the poster's words.
    pub notif_type: Option<String>,
    /// The room it is about.
    pub room: Option<RoomId>,
    /// The message it is about.
    pub seq: Option<Seq>,
    /// Who caused it.
    pub from: Option<UserId>,
    /// One line.
    pub title: String,
    /// More. Empty in what is stored of one about a message: the beginning of the message is filled in when it is read, so
    /// that a text that was deleted or edited stands nowhere else.
    pub body: String,
    /// The seq of the last change of its message that was announced; 0 for none.
    pub rev: Seq,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

impl Notification {
    /// The message that it is about, and whose text it shows; none for one that has a text of its own or shows none.
    pub fn message(&self) -> Option<(RoomId, Seq)> {
        match self.kind {
            NotificationKind::Mention | NotificationKind::Direct | NotificationKind::Reply => self.room.zip(self.seq),
            NotificationKind::Invite | NotificationKind::Posted => None,
        }
    }
}

/// A change of a user's own log. Each carries the guard that makes it idempotent: it is appended
/// together with the row it announces, and only if that row, read after the head, is missing or older.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnChange {
    /// The user's row of a room follows a member entry of it.
    Room {
        /// The row, its marks and settings ignored.
        row: UserRoom,
    },
    /// The user's own settings of a room.
    RoomSettings {
        /// Which room.
        room: RoomId,
        /// The level, if it changes.
        level: Option<Level>,
        /// Hidden or not, if it changes.
        hidden: Option<bool>,
    },
    /// A notification, unless it (or the mark of a deleted one) is there.
    Notify(Notification),
    /// One notification is read.
    NotificationRead(NotificationKey),
    /// All notifications so far are read.
    NotificationsRead,
    /// A notification is deleted.
    NotificationDrop(NotificationKey),
    /// The message of a notification was edited by the entry at `rev`. Nothing where there is no notification, or where it
    /// has announced this or a later change.
    NotificationChange {
        /// Which.
        key: NotificationKey,
        /// The entry that edited the message.
        rev: Seq,
    },
    /// The message of a notification was deleted, or no longer concerns the user. Nothing where there is no notification.
    NotificationRevoke(NotificationKey),
    /// Something about the account changed.
    Setting {
        /// Which.
        name: String,
        /// The value after it.
        value: serde_json::Value,
    },
    /// A session ended; none is all.
    SessionEnded(Option<SessionId>),
}

impl OwnChange {
    /// The id of the entry that a consumer writes for a room's entry.
    pub fn id_of(&self, room: RoomId, by: UserId, id: EntryId) -> EntryId {
        let purpose = match self {
            OwnChange::Notify(_) | OwnChange::NotificationChange { .. } | OwnChange::NotificationRevoke(_) => "notify",
            _ => "room",
        };
        EntryId::derived(room, by, id, purpose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_what_it_prints() {
        let key = NotificationKey { at: Timestamp(1_790_000_000_123), room: Uuid::from_u128(9), seq: 7 };
        assert_eq!(key.to_string().parse(), Ok(key));
        for bad in ["", "1", "1.2", "x.y.z", "1.00000000000000000000000000000009.-1"] {
            assert!(bad.parse::<NotificationKey>().is_err(), "{bad}");
        }
    }
}

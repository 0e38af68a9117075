//! What a user log announces: rooms, notifications, settings; and the rows behind them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{EntryId, InvalidId, RoomId, Seq, SessionId, UserId};
use crate::room::{Level, MemberState, Role};
use crate::time::Timestamp;

/// The name of the setting by which a user log announces that another user is blocked, or not any more.
pub const BLOCK_SETTING: &str = "block";

/// A user's row of a room: the source of the room list. Its `state`, `role` and `rev` follow the room's member entries;
/// the user sets `level`, `quiet_until` and `hidden`; the marks have their own port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRoom {
    /// The room's id.
    pub room: RoomId,
    /// The user's membership state.
    pub state: MemberState,
    /// The user's role in the room.
    pub role: Role,
    /// The seq of the member entry that this row comes from; an older one is ignored.
    pub rev: Seq,
    /// Which events notify the user.
    pub level: Level,
    /// Until when nothing notifies the user, whatever the level is.
    pub quiet_until: Option<Timestamp>,
    /// Whether the room is hidden from their list until something new arrives.
    pub hidden: bool,
    /// The reason for their removal.
    pub why: Option<String>,
    /// Whether another user put the room here and this user has not answered yet.
    pub request: Option<Request>,
    /// The seq of the last entry that they have read.
    pub read_seq: Seq,
    /// That entry's `n`.
    pub read_n: u64,
    /// The seqs of unread messages that mention them, at most [`crate::limits::MENTIONS_PER_ROW`].
    pub mentions: Vec<Seq>,
}

impl UserRoom {
    /// Returns whether the user's room list contains the room: they are a member or invited, and did not ignore it.
    pub fn is_listed(&self) -> bool {
        matches!(self.state, MemberState::Joined | MemberState::Invited) && self.request != Some(Request::Ignored)
    }

    /// Returns the room and when it was requested, if the user has not answered yet.
    pub fn pending(&self) -> Option<(RoomId, Timestamp)> {
        match self.request {
            Some(Request::Pending { at }) if self.is_listed() => Some((self.room, at)),
            _ => None,
        }
    }

    /// Returns whether the room counts as one of the user's: they are a member, and accepted the room if they were asked.
    pub fn is_own(&self) -> bool {
        self.state == MemberState::Joined && self.request.is_none()
    }
}

/// A room that another user put into a user's list: a stranger's direct room, or an invitation. It ends when the user
/// sends, reacts, accepts or joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// It waits for the user's answer.
    Pending {
        /// When it was made.
        at: Timestamp,
    },
    /// The user does not want to see it, or more than [`crate::limits::REQUESTS_LISTED`] newer ones came.
    Ignored,
}

/// Why a notification was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum NotificationKind {
    /// A message mentions the user.
    Mention,
    /// A message in a direct room.
    Direct,
    /// A message replies to one of the user's.
    Reply,
    /// An invitation to a room.
    Invite,
    /// Posted by an admin or a service.
    Posted,
}

/// The key of a notification: unique for its user, and ordered by time. Opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NotificationKey {
    /// When the notification was created.
    pub at: Timestamp,
    /// The room of the message; a generated id for a posted notification.
    pub room: Uuid,
    /// The seq of the message; 0 for a posted notification.
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
    /// The notification's key.
    pub key: NotificationKey,
    /// Why it was created.
    pub kind: NotificationKind,
    /// The `notif_type` of a posted notification, chosen by the poster.
    pub notif_type: Option<String>,
    /// The room it is about.
    pub room: Option<RoomId>,
    /// The message it is about.
    pub seq: Option<Seq>,
    /// The user who caused it.
    pub from: Option<UserId>,
    /// The title: one line.
    pub title: String,
    /// The text below the title. Stored empty if the notification is about a message: the beginning of the message is
    /// filled in when it is read, so that no other copy of a deleted or edited text exists.
    pub body: String,
    /// The seq of the last change of its message that was announced; 0 if none.
    pub rev: Seq,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

impl Notification {
    /// Returns the message whose text it shows; none if it has its own text or shows none.
    pub fn message(&self) -> Option<(RoomId, Seq)> {
        match self.kind {
            NotificationKind::Mention | NotificationKind::Direct | NotificationKind::Reply => self.room.zip(self.seq),
            NotificationKind::Invite | NotificationKind::Posted => None,
        }
    }
}

/// A change of a user log. Each carries the guard that makes it idempotent: it is appended together with the row it
/// announces, and only if that row, read after the head, is missing or older.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnChange {
    /// Updates the user's row of a room after a member entry.
    Room {
        /// The row; its marks and settings are ignored.
        row: UserRoom,
    },
    /// Changes the user's settings of a room.
    RoomSettings {
        /// The room's id.
        room: RoomId,
        /// The new level, if it changes. It ends a quiet time, unless the change sets one.
        level: Option<Level>,
        /// For how many seconds from now nothing notifies the user, if that changes; 0 ends it.
        quiet_s: Option<u64>,
        /// Whether the room is hidden, if that changes.
        hidden: Option<bool>,
    },
    /// Answers a request. Has no effect if the room is none, or was answered in the same way before.
    Answer {
        /// The room's id.
        room: RoomId,
        /// True to accept the room, false to ignore it.
        accept: bool,
    },
    /// Blocks another user, or lifts the block. The caller checks that it changes anything.
    Block {
        /// The other user.
        user: UserId,
        /// True if blocked from now on.
        on: bool,
    },
    /// Adds a notification, unless it (or the mark of a deleted one) exists.
    Notify(Notification),
    /// Marks one notification as read.
    NotificationRead(NotificationKey),
    /// Marks all notifications so far as read.
    NotificationsRead,
    /// Deletes a notification.
    NotificationDrop(NotificationKey),
    /// The message of a notification was edited by the entry at `rev`. Has no effect if the notification does not exist
    /// or has already announced this or a later change.
    NotificationChange {
        /// The notification's key.
        key: NotificationKey,
        /// The entry that edited the message.
        rev: Seq,
    },
    /// The message of a notification was deleted, or no longer concerns the user. Has no effect if the notification
    /// does not exist.
    NotificationRevoke(NotificationKey),
    /// An account property or setting changed.
    Setting {
        /// The setting's name.
        name: String,
        /// The new value.
        value: serde_json::Value,
    },
    /// A session ended; none means all sessions.
    SessionEnded(Option<SessionId>),
}

impl OwnChange {
    /// Returns the id of the entry that a consumer writes for a room's entry.
    pub fn id_of(&self, room: RoomId, by: UserId, id: EntryId) -> EntryId {
        let answer;
        let purpose = match self {
            OwnChange::Notify(_) | OwnChange::NotificationChange { .. } | OwnChange::NotificationRevoke(_) => "notify",
            // One entry may end several requests.
            OwnChange::Answer { room, .. } => {
                answer = format!("answer:{room}");
                &answer
            }
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

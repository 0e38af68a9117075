//! Everything that a store holds besides its logs, one record at a time: what moves from one store to another.
//!
//! The form is the same whatever the store: a row that one store keeps in columns, another in attributes, has one text
//! here, so texts of two stores can be compared. What follows from other records (names' indexes, lists, counts of
//! members) and what belongs to processes (sockets, nodes, leases, tickets, rate limits) is no record.

use domain::name::UserName;
use domain::{
    FileId, Level, Member, MemberState, NotificationKey, Role, RoomId, Seq, SessionId, Timestamp, User, UserId,
    UserRole,
};
use serde::{Deserialize, Serialize};

use crate::own::UserRoomRecord;
use crate::{AuditForm, FileRecord, NotificationRecord, RoomRecord, UserRest, lenient};

/// One record of a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A user.
    User(UserRow),
    /// A sign-in.
    Session(SessionRow),
    /// A room.
    Room {
        /// The room.
        room: RoomRecord,
    },
    /// A user in a room, present or past.
    Member(MemberRow),
    /// A user's own row of a room: marks, settings, unread mentions.
    UserRoom {
        /// The user.
        user: UserId,
        /// The row.
        row: UserRoomRecord,
    },
    /// A user whom another one blocks.
    Block {
        /// The user who blocks.
        user: UserId,
        /// The other user.
        other: UserId,
    },
    /// A key that holds back the handle of a deleted account.
    HeldName {
        /// `folded:` or `written:`, and the key of the name.
        key: String,
    },
    /// The deletion of an account that is not finished.
    Deletion {
        /// The user.
        user: UserId,
        /// Whether the user's messages are deleted, too.
        messages: bool,
        /// When it began.
        at: Timestamp,
    },
    /// A record of the audit log.
    Audit {
        /// The record.
        audit: AuditForm,
    },
    /// A pinned message.
    Pin {
        /// The room.
        room: RoomId,
        /// The message.
        seq: Seq,
    },
    /// A message of a thread.
    Thread {
        /// The room.
        room: RoomId,
        /// The thread's first message.
        root: Seq,
        /// The message.
        seq: Seq,
    },
    /// A user who reacted, beyond those that the message itself names.
    Reactor {
        /// The room.
        room: RoomId,
        /// The message.
        seq: Seq,
        /// The emoji.
        emoji: String,
        /// The user.
        user: UserId,
    },
    /// A file.
    File {
        /// The file.
        file: FileRecord,
    },
    /// How many bytes count for a user, or for all users.
    Usage {
        /// The user, or none for all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        /// The bytes.
        bytes: u64,
    },
    /// A notification.
    Notification {
        /// Whose it is.
        user: UserId,
        /// The notification, with the time when it was read.
        notification: NotificationRecord,
    },
    /// The mark of a notification that was deleted, so that it is not announced again.
    Dropped {
        /// Whose it was.
        user: UserId,
        /// The notification.
        key: NotificationKey,
        /// When the mark may be removed, in whole seconds: not every store keeps a part of one.
        expires_s: i64,
    },
    /// How far a consumer of the event feed has come in a room.
    Cursor {
        /// The room.
        room: RoomId,
        /// The consumer's name.
        consumer: String,
        /// The last entry that it has processed.
        seq: Seq,
    },
}

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    /// The user's id.
    pub user: UserId,
    /// The handle.
    #[serde(with = "lenient")]
    pub name: UserName,
    /// Whether the second key of the handle, as it is written, is this user's. Not if somebody who looks alike had it
    /// before it was unique.
    pub owns_written: bool,
    /// Whether the user is a guest.
    pub guest: bool,
    /// The role in the whole installation.
    pub role: UserRole,
    /// The e-mail address for sign-in, of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in_email: Option<String>,
    /// The other fields.
    #[serde(flatten)]
    pub rest: UserRest,
}

impl UserRow {
    /// Converts a user to their record.
    pub fn new(user: User, rest: UserRest, sign_in_email: Option<String>, owns_written: bool) -> UserRow {
        let User { id, name, guest, role, .. } = user;
        UserRow { user: id, name, owns_written, guest, role, sign_in_email, rest }
    }
}

/// A sign-in. Hashes are in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    /// The session's id.
    pub session: SessionId,
    /// The signed-in user.
    pub user: UserId,
    /// The hash of the current refresh token.
    pub current: String,
    /// The hash of the previous one, while it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// When the previous one expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_expires_at: Option<Timestamp>,
    /// When the current one was made.
    pub rotated_at: Timestamp,
    /// When the session began.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether it was ended.
    pub revoked: bool,
    /// Whether it was ended on purpose.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub signed_out: bool,
    /// The device's name.
    pub device: String,
}

/// A member's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    /// The room.
    pub room: RoomId,
    user: UserId,
    state: MemberState,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    muted_until: Option<Timestamp>,
    level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet_until: Option<Timestamp>,
    from_seq: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_seq: Option<Seq>,
    rev: Seq,
}

impl MemberRow {
    /// Converts a member to its record.
    pub fn new(room: RoomId, member: &Member) -> MemberRow {
        let Member { user, state, role, muted_until, level, quiet_until, from_seq, to_seq, rev } = member.clone();
        MemberRow { room, user, state, role, muted_until, level, quiet_until, from_seq, to_seq, rev }
    }

    /// Returns the member.
    pub fn member(&self) -> Member {
        let MemberRow { user, state, role, muted_until, level, quiet_until, from_seq, to_seq, rev, .. } = self.clone();
        Member { user, state, role, muted_until, level, quiet_until, from_seq, to_seq, rev }
    }
}

impl Record {
    /// The kinds, as [`Record::kind`] returns them, in the order of a report.
    pub const KINDS: [&str; 17] = [
        "user",
        "session",
        "room",
        "member",
        "user_room",
        "block",
        "held_name",
        "deletion",
        "audit",
        "pin",
        "thread",
        "reactor",
        "file",
        "usage",
        "notification",
        "dropped",
        "cursor",
    ];

    /// Returns the name of its kind.
    pub fn kind(&self) -> &'static str {
        let index = match self {
            Record::User(_) => 0,
            Record::Session(_) => 1,
            Record::Room { .. } => 2,
            Record::Member(_) => 3,
            Record::UserRoom { .. } => 4,
            Record::Block { .. } => 5,
            Record::HeldName { .. } => 6,
            Record::Deletion { .. } => 7,
            Record::Audit { .. } => 8,
            Record::Pin { .. } => 9,
            Record::Thread { .. } => 10,
            Record::Reactor { .. } => 11,
            Record::File { .. } => 12,
            Record::Usage { .. } => 13,
            Record::Notification { .. } => 14,
            Record::Dropped { .. } => 15,
            Record::Cursor { .. } => 16,
        };
        Record::KINDS[index]
    }

    /// Returns the file whose bytes belong to it.
    pub fn file(&self) -> Option<FileId> {
        if let Record::File { file } = self { Some(file.0.id) } else { None }
    }

    /// Returns whether it may be removed at this time, so that it is not worth moving.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        match self {
            Record::Session(session) => session.expires_at <= now,
            Record::Dropped { expires_s, .. } => expires_s.saturating_mul(1_000) <= now.0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{FileMetadata, FileState};
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[test]
    fn a_record_has_one_text_that_names_its_kind_and_is_read_as_it_was_written() {
        let room = RoomId(Uuid::from_u128(7));
        let file = domain::File {
            id: FileId(Uuid::from_u128(9)),
            room,
            user: user(1),
            seq: Some(4),
            state: FileState::Sent,
            at: Timestamp(5),
            name: "plan \u{0}.txt".into(),
            content_type: "text/plain".into(),
            size: 3,
            digest: "ab".into(),
            picture: None,
            metadata: Some(FileMetadata::Absent),
            counted: true,
        };
        let rest: UserRest = crate::from_json(r#"{"created_at":1,"password_hash":"h"}"#).expect("reads");
        let records = [
            Record::User(UserRow {
                user: user(1),
                name: UserName::from_stored("a name of an older release".into()),
                owns_written: false,
                guest: false,
                role: UserRole::Admin,
                sign_in_email: None,
                rest,
            }),
            Record::File { file: FileRecord(file) },
            Record::Usage { owner: None, bytes: 3 },
            Record::Reactor { room, seq: 4, emoji: "#️⃣".into(), user: user(2) },
            Record::Dropped {
                user: user(1),
                key: NotificationKey { at: Timestamp(3), room: room.0, seq: 1 },
                expires_s: 8,
            },
        ];
        for record in records {
            let text = crate::to_json(&record);
            assert!(text.starts_with(&format!(r#"{{"record":"{}""#, record.kind())), "{text}");
            assert_eq!(crate::from_json::<Record>(&text).as_ref(), Ok(&record));
        }
    }

    #[test]
    fn sessions_and_marks_expire_and_nothing_else_does() {
        let dropped = Record::Dropped {
            user: user(1),
            key: NotificationKey { at: Timestamp(3), room: Uuid::nil(), seq: 1 },
            expires_s: 8,
        };
        assert!(dropped.is_expired(Timestamp(8_000)) && !dropped.is_expired(Timestamp(7_999)));
        assert!(!Record::Usage { owner: None, bytes: 3 }.is_expired(Timestamp(i64::MAX)));
    }
}

//! What a user log announces, and the rows behind it.

use domain::{
    Level, MemberState, Notification, NotificationKey, NotificationKind, OwnChange, Request, Role, RoomId, Seq,
    SessionId, Timestamp, UserId, UserRoom,
};
use serde::{Deserialize, Serialize};

use crate::{is_default, record};

record!(
    /// A notification's row.
    NotificationRecord,
    "NotificationForm",
    Notification
);

record!(
    /// A user's row of a room, if one body holds all of it.
    UserRoomRecord,
    "UserRoomForm",
    UserRoom
);

#[derive(Serialize, Deserialize)]
#[serde(remote = "UserRoom")]
pub(crate) struct UserRoomForm {
    room: RoomId,
    state: MemberState,
    role: Role,
    rev: Seq,
    #[serde(default)]
    level: Level,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet_until: Option<Timestamp>,
    #[serde(default)]
    hidden: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<Request>,
    #[serde(default)]
    read_seq: Seq,
    #[serde(default)]
    read_n: u64,
    #[serde(default)]
    mentions: Vec<Seq>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Notification")]
pub(crate) struct NotificationForm {
    key: NotificationKey,
    kind: NotificationKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notif_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    room: Option<RoomId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<UserId>,
    title: String,
    body: String,
    #[serde(default, skip_serializing_if = "is_default")]
    rev: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_at: Option<Timestamp>,
}

/// A change of a user log, as nodes forward it to each other.
#[derive(Serialize, Deserialize)]
#[serde(remote = "OwnChange")]
pub(crate) enum OwnChangeForm {
    Room {
        #[serde(with = "UserRoomForm")]
        row: UserRoom,
    },
    RoomSettings {
        room: RoomId,
        level: Option<Level>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quiet_s: Option<u64>,
        hidden: Option<bool>,
    },
    Answer {
        room: RoomId,
        accept: bool,
    },
    Block {
        user: UserId,
        on: bool,
    },
    Notify(#[serde(with = "NotificationForm")] Notification),
    NotificationRead(NotificationKey),
    NotificationsRead,
    NotificationDrop(NotificationKey),
    NotificationChange {
        key: NotificationKey,
        rev: Seq,
    },
    NotificationRevoke(NotificationKey),
    Setting {
        name: String,
        value: serde_json::Value,
    },
    SessionEnded(Option<SessionId>),
}

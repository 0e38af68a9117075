//! A change that a node forwards to a log's home, and the answer.

use domain::name::RoomName;
use domain::text::{Emoji, MessageText};
use domain::{
    Ack, Actor, Change, EntryId, Epoch, FileId, Intent, OwnChange, Role, Room, Seq, SessionId, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use crate::entry::EntryRecord;
use crate::own::OwnChangeForm;
use crate::room::RoomForm;
use crate::{lenient, record};

record!(
    /// A change that is forwarded to another node.
    ChangeRecord,
    "ChangeForm",
    Change
);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Change")]
struct ChangeForm {
    #[serde(with = "ActorForm")]
    by: Actor,
    id: EntryId,
    seen: Option<Seq>,
    epoch: Option<Epoch>,
    #[serde(with = "IntentForm")]
    intent: Intent,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Actor")]
struct ActorForm {
    user: UserId,
    session: Option<SessionId>,
    admin: bool,
    guest: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Intent")]
enum IntentForm {
    Send {
        #[serde(with = "lenient")]
        text: MessageText,
        reply_to: Option<Seq>,
        thread: Option<Seq>,
        files: Vec<FileId>,
    },
    Edit {
        target: Seq,
        #[serde(with = "lenient")]
        text: MessageText,
    },
    Delete {
        target: Seq,
    },
    React {
        target: Seq,
        #[serde(with = "lenient")]
        emoji: Emoji,
        on: bool,
    },
    Pin {
        target: Seq,
        on: bool,
    },
    Create {
        #[serde(with = "boxed")]
        room: Box<Room>,
        people: Vec<UserId>,
    },
    Update {
        #[serde(default, with = "lenient::option")]
        name: Option<RoomName>,
        description: Option<String>,
        archived: Option<bool>,
        hides_past: Option<bool>,
        slow_mode_s: Option<u32>,
    },
    DeleteRoom,
    Join,
    Leave,
    Invite {
        user: UserId,
        role: Role,
    },
    Kick {
        user: UserId,
        why: Option<String>,
    },
    Ban {
        user: UserId,
        why: Option<String>,
    },
    Unban {
        user: UserId,
    },
    Mute {
        user: UserId,
        until: Timestamp,
        why: Option<String>,
    },
    Unmute {
        user: UserId,
    },
    SetRole {
        user: UserId,
        role: Role,
    },
    Own(#[serde(with = "OwnChangeForm")] OwnChange),
}

mod boxed {
    use serde::{Deserializer, Serializer};

    use super::*;

    pub fn serialize<S: Serializer>(room: &Room, serializer: S) -> Result<S::Ok, S::Error> {
        RoomForm::serialize(room, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Room>, D::Error> {
        RoomForm::deserialize(deserializer).map(Box::new)
    }
}

/// The answer to a change that was accepted.
#[derive(Debug, Serialize, Deserialize)]
pub struct AckRecord {
    seq: Option<Seq>,
    at: Timestamp,
    dup: bool,
    noop: bool,
    entry: Option<EntryRecord>,
    /// The text of an edit, which its entry does not contain.
    #[serde(default, with = "lenient::option")]
    text: Option<MessageText>,
}

impl AckRecord {
    /// Converts an answer to its stored form.
    pub fn new(Ack { seq, at, dup, noop, entry, text }: &Ack) -> AckRecord {
        let entry = entry.as_ref().map(EntryRecord::new);
        AckRecord { seq: *seq, at: *at, dup: *dup, noop: *noop, entry, text: text.clone() }
    }

    /// Converts the stored form to an answer.
    pub fn into_ack(self) -> Ack {
        let AckRecord { seq, at, dup, noop, entry, text } = self;
        Ack { seq, at, dup, noop, entry: entry.map(EntryRecord::into_entry), text }
    }
}

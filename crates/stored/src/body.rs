//! The body of an entry: what a log stores about a message, a change, a member, a room, and a user's own data.

use domain::entry::ENTRY_VERSION;
use domain::text::{Emoji, MessageText};
use domain::{
    Body, FileId, MemberState, Message, Notification, NotificationKey, Reaction, Role, Room, Seq, SessionId, Timestamp,
    UserId, UserRoom,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::own::{NotificationForm, UserRoomForm};
use crate::room::RoomForm;
use crate::{is_default, lenient, reason, record, to_json};

/// The kinds that this release knows. Entries of other kinds are kept unchanged.
pub const KINDS: [&str; 14] = [
    "message",
    "edit",
    "delete",
    "react",
    "pin",
    "member",
    "room",
    "user_room",
    "notification_added",
    "notification_changed",
    "notification_read",
    "notification_gone",
    "setting",
    "session_ended",
];

/// A body that cannot be decoded, although its kind is known or missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreadable {
    /// The kind, if at least that can be read.
    pub kind: String,
    /// The body as it is stored.
    pub stored: String,
    /// Why it cannot be decoded, without any of its text.
    pub why: String,
}

impl Unreadable {
    /// Converts it to the body that represents it.
    pub fn into_body(self) -> Body {
        Body::Unreadable { kind: self.kind, stored: self.stored }
    }
}

/// Encodes a body as JSON. A body that was not understood when it was read is written unchanged.
pub fn encode_body(body: &Body) -> String {
    match body {
        Body::Unreadable { stored, .. } => stored.clone(),
        readable => to_json(&Borrowed(readable)),
    }
}

/// Encodes a body as part of another record. Text that is not JSON becomes `null`.
pub(crate) fn raw_body(body: &Body) -> Box<RawValue> {
    let raw = match body {
        Body::Unreadable { stored, .. } => RawValue::from_string(stored.clone()),
        readable => to_raw_value(&Borrowed(readable)),
    };
    raw.unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Decodes a body of version `v`. Only an unknown kind becomes [`Body::Unknown`]: if a body cannot be decoded, only its
/// kind is read.
pub fn decode_body(v: u16, text: &str) -> Result<Body, Unreadable> {
    let decoded = match v <= ENTRY_VERSION {
        true => serde_json::from_str::<BodyRecord>(text).map_err(|error| reason(&error)),
        false => Err(format!("it has version {v}, and this release reads up to {ENTRY_VERSION}")),
    };
    let why = match decoded {
        Ok(record) => return Ok(record.0),
        Err(why) => why,
    };
    let unreadable = |kind: &str, why| Unreadable { kind: kind.to_owned(), stored: text.to_owned(), why };
    let Kind { kind } = serde_json::from_str(text).map_err(|error| unreadable("", reason(&error)))?;
    if KINDS.contains(&kind.as_str()) {
        return Err(unreadable(&kind, why));
    }
    serde_json::from_str(text).map(Body::Unknown).map_err(|error| unreadable(&kind, reason(&error)))
}

/// Returns the kind of a stored body, without decoding the rest of it.
pub fn kind_of(text: &str) -> Option<String> {
    serde_json::from_str(text).ok().map(|Kind { kind }| kind)
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

record!(
    /// A body of known kind.
    BodyRecord,
    "BodyForm",
    Body
);

/// A decoded body, to be written.
struct Borrowed<'a>(&'a Body);

impl Serialize for Borrowed<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Body::Unknown(value) => value.serialize(serializer),
            known => BodyForm::serialize(known, serializer),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Body", tag = "kind", rename_all = "snake_case")]
enum BodyForm {
    Message(#[serde(with = "MessageForm")] Message),
    Edit {
        target: Seq,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mentions: Option<Vec<UserId>>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unmentioned: Vec<UserId>,
    },
    Delete {
        target: Seq,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unmentioned: Vec<UserId>,
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
    Member {
        user: UserId,
        state: MemberState,
        role: Role,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        muted_until: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    Room(#[serde(with = "nested::room")] Room),
    UserRoom(#[serde(with = "UserRoomForm")] UserRoom),
    NotificationAdded(#[serde(with = "nested::notification")] Notification),
    NotificationChanged(#[serde(with = "nested::notification")] Notification),
    NotificationRead {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<NotificationKey>,
    },
    NotificationGone {
        key: NotificationKey,
    },
    Setting {
        name: String,
        value: Value,
    },
    SessionEnded {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
    #[serde(skip)]
    Unknown(Value),
    #[serde(skip)]
    Unreadable {
        kind: String,
        stored: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Message")]
struct MessageForm {
    #[serde(with = "lenient")]
    text: MessageText,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<UserId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<Seq>,
    rev: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_default")]
    deleted: bool,
    #[serde(default, with = "reactions", skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reaction>,
}

/// The reactions of a message, in the order in which each emoji was first used.
mod reactions {
    use serde::{Deserializer, Serializer};

    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(remote = "Reaction")]
    struct ReactionForm {
        #[serde(with = "lenient")]
        emoji: Emoji,
        n: u32,
        users: Vec<UserId>,
    }

    record!(
        /// The reactions with one emoji.
        ReactionRecord,
        "ReactionForm",
        Reaction
    );

    pub fn serialize<S: Serializer>(reactions: &[Reaction], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(reactions.iter().cloned().map(ReactionRecord))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reaction>, D::Error> {
        let records = Vec::<ReactionRecord>::deserialize(deserializer)?;
        Ok(records.into_iter().map(|record| record.0).collect())
    }
}

/// A room and a notification have their own `kind`, so they are stored one level below the kind of the entry.
mod nested {
    macro_rules! nested {
        ($field:ident, $form:literal, $type:ty) => {
            pub mod $field {
                use serde::{Deserialize, Deserializer, Serialize, Serializer};

                use super::super::*;

                #[derive(Serialize, Deserialize)]
                struct Outer {
                    #[serde(with = $form)]
                    $field: $type,
                }

                pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                    Outer { $field: value.clone() }.serialize(serializer)
                }

                pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                    Outer::deserialize(deserializer).map(|outer| outer.$field)
                }
            }
        };
    }

    nested!(room, "RoomForm", Room);
    nested!(notification, "NotificationForm", Notification);
}

#[cfg(test)]
mod tests;

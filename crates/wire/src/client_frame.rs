//! What a client sends.

use std::collections::BTreeMap;

use crate::limits::JSON_DEPTH;
use domain::{EntryId, FileId, Seq, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::json::is_deeper_than;

/// A client's frame. Unknown fields are ignored; an unknown `t` is [`ClientFrame::Unknown`].
///
/// `room` is a room's id; `join` takes a slug too, `cursors` and `fill` also `@me`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame. `token` is left out when the upgrade carried a ticket.
    Hello {
        /// The protocol's version.
        v: u32,
        /// An access token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        token: Option<String>,
        /// The epoch that the client's cursors belong to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        epoch: Option<String>,
        /// Optional features.
        #[serde(default)]
        caps: Vec<String>,
        /// Whether server frames may come as arrays.
        #[serde(default)]
        batch: bool,
    },
    /// Follow these logs from these cursors; null is "from now".
    Resume {
        /// Comes back as `re`.
        id: String,
        /// By room id, or `@me`.
        cursors: BTreeMap<String, Option<Seq>>,
    },
    /// The entries after a cursor.
    Fill {
        /// Comes back as `re`.
        id: String,
        /// A room id, or `@me`.
        room: String,
        /// The last entry the client has.
        after: Seq,
    },
    /// A message.
    Send {
        /// UUIDv7; the same on every repeat.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room.
        room: String,
        /// Its text; empty only with files.
        #[serde(default)]
        text: String,
        /// The message it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional = nullable)]
        reply_to: Option<Seq>,
        /// The message whose thread it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional = nullable)]
        thread: Option<Seq>,
        /// Uploaded files.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(as = "Option<Vec<String>>", optional)]
        #[schemars(with = "Vec<String>")]
        files: Vec<FileId>,
        /// The head that the client knew when it first tried.
        seen: Seq,
    },
    /// Another text for one's own message.
    Edit {
        /// UUIDv7; the same on every repeat.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room.
        room: String,
        /// The message.
        target: Seq,
        /// Its new text.
        text: String,
        /// The head that the client knew when it first tried.
        seen: Seq,
    },
    /// A message away.
    Delete {
        /// UUIDv7; the same on every repeat.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room.
        room: String,
        /// The message.
        target: Seq,
        /// The head that the client knew when it first tried.
        seen: Seq,
    },
    /// A reaction, on or off.
    React {
        /// UUIDv7; the same on every repeat.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room.
        room: String,
        /// The message.
        target: Seq,
        /// One emoji.
        emoji: String,
        /// Set or taken back.
        on: bool,
        /// The head that the client knew when it first tried.
        seen: Seq,
    },
    /// Come into a room.
    Join {
        /// UUIDv7; the same on every repeat.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room's id or slug.
        room: String,
        /// The head that the directory gave; without it a repeat is not recognised.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        seen: Option<Seq>,
    },
    /// Go from a room.
    Leave {
        /// UUIDv7; the same on every repeat.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room.
        room: String,
        /// The head that the client knew when it first tried.
        seen: Seq,
    },
    /// Read up to here. No ack.
    Read {
        /// The room.
        room: String,
        /// The last entry read.
        seq: Seq,
    },
    /// Typing, or stopped.
    Typing {
        /// The room.
        room: String,
        /// Began or stopped.
        on: bool,
    },
    /// Whose presence to send; replaces the list before.
    Watch {
        /// At most 200, sharing a room.
        #[ts(type = "Array<string>")]
        #[schemars(with = "Vec<String>")]
        users: Vec<UserId>,
    },
    /// Answers the server's ping.
    Pong {},
    /// Asks whether the server is there.
    Ping {
        /// Comes back in the `pong`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<String>,
    },
    /// A new access token for the same session.
    Auth {
        /// Comes back in the `ack`.
        id: String,
        /// The token.
        token: String,
    },
    /// A frame of a later version: refused, never a reason to close.
    #[serde(other)]
    #[ts(skip)]
    Unknown,
}

/// Why a frame could not be read, with what of it could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// Its `t`, if it had one.
    pub of: Option<String>,
    /// Its `id`, if it had one.
    pub id: Option<String>,
    /// Its `room`, if it had one.
    pub room: Option<String>,
    /// What is wrong with it, for people.
    pub message: String,
}

/// The parts that an error names, read from a frame that is otherwise wrong.
#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    t: serde_json::Value,
    #[serde(default)]
    id: serde_json::Value,
    #[serde(default)]
    room: serde_json::Value,
}

impl ClientFrame {
    /// Reads one frame.
    pub fn parse(text: &str) -> Result<ClientFrame, BadFrame> {
        let nothing = |message: String| BadFrame { of: None, id: None, room: None, message };
        if is_deeper_than(text.as_bytes(), JSON_DEPTH) {
            return Err(nothing(format!("The frame is nested deeper than {JSON_DEPTH}.")));
        }
        serde_json::from_str(text).map_err(|error| match serde_json::from_str::<Address>(text) {
            Ok(address) => {
                let known = |value: serde_json::Value| value.as_str().map(str::to_owned);
                BadFrame {
                    of: known(address.t),
                    id: known(address.id),
                    room: known(address.room),
                    message: format!("The frame does not fit the protocol: {error}."),
                }
            }
            Err(_) => nothing(format!("A frame is one JSON object with a \"t\": {error}.")),
        })
    }

    /// What an error about this text names: as much of `t`, `id` and `room` as it has.
    pub fn address(text: &str) -> BadFrame {
        let known = |value: serde_json::Value| value.as_str().map(str::to_owned);
        let address = serde_json::from_str::<Address>(text);
        let (of, id, room) = address.map(|at| (known(at.t), known(at.id), known(at.room))).unwrap_or_default();
        BadFrame { of, id, room, message: String::new() }
    }

    /// The frame's `t`.
    pub fn name(&self) -> &'static str {
        match self {
            ClientFrame::Hello { .. } => "hello",
            ClientFrame::Resume { .. } => "resume",
            ClientFrame::Fill { .. } => "fill",
            ClientFrame::Send { .. } => "send",
            ClientFrame::Edit { .. } => "edit",
            ClientFrame::Delete { .. } => "delete",
            ClientFrame::React { .. } => "react",
            ClientFrame::Join { .. } => "join",
            ClientFrame::Leave { .. } => "leave",
            ClientFrame::Read { .. } => "read",
            ClientFrame::Typing { .. } => "typing",
            ClientFrame::Watch { .. } => "watch",
            ClientFrame::Pong {} => "pong",
            ClientFrame::Ping { .. } => "ping",
            ClientFrame::Auth { .. } => "auth",
            ClientFrame::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_of_the_protocol_page_are_read() {
        let id = "01922f4e-7c00-7000-8000-000000000001";
        for frame in [
            r#"{"t":"hello","v":1,"token":"x","epoch":"7f3a","caps":[],"batch":true}"#.to_owned(),
            r#"{"t":"resume","id":"r","cursors":{"@me":512,"a":1040,"b":null}}"#.into(),
            format!(
                r#"{{"t":"send","id":"{id}","room":"r","text":"hi","reply_to":1041,"thread":null,"files":[],"seen":1043}}"#
            ),
            format!(r#"{{"t":"join","id":"{id}","room":"random"}}"#),
            r#"{"t":"pong"}"#.into(),
            r#"{"t":"ping"}"#.into(),
        ] {
            let read = ClientFrame::parse(&frame).expect("reads");
            assert_ne!(read, ClientFrame::Unknown, "{frame}");
        }
    }

    #[test]
    fn a_later_versions_frame_is_unknown_not_bad() {
        assert_eq!(ClientFrame::parse(r#"{"t":"dance","id":"1","steps":[1,2]}"#), Ok(ClientFrame::Unknown));
    }

    #[test]
    fn a_bad_frame_says_whose_answer_it_is() {
        let bad = ClientFrame::parse(r#"{"t":"send","id":"7","room":"r","text":5,"seen":1}"#).expect_err("bad");
        assert_eq!((bad.of.as_deref(), bad.id.as_deref(), bad.room.as_deref()), (Some("send"), Some("7"), Some("r")));
        assert!(ClientFrame::parse("nonsense").is_err());
        assert!(ClientFrame::parse(&"[".repeat(40_000)).is_err());
        assert!(ClientFrame::parse(r#"[{"t":"pong"}]"#).is_err());
    }
}

//! The frames that clients send.

use std::collections::BTreeMap;

use crate::limits::JSON_DEPTH;
use domain::{EntryId, FileId, Seq, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::explained::{Part, explain_tagged};
use crate::json::is_deeper_than;

/// A frame from a client. Unknown fields are ignored; a frame with an unknown `t` is answered with `bad_request`.
///
/// `room` is a room's id or slug; `cursors` and `fill` also take `@me`. Answers and events name a room by its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Signs in; must be the first frame. Leave out `token` if the upgrade carried a ticket.
    Hello {
        /// The protocol's version.
        v: u32,
        /// An access token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        token: Option<String>,
        /// The epoch of the client's cursors.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        epoch: Option<String>,
        /// Optional features that the client supports.
        #[serde(default)]
        caps: Vec<String>,
        /// Whether the server may send several frames as one array.
        #[serde(default)]
        batch: bool,
    },
    /// Follows these logs from these cursors; a null cursor means "from now".
    Resume {
        /// Returned as `re` in the answer.
        id: String,
        /// The cursors, by the room's id or slug, or `@me`.
        cursors: BTreeMap<String, Option<Seq>>,
    },
    /// Requests the entries after a cursor.
    Fill {
        /// Returned as `re` in the answer.
        id: String,
        /// The room's id or slug, or `@me`.
        room: String,
        /// The seq of the last entry that the client has.
        after: Seq,
    },
    /// Sends a message.
    Send {
        /// A UUIDv7; the same on every retry.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room's id or slug.
        room: String,
        /// The message's text; may be empty only if files are attached.
        #[serde(default)]
        text: String,
        /// The seq of the message it replies to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional = nullable)]
        reply_to: Option<Seq>,
        /// The seq of the thread's root message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional = nullable)]
        thread: Option<Seq>,
        /// The ids of uploaded files to attach.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(as = "Option<Vec<String>>", optional)]
        #[schemars(with = "Vec<String>")]
        files: Vec<FileId>,
        /// The log's head that the client knew when it first tried.
        seen: Seq,
    },
    /// Edits a message of the sender.
    Edit {
        /// A UUIDv7; the same on every retry.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room's id or slug.
        room: String,
        /// The seq of the message.
        target: Seq,
        /// The message's new text.
        text: String,
        /// The log's head that the client knew when it first tried.
        seen: Seq,
    },
    /// Deletes a message.
    Delete {
        /// A UUIDv7; the same on every retry.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room's id or slug.
        room: String,
        /// The seq of the message.
        target: Seq,
        /// The log's head that the client knew when it first tried.
        seen: Seq,
    },
    /// Adds or removes a reaction.
    React {
        /// A UUIDv7; the same on every retry.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room's id or slug.
        room: String,
        /// The seq of the message.
        target: Seq,
        /// The emoji.
        emoji: String,
        /// True to add the reaction, false to remove it.
        on: bool,
        /// The log's head that the client knew when it first tried.
        seen: Seq,
    },
    /// Joins a room.
    Join {
        /// A UUIDv7; the same on every retry.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room's id or slug.
        room: String,
        /// The head from the directory. Without it, the server does not recognise a retry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        seen: Option<Seq>,
    },
    /// Leaves a room.
    Leave {
        /// A UUIDv7; the same on every retry.
        #[ts(type = "string")]
        #[schemars(with = "String")]
        id: EntryId,
        /// The room's id or slug.
        room: String,
        /// The log's head that the client knew when it first tried.
        seen: Seq,
    },
    /// Sets the read mark. The server sends no ack.
    Read {
        /// The room's id or slug.
        room: String,
        /// The seq of the last entry read.
        seq: Seq,
    },
    /// Tells the other members that the user is typing, or stopped.
    Typing {
        /// The room's id or slug.
        room: String,
        /// True if the user is typing, false if they stopped.
        on: bool,
    },
    /// Sets the users whose presence the server sends. Replaces the previous list.
    Watch {
        /// Ids of at most 200 users, each sharing a room with the sender.
        #[ts(type = "Array<string>")]
        #[schemars(with = "Vec<String>")]
        users: Vec<UserId>,
    },
    /// Answers the server's ping.
    Pong {},
    /// Asks the server for a `pong`.
    Ping {
        /// Returned in the `pong`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        id: Option<String>,
    },
    /// Presents a new access token for the same session.
    Auth {
        /// Returned in the `ack`.
        id: String,
        /// The new access token.
        token: String,
    },
    /// A frame that a later version introduced. The server rejects it, but never closes the socket because of it.
    #[serde(other)]
    #[ts(skip)]
    #[schemars(skip)]
    Unknown,
}

/// Why a frame could not be read, with the parts that could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// Its `t`, if it had one.
    pub of: Option<String>,
    /// Its `id`, if it had one.
    pub id: Option<String>,
    /// Its `room`, if it had one.
    pub room: Option<String>,
    /// What is wrong with the frame, for people.
    pub message: String,
}

/// The parts that an error names, read from an otherwise invalid frame.
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
        serde_json::from_str(text).map_err(|error| {
            let again = |value| serde_json::from_value::<ClientFrame>(value).map(drop);
            BadFrame { message: explain_tagged(Part::Frame, "t", &error, text, again), ..ClientFrame::address(text) }
        })
    }

    /// Returns what an error about this text names: whichever of `t`, `id` and `room` it has.
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
    fn parses_the_frames_of_the_protocol_page() {
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
    fn a_frame_of_a_later_version_is_unknown_not_bad() {
        assert_eq!(ClientFrame::parse(r#"{"t":"dance","id":"1","steps":[1,2]}"#), Ok(ClientFrame::Unknown));
    }

    #[test]
    fn a_bad_frame_names_the_request_it_answers() {
        let bad = ClientFrame::parse(r#"{"t":"send","id":"7","room":"r","text":5,"seen":1}"#).expect_err("bad");
        assert_eq!((bad.of.as_deref(), bad.id.as_deref(), bad.room.as_deref()), (Some("send"), Some("7"), Some("r")));
        assert!(ClientFrame::parse("nonsense").is_err());
        assert!(ClientFrame::parse(&"[".repeat(40_000)).is_err());
        assert!(ClientFrame::parse(r#"[{"t":"pong"}]"#).is_err());
    }
}

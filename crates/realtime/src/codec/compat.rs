//! The socket of the older contract: one room, one user, and frames that name neither when they come from the client.
//!
//! Frames name a room by its slug, which the messages that many sockets share do not contain. A slug belongs to its room
//! forever, so the slugs of rooms that such sockets are in are kept here, for as long as one of the sockets is open.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock, Weak};

use bytes::Bytes;
use domain::text::MessageText;
use domain::{Code, FileId, Intent, Refusal, RoomId, UserId};
use serde::Serialize;
use serde_json::Value;
use wire::compat::{Frame as Shape, MessageBody, named_ref};
use wire::{AnyEvent, Event, EventKind, UserRef};

use super::{Codec, CodecKind, Incoming};
use crate::frame::{Class, Frame};
use crate::message::{Message, Reply, SharedMessage};
use crate::request::{Decoded, Request};

/// What an error says of a message that is no frame of this contract.
const UNREADABLE: &str = "Send a JSON object with a `type`: message, typing or stop_typing.";

/// The slug of a room, known to the encoder while this exists.
#[derive(Debug)]
pub struct RoomSlug {
    room: RoomId,
    slug: String,
}

static SLUGS: LazyLock<RwLock<HashMap<RoomId, Weak<RoomSlug>>>> = LazyLock::new(RwLock::default);

impl RoomSlug {
    /// Makes the slug of a room known.
    pub fn keep(room: RoomId, slug: &str) -> Arc<RoomSlug> {
        let mut slugs = SLUGS.write().expect("no holder of the lock panics");
        if let Some(known) = slugs.get(&room).and_then(Weak::upgrade) {
            return known;
        }
        let kept = Arc::new(RoomSlug { room, slug: slug.to_owned() });
        slugs.insert(room, Arc::downgrade(&kept));
        kept
    }

    /// Returns the room.
    pub fn room(&self) -> RoomId {
        self.room
    }

    fn of(room: RoomId) -> Option<Arc<RoomSlug>> {
        SLUGS.read().expect("no holder of the lock panics").get(&room)?.upgrade()
    }
}

impl Drop for RoomSlug {
    fn drop(&mut self) {
        let mut slugs = SLUGS.write().expect("no holder of the lock panics");
        // Another one may have been made since the last holder of this one left.
        if slugs.get(&self.room).is_some_and(|slug| slug.strong_count() == 0) {
            slugs.remove(&self.room);
        }
    }
}

/// The older contract on one connection.
#[derive(Debug, Default)]
pub struct Compat {
    /// The room of the connection; none for a connection that is only refused.
    room: Option<Arc<RoomSlug>>,
}

impl Compat {
    /// Returns the codec of a connection to this room.
    pub fn new(room: Arc<RoomSlug>) -> Compat {
        Compat { room: Some(room) }
    }

    fn change(&self, content: &Value, frame: &Value) -> Decoded {
        let Some(room) = &self.room else { return Decoded::Breach };
        let intent = intent(content, frame);
        Decoded::Request(Request::Change {
            reply: Reply::unnamed("message", Some(room.slug.clone())),
            id: None,
            room: room.room.to_string(),
            seen: None,
            intent,
        })
    }

    fn typing(&self, on: bool) -> Decoded {
        let Some(room) = &self.room else { return Decoded::Breach };
        Decoded::Request(Request::Typing { room: room.room.to_string(), on })
    }
}

impl Codec for Compat {
    fn kind(&self) -> CodecKind {
        CodecKind::Compat
    }

    fn decode(&mut self, incoming: Incoming<'_>) -> Decoded {
        let frame = match incoming {
            Incoming::Text(text) if !wire::json::is_deeper_than(text.as_bytes(), wire::limits::JSON_DEPTH) => {
                serde_json::from_str::<Value>(text).ok()
            }
            _ => None,
        };
        let Some(frame) = frame.filter(Value::is_object) else { return rejected(UNREADABLE) };
        match frame["type"].as_str() {
            Some("message") => self.change(&frame["content"], &frame),
            Some("typing") => self.typing(true),
            Some("stop_typing") => self.typing(false),
            _ => rejected(UNREADABLE),
        }
    }

    fn encode_own(&mut self, message: &Message) -> Option<Bytes> {
        match message {
            Message::Refused { refusal, .. } => Some(error(refusal)),
            Message::NoSuchLog { .. } => Some(error(&Refusal::no_such_room())),
            _ => None,
        }
    }

    fn encode_all(&mut self, message: &Message) -> Vec<Frame> {
        match message {
            // Older clients answer pings of the transport, and know no others.
            Message::Ping { .. } => vec![Frame::ping()],
            Message::Sync { page, .. } => {
                let events = page.events().into_iter().filter_map(|event| shown(&event));
                events.map(|payload| Frame::new(Class::Durable, payload)).collect()
            }
            message => {
                self.encode_own(message).map(|payload| Frame::new(Class::Durable, payload)).into_iter().collect()
            }
        }
    }
}

fn rejected(why: &str) -> Decoded {
    Decoded::Rejected { reply: Reply::unnamed("message", None), message: why.to_owned() }
}

/// Returns the message that a frame asks for.
fn intent(content: &Value, frame: &Value) -> Result<Intent, Refusal> {
    let text = match content {
        Value::Null => "",
        Value::String(text) => text,
        _ => return Err(Refusal::bad_request("`content` must be a text.")),
    };
    let text = MessageText::try_from(text.to_owned())?;
    let files = match (frame["message_type"].as_str(), frame["file_url"].as_str()) {
        (Some("file"), None) => return Err(Refusal::bad_request("A message of the type `file` needs a `file_url`.")),
        (Some("file") | None, Some(url)) => vec![file(url)?],
        (Some("text") | None, _) => Vec::new(),
        (Some(_), _) => return Err(Refusal::bad_request("`message_type` must be `text` or `file`.")),
    };
    if text.is_blank() && files.is_empty() {
        return Err(Refusal::bad_request("Write a message: `content` is empty."));
    }
    Ok(Intent::Send { text, reply_to: None, thread: None, files })
}

fn file(url: &str) -> Result<FileId, Refusal> {
    let id = wire::compat::file_of_url(url).and_then(|id| id.parse().ok());
    id.ok_or_else(|| Refusal::not_found("There is no file at this `file_url`. Send the `download_url` of an upload."))
}

pub(super) fn encode_shared(message: &SharedMessage) -> Option<Bytes> {
    match message {
        SharedMessage::Event(event) => match &**event {
            AnyEvent::Room(event) => shown(event),
            AnyEvent::Own(_) => None,
        },
        SharedMessage::Typing { room, by, ttl } => {
            let room = RoomSlug::of(*room)?;
            let (user_id, username) = person(by);
            let room_id = room.slug.clone();
            Some(json(&match ttl.is_zero() {
                true => Shape::StopTyping { user_id, username, room_id },
                false => Shape::Typing { user_id, username, room_id },
            }))
        }
        SharedMessage::Attendance { room, by, is_there, at } => {
            let room = RoomSlug::of(*room)?;
            let (user_id, username) = person(by);
            let (room_id, timestamp) = (room.slug.clone(), wire::rfc3339(*at));
            Some(json(&match is_there {
                true => Shape::UserJoined { user_id, username, room_id, timestamp },
                false => Shape::UserLeft { user_id, username, room_id, timestamp },
            }))
        }
        SharedMessage::Receipt { .. } | SharedMessage::Presence { .. } => None,
    }
}

/// Returns the frame of an event, if it is a message and its room's slug is known.
fn shown(event: &Event) -> Option<Bytes> {
    let EventKind::Message { text, files, deleted: false, .. } = &event.kind else { return None };
    let room = RoomSlug::of(event.room.parse().ok()?)?;
    let (user_id, username) = person(&event.by);
    let file = files.first().map(|file| (file.id.as_str(), file.name.as_str()));
    let body = MessageBody::of_parts(&room.slug, event.seq, (user_id, username), text, file, event.at.clone());
    Some(json(&Shape::Message(body)))
}

fn person(user: &UserRef) -> (String, String) {
    match user.id.parse::<UserId>() {
        Ok(id) => named_ref(id, &user.name, user.display_name.as_deref()),
        Err(_) => (user.id.clone(), user.name.clone()),
    }
}

fn error(refusal: &Refusal) -> Bytes {
    #[derive(Serialize)]
    struct Error<'a> {
        r#type: &'static str,
        code: Code,
        message: &'a str,
    }
    json(&Error { r#type: "error", code: refusal.code, message: &refusal.message })
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("the shapes have string keys and no failing serializers").into()
}

#[cfg(test)]
mod tests;

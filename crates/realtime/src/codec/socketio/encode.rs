//! From messages to a client's packets.

use bytes::Bytes;
use domain::{Code, MemberState, PageStatus, Refusal, Seq, Timestamp};
use serde_json::{Value, json};
use socketio::engine::{self, SEPARATOR};
use socketio::{Kind, Packet};
use wire::{AnyEvent, Event, EventKind};

use super::offset;
use crate::message::{Reply, ReplyTo, SharedMessage, Welcome};

/// How a connection names things.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    /// The room.
    pub room: &'a str,
    /// Whether events end with their offset.
    pub offset: bool,
}

impl Names<'_> {
    fn message(self, seq: Seq) -> String {
        format!("{}:{seq}", self.room)
    }
}

/// Joins packets; `None` if there is none.
pub(super) fn payload(packets: impl IntoIterator<Item = String>) -> Option<Bytes> {
    let mut payload = String::new();
    for packet in packets {
        if !payload.is_empty() {
            payload.push(SEPARATOR);
        }
        payload.push_str(&packet);
    }
    (!payload.is_empty()).then(|| payload.into())
}

/// Returns the Engine.IO packet that carries a packet.
pub(super) fn message(packet: &Packet) -> String {
    engine::Packet::Text(packet.text().into()).text()
}

fn emit(name: &str, body: Value) -> String {
    message(&Packet::event(name, [body]))
}

pub(super) fn heartbeat(now: Timestamp) -> String {
    emit("heartbeat", json!({ "timestamp": wire::rfc3339(now) }))
}

pub(super) fn welcome(welcome: &Welcome, recovers: bool) -> String {
    let mut body = json!({ "sid": *welcome.conn });
    if recovers {
        // The client stores offsets only if it gets this. It is another one each time, so no client takes its connection for
        // recovered, and each enters its rooms again, with its offset.
        body["pid"] = json!(*welcome.conn);
    }
    message(&Packet::new(Kind::Connect, Some(body)))
}

fn answer(ack: u64, body: Value) -> String {
    message(&Packet::new(Kind::Ack, Some(json!([body]))).numbered(ack))
}

/// Returns the answer to an event that changes nothing that is stored at once.
pub(super) fn done(ack: u64) -> String {
    answer(ack, json!({ "ok": true }))
}

/// Returns the answer to a change that is durable. `None` if the client asked for none.
pub(super) fn ack(reply: &ReplyTo, seq: Option<Seq>, at: Timestamp) -> Option<String> {
    let ReplyTo::Event(reply) = reply else { return None };
    let mut body = json!({ "ok": true, "timestamp": wire::rfc3339(at) });
    if let Some(seq) = reply.message.or(seq) {
        body["id"] = json!(format!("{}:{seq}", reply.room));
    }
    Some(answer(reply.ack?, body))
}

pub(super) fn refused(reply: &Reply, refusal: &Refusal) -> String {
    let code = code_name(refusal.code);
    if reply.of.as_deref() == Some("hello") {
        let code = if refusal.code == Code::Overloaded { "SERVER_FULL".to_owned() } else { code };
        let data = json!({ "code": code, "message": refusal.message, "retry_ms": refusal.retry_ms });
        let body = json!({ "message": refusal.message, "data": data });
        return message(&Packet::new(Kind::ConnectError, Some(body)));
    }
    match &reply.to {
        ReplyTo::Event(event) if event.ack.is_some() => failed(event.ack.unwrap_or_default(), &code, refusal),
        _ => emit("error", json!({ "code": code, "message": refusal.message })),
    }
}

fn failed(ack: u64, code: &str, refusal: &Refusal) -> String {
    answer(ack, json!({ "ok": false, "code": code, "message": refusal.message, "retry_ms": refusal.retry_ms }))
}

pub(super) fn no_such_room(reply: &ReplyTo) -> String {
    refused(&Reply { to: reply.clone(), of: None, room: None }, &Refusal::no_such_room())
}

/// Returns the answer to a client that entered a room, once it gets the room's events.
pub(super) fn entered(reply: &ReplyTo, status: PageStatus, live: bool) -> Option<String> {
    let ReplyTo::Event(event) = reply else { return None };
    match status {
        PageStatus::Forbidden | PageStatus::NotFound => Some(no_such_room(reply)),
        _ if live => Some(answer(event.ack?, json!({ "ok": true, "id": event.room }))),
        _ => None,
    }
}

/// Returns the name of a refusal's code, in capitals.
fn code_name(code: Code) -> String {
    match serde_json::to_value(code) {
        Ok(Value::String(name)) => name.to_uppercase(),
        _ => unreachable!("a code is serialized as its name"),
    }
}

/// Returns the id of the room that a message is about.
pub(super) fn room_of(message: &SharedMessage) -> Option<String> {
    match message {
        SharedMessage::Event(event) => match &**event {
            AnyEvent::Room(event) => Some(event.room.clone()),
            AnyEvent::Own(_) => None,
        },
        SharedMessage::Typing { room, .. } | SharedMessage::Receipt { room, .. } => Some(room.to_string()),
        SharedMessage::Presence { .. } => None,
    }
}

/// Encodes a message; `None` if this protocol has no word for it.
pub(super) fn shared(names: Names<'_>, message: &SharedMessage) -> Option<Bytes> {
    let room = names.room;
    payload(match message {
        SharedMessage::Event(any) => match &**any {
            AnyEvent::Room(event) => self::event(names, event).into_iter().collect(),
            AnyEvent::Own(_) => Vec::new(),
        },
        SharedMessage::Typing { ttl, .. } if ttl.is_zero() => Vec::new(),
        SharedMessage::Typing { by, .. } => {
            vec![emit("typing", json!({ "roomId": room, "userId": by.id, "username": by.name }))]
        }
        SharedMessage::Receipt { user, seq, .. } => {
            let body = json!({ "roomId": room, "messageId": names.message(*seq), "userId": user });
            vec![emit("message_read", body)]
        }
        SharedMessage::Presence { users, .. } => {
            let update = |user: &wire::PresenceEntry| {
                emit("presence_update", json!({ "userId": user.user, "status": user.status }))
            };
            users.iter().map(update).collect()
        }
    })
}

/// Encodes an event; `None` if this protocol has no word for it.
pub(super) fn event(names: Names<'_>, event: &Event) -> Option<String> {
    let room = names.room;
    let (name, body) = match &event.kind {
        EventKind::Message { deleted: true, .. } => return None,
        EventKind::Message { text, files, edited_at, .. } => {
            let mut body = json!({
                "id": names.message(event.seq),
                "roomId": room,
                "userId": event.by.id,
                "content": if text.is_empty() { file_names(files) } else { text.clone() },
                "timestamp": event.at,
            });
            if edited_at.is_some() {
                body["edited"] = json!(true);
            }
            ("message", body)
        }
        // Without its text it is for users who cannot see the message that it changes.
        EventKind::Edit { text, .. } if text.is_empty() => return None,
        EventKind::Edit { target, text, .. } => {
            let body = json!({
                "id": names.message(*target),
                "roomId": room,
                "userId": event.by.id,
                "content": text,
                "timestamp": event.at,
                "edited": true,
            });
            ("message", body)
        }
        EventKind::Delete { target } => {
            ("message_deleted", json!({ "roomId": room, "messageId": names.message(*target) }))
        }
        EventKind::Member { user, state, .. } => {
            let body = json!({ "roomId": room, "userId": user.id, "username": user.name });
            match state {
                // Others change a member's role or mute; only the user joins.
                MemberState::Joined if event.by.id == user.id => ("user_joined", body),
                MemberState::Left | MemberState::Kicked | MemberState::Banned => ("user_left", body),
                MemberState::Joined | MemberState::Invited => return None,
            }
        }
        EventKind::React { .. } | EventKind::Pin { .. } | EventKind::Room { .. } | EventKind::Unknown(_) => {
            return None;
        }
    };
    let arguments = std::iter::once(body).chain(names.offset.then(|| json!(offset::of(event))));
    Some(message(&Packet::event(name, arguments)))
}

fn file_names(files: &[wire::FileRef]) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    names.join(", ")
}

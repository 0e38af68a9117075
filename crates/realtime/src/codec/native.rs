//! The native protocol: JSON frames, as `docs/protocol` describes them. The connection needs no state here.

mod change;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use domain::LogId;
use serde::Serialize;
use wire::{BadFrame, ClientFrame, OWN_LOG, ServerFrame, SyncStatus};

use super::{Codec, CodecKind, Incoming};
use crate::message::{Message, Reply, ReplyTo, SharedMessage};
use crate::request::{Decoded, Request};

/// The native protocol on one connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Codec for Native {
    fn kind(&self) -> CodecKind {
        CodecKind::Native
    }

    fn decode(&mut self, incoming: Incoming<'_>) -> Decoded {
        let Incoming::Text(text) = incoming else { return Decoded::Breach };
        match ClientFrame::parse(text) {
            Ok(ClientFrame::Unknown) => {
                let message = "This server does not know this type of frame.".to_owned();
                rejected(BadFrame { message, ..ClientFrame::address(text) })
            }
            Ok(frame) => Decoded::Request(request(frame)),
            Err(bad) => rejected(bad),
        }
    }

    fn encode_own(&mut self, message: &Message) -> Option<Bytes> {
        Some(match message {
            Message::Rooms { me, rooms, more } => rooms.frame(*me, *more).into(),
            Message::Sync { reply, page, live } => page.frame(name(reply), *live).into(),
            message => json(&frame(message)),
        })
    }
}

fn rejected(bad: BadFrame) -> Decoded {
    let to = bad.id.map_or(ReplyTo::Nothing, ReplyTo::Frame);
    Decoded::Rejected { reply: Reply { to, of: bad.of.map(Cow::Owned), room: bad.room }, message: bad.message }
}

fn request(frame: ClientFrame) -> Request {
    let frame = match change::request(frame) {
        Ok(request) => return request,
        Err(frame) => *frame,
    };
    match frame {
        ClientFrame::Hello { v, token, epoch, batch, .. } => Request::SignIn { version: v, token, epoch, batch },
        ClientFrame::Resume { id, cursors } => {
            Request::Resume { reply: ReplyTo::Frame(id), cursors: cursors.into_iter().collect() }
        }
        ClientFrame::Fill { id, room, after } => Request::Fill { reply: ReplyTo::Frame(id), room, after },
        ClientFrame::Read { room, seq } => Request::Mark { room, seq },
        ClientFrame::Typing { room, on } => Request::Typing { room, on },
        ClientFrame::Watch { users } => Request::Watch { users },
        ClientFrame::Ping { id } => Request::Ping { reply: id.map_or(ReplyTo::Nothing, ReplyTo::Frame) },
        ClientFrame::Auth { id, token } => Request::Renew { reply: ReplyTo::Frame(id), token },
        ClientFrame::Pong {} => Request::Pong,
        other => unreachable!("{} is a change, or was rejected", other.name()),
    }
}

/// Returns the frame of a message, unless it is a page, whose contents are encoded already.
fn frame(message: &Message) -> ServerFrame {
    match message {
        Message::Welcome(welcome) => ServerFrame::Welcome {
            v: wire::VERSION,
            conn: welcome.conn.to_string(),
            node: welcome.node.clone(),
            epoch: welcome.epoch.to_string(),
            caps: Vec::new(),
            user: wire::user_self(&welcome.user),
            heartbeat_ms: welcome.heartbeat_ms,
            max_frame: welcome.max_frame as u64,
            online: welcome.online,
        },
        Message::Rooms { .. } | Message::Sync { .. } => unreachable!("a page encodes itself"),
        Message::NoSuchLog { reply, room, epoch } => ServerFrame::Sync {
            re: name(reply).to_owned(),
            room: room.clone(),
            status: SyncStatus::NotFound,
            epoch: epoch.to_string(),
            from: None,
            through: None,
            as_of: 0,
            head: None,
            n: None,
            events: Vec::new(),
        },
        Message::Ack { reply, room, seq, at, dup, noop } => ServerFrame::Ack {
            id: name(reply).to_owned(),
            room: room.map(|room| room.to_string()),
            seq: *seq,
            at: wire::rfc3339(*at),
            dup: *dup,
            noop: *noop,
        },
        Message::Refused { reply, refusal, epoch } => ServerFrame::Error {
            id: match &reply.to {
                ReplyTo::Frame(id) => Some(id.clone()),
                ReplyTo::Nothing | ReplyTo::Event(_) => None,
            },
            of: reply.of.as_deref().map(str::to_owned),
            room: reply.room.clone(),
            code: refusal.code,
            message: refusal.message.clone(),
            retry_ms: refusal.retry_ms,
            head: refusal.head,
            epoch: epoch.map(|epoch| epoch.to_string()),
        },
        Message::Pong { reply, now } => ServerFrame::Pong {
            id: match reply {
                ReplyTo::Frame(id) => Some(id.clone()),
                ReplyTo::Nothing | ReplyTo::Event(_) => None,
            },
            now: wire::rfc3339(*now),
        },
        Message::Ping { heads } => {
            ServerFrame::Ping { heads: heads.iter().map(|(log, head)| (log_name(*log), *head)).collect() }
        }
        Message::Expiring { left } => ServerFrame::Expiring { in_ms: milliseconds(*left) },
        Message::Lag { dropped } => {
            ServerFrame::Lag { dropped: dropped.iter().map(|class| class.name().to_owned()).collect() }
        }
        Message::GoAway { delay } => ServerFrame::Goaway { delay_ms: milliseconds(*delay), reason: "drain".to_owned() },
    }
}

pub(super) fn encode_shared(message: &SharedMessage) -> Option<Bytes> {
    let frame = match message {
        SharedMessage::Event(event) => return Some(json(&SharedFrame::Event(event))),
        SharedMessage::Typing { room, by, ttl } => ServerFrame::Signal {
            room: room.to_string(),
            kind: "typing".to_owned(),
            by: by.clone(),
            ttl_ms: milliseconds(*ttl),
        },
        SharedMessage::Receipt { room, user, seq, own } => ServerFrame::Receipt {
            room: room.to_string(),
            user: user.clone(),
            seq: *seq,
            n: own.as_ref().map(|(n, _)| *n),
            mentions: own.as_ref().map(|(_, mentions)| mentions.clone()),
        },
        SharedMessage::Presence { users, full } => ServerFrame::Presence { users: users.clone(), full: *full },
    };
    Some(json(&frame))
}

/// [`ServerFrame::Event`] without a copy of the event.
#[derive(Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum SharedFrame<'a> {
    Event(&'a wire::AnyEvent),
}

/// Returns a log's name in this protocol.
pub fn log_name(log: LogId) -> String {
    match log {
        LogId::Room(room) => room.to_string(),
        LogId::User(_) => OWN_LOG.to_owned(),
    }
}

fn name(reply: &ReplyTo) -> &str {
    match reply {
        ReplyTo::Frame(id) => id,
        ReplyTo::Nothing | ReplyTo::Event(_) => "",
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("the wire's types have string keys and no failing serializers").into()
}

#[cfg(test)]
mod tests;

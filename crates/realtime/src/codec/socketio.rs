//! Socket.IO v5 in the main namespace: the events of older clients, as requests and messages.
//!
//! An encoded message is one or more Engine.IO packets, divided by the separator of payloads, which JSON never contains: a
//! message may need several. A client may name a room by its slug, and then reads that slug in events; these are encoded for
//! its connection alone.

mod decode;
mod encode;
mod offset;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ::socketio::Decoder;
use bytes::Bytes;
use domain::LogId;
use wire::AnyEvent;

use super::{Aside, Codec, CodecKind, Incoming};
use crate::message::{Message, ReplyTo, SharedMessage};
use crate::request::{Decoded, Offset};
use encode::Names;

/// Socket.IO on one connection.
pub struct SocketIo {
    kind: CodecKind,
    decoder: Decoder,
    /// Whether the client has sent its CONNECT.
    connects: bool,
    /// The user's id, once the client is let in.
    user: Option<String>,
    /// What the client got last on its last connection.
    offset: Option<Offset>,
    /// The rooms that the client entered by other names than their ids: by their ids.
    names: BTreeMap<String, String>,
    /// The rooms that the client entered, as it named them: the offset counts once for each.
    entered: BTreeSet<String>,
    asides: VecDeque<Aside>,
}

impl SocketIo {
    /// Returns the state of a new connection.
    pub fn new(kind: CodecKind) -> SocketIo {
        SocketIo {
            kind,
            decoder: Decoder::default(),
            connects: false,
            user: None,
            offset: None,
            names: BTreeMap::new(),
            entered: BTreeSet::new(),
            asides: VecDeque::new(),
        }
    }

    fn recovers(&self) -> bool {
        recovers(self.kind)
    }

    /// Encodes a page of a room's log, and the answer to the client that entered it.
    fn page(&mut self, reply: &ReplyTo, page: &crate::Page, live: bool) -> Option<Bytes> {
        let LogId::Room(room) = page.log else { return None };
        let id = room.to_string();
        if let ReplyTo::Event(reply) = reply
            && reply.room != id
        {
            self.names.insert(id.clone(), reply.room.clone());
        }
        let names = Names { room: self.names.get(&id).map_or(&id, String::as_str), offset: self.recovers() };
        let mut packets: Vec<String> = Vec::new();
        for event in page.events() {
            if let AnyEvent::Room(event) = event {
                packets.extend(encode::event(names, &event));
            }
        }
        packets.extend(encode::entered(reply, page.span.status, live));
        encode::payload(packets)
    }
}

fn recovers(kind: CodecKind) -> bool {
    kind == CodecKind::SocketIo
}

impl Codec for SocketIo {
    fn kind(&self) -> CodecKind {
        self.kind
    }

    fn decode(&mut self, incoming: Incoming<'_>) -> Decoded {
        let packet = match incoming {
            Incoming::Text(text) => self.decoder.on_text(text),
            Incoming::Binary(bytes) => self.decoder.on_bytes(bytes),
        };
        match packet {
            Ok(Some(packet)) => self.on_packet(packet),
            Ok(None) => Decoded::Nothing,
            Err(_) => Decoded::Breach,
        }
    }

    fn encode_own(&mut self, message: &Message) -> Option<Bytes> {
        let packet = match message {
            Message::Welcome(welcome) => {
                self.user = Some(welcome.user.id.to_string());
                encode::welcome(welcome, self.recovers())
            }
            Message::Ack { reply, seq, at, .. } => encode::ack(reply, *seq, *at)?,
            Message::Refused { reply, refusal, .. } => encode::refused(reply, refusal),
            Message::NoSuchLog { reply, .. } => encode::no_such_room(reply),
            Message::Sync { reply, page, live } => return self.page(reply, page, *live),
            Message::Rooms { .. }
            | Message::Pong { .. }
            | Message::Ping { .. }
            | Message::Expiring { .. }
            | Message::Lag { .. }
            | Message::GoAway { .. } => return None,
        };
        encode::payload([packet])
    }

    fn encode_differently(&self, message: &SharedMessage) -> Option<Bytes> {
        let room = self.names.get(&encode::room_of(message)?)?;
        // What has no word is left out for everybody.
        encode::shared(Names { room, offset: self.recovers() }, message)
    }

    fn aside(&mut self) -> Option<Aside> {
        self.asides.pop_front()
    }
}

/// Encodes a message for all connections of one kind that know its room by its id.
pub(super) fn encode_shared(kind: CodecKind, message: &SharedMessage) -> Option<Bytes> {
    let room = encode::room_of(message).unwrap_or_default();
    encode::shared(Names { room: &room, offset: recovers(kind) }, message)
}

/// Returns the event by which the server shows that it is alive.
pub fn heartbeat(now: domain::Timestamp) -> Bytes {
    encode::heartbeat(now).into()
}

#[cfg(test)]
mod tests;

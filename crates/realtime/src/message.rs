//! The server's messages to sockets, as types: a [`Codec`](crate::codec::Codec) encodes them into the bytes of a
//! protocol.
//!
//! A [`Message`] is for one socket. A [`Delivery`] is the same for every socket that gets it, so it is encoded once for all
//! sockets of a protocol.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{Epoch, LogId, Refusal, RoomId, Seq, Timestamp, User};
use wire::{AnyEvent, PresenceEntry, UserRef};

use crate::codec::CodecKind;
use crate::frame::{Class, Frame};
use crate::page::Page;
use crate::room_lines::RoomLines;

/// The client's request that an answer belongs to. Opaque to everything but the codec that made it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReplyTo {
    /// The request expects no answer, or has no id.
    #[default]
    Nothing,
    /// The `id` of a frame of the native protocol.
    Frame(String),
    /// An event of Socket.IO.
    Event(Box<EventReply>),
}

/// An event of Socket.IO, and what its answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventReply {
    /// The number of the ack that the client asked for.
    pub ack: Option<u64>,
    /// The room as the client named it.
    pub room: String,
    /// The message that the event is about; `None` for a new one.
    pub message: Option<Seq>,
}

/// The part of an answer that identifies its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The request.
    pub to: ReplyTo,
    /// Its type, such as `send`; `None` if it could not be read.
    pub of: Option<Cow<'static, str>>,
    /// The room, as the client named it.
    pub room: Option<String>,
}

impl Reply {
    /// Returns the reply to a request without an id.
    pub fn unnamed(of: &'static str, room: Option<String>) -> Reply {
        Reply { to: ReplyTo::Nothing, of: Some(of.into()), room }
    }
}

/// A message for one socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The sign-in succeeded.
    Welcome(Box<Welcome>),
    /// A page of the room list.
    Rooms {
        /// The head of the user log, read before the list; on the first page.
        me: Option<Seq>,
        /// The rooms.
        rooms: RoomLines,
        /// Whether another page follows.
        more: bool,
    },
    /// A page of a log.
    Sync {
        /// The request that asked for it.
        reply: ReplyTo,
        /// The page.
        page: Arc<Page>,
        /// Whether the entries after it follow without another request.
        live: bool,
    },
    /// The client named a log that no socket can follow.
    NoSuchLog {
        /// The request that named it.
        reply: ReplyTo,
        /// The log as the client named it.
        room: String,
        /// The store's epoch.
        epoch: Epoch,
    },
    /// A change is durable (or changed nothing), or a token was renewed.
    Ack {
        /// The request.
        reply: ReplyTo,
        /// The room; `None` for a renewed token.
        room: Option<RoomId>,
        /// The entry's seq; `None` if nothing changed.
        seq: Option<Seq>,
        /// When it was stored.
        at: Timestamp,
        /// Whether it was stored before.
        dup: bool,
        /// Whether it changed nothing.
        noop: bool,
    },
    /// A request was refused.
    Refused {
        /// The request.
        reply: Reply,
        /// The reason.
        refusal: Refusal,
        /// The store's epoch, if the client needs it to retry.
        epoch: Option<Epoch>,
    },
    /// The answer to a client's ping.
    Pong {
        /// The request.
        reply: ReplyTo,
        /// The server's time.
        now: Timestamp,
    },
    /// A heartbeat.
    Ping {
        /// Logs whose head changed since the last one.
        heads: Vec<(LogId, Seq)>,
    },
    /// The token expires soon.
    Expiring {
        /// The expiry time.
        left: Duration,
    },
    /// Frames were dropped because the socket is slow.
    Lag {
        /// The kinds of dropped frames.
        dropped: Vec<Class>,
    },
    /// The node shuts down: connect to another one.
    GoAway {
        /// The delay until the socket is closed.
        delay: Duration,
    },
}

/// The `welcome` of a socket that has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The socket's id.
    pub conn: Arc<str>,
    /// The node's name.
    pub node: String,
    /// The store's epoch.
    pub epoch: Epoch,
    /// The user.
    pub user: User,
    /// The interval between two heartbeats.
    pub heartbeat_ms: u64,
    /// Maximum size of a client's frame, in bytes.
    pub max_frame: usize,
    /// How many users are online.
    pub online: u64,
}

/// A message that is the same for every socket that gets it.
#[derive(Debug, Clone, PartialEq)]
pub enum SharedMessage {
    /// An entry of a log.
    Event(Box<AnyEvent>),
    /// A user is typing, or has stopped.
    Typing {
        /// The room.
        room: RoomId,
        /// The user.
        by: UserRef,
        /// How long the signal lasts; zero when the user has stopped.
        ttl: Duration,
    },
    /// How far a user has read.
    Receipt {
        /// The room.
        room: RoomId,
        /// The user's id.
        user: String,
        /// The last entry that was read.
        seq: Seq,
        /// For the user's own sockets: the number of messages up to there, and of mentions that are still unread.
        own: Option<(u64, Vec<Seq>)>,
    },
    /// Presence of watched users.
    Presence {
        /// The users.
        users: Vec<PresenceEntry>,
        /// Whether the list is complete: a user who is missing is offline.
        full: bool,
    },
}

impl SharedMessage {
    /// Returns whether it may be dropped when a socket is slow.
    pub fn class(&self) -> Class {
        match self {
            SharedMessage::Event(_) => Class::Durable,
            SharedMessage::Typing { .. } => Class::Typing,
            SharedMessage::Receipt { .. } => Class::Receipt,
            SharedMessage::Presence { .. } => Class::Presence,
        }
    }
}

/// A shared message with its encodings, each made once, when the first socket of its protocol needs it.
#[derive(Debug)]
pub struct Delivery {
    message: SharedMessage,
    encoded: [OnceLock<Option<Frame>>; CodecKind::COUNT],
}

impl Delivery {
    /// Returns a message that no protocol has encoded yet.
    pub fn new(message: SharedMessage) -> Arc<Delivery> {
        Arc::new(Delivery { message, encoded: Default::default() })
    }

    /// Returns the message.
    pub fn message(&self) -> &SharedMessage {
        &self.message
    }

    /// Returns its frame in a protocol; `None` if the protocol cannot express it.
    pub fn frame(&self, codec: CodecKind) -> Option<&Frame> {
        let encode = || Some(Frame::new(self.message.class(), codec.encode_shared(&self.message)?));
        self.encoded[codec as usize].get_or_init(encode).as_ref()
    }
}

impl PartialEq for Delivery {
    fn eq(&self, other: &Delivery) -> bool {
        self.message == other.message
    }
}

/// What the hub puts into the queues of sockets.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// A message that is the same for all of them.
    Shared(Arc<Delivery>),
    /// A message for one socket.
    Own(Arc<Message>),
}

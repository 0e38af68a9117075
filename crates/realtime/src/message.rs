//! What the server says to sockets, as types: a [`Codec`](crate::codec::Codec) turns it into the bytes of a protocol.
//!
//! A [`Message`] is for one socket. A [`Delivery`] is the same for every socket that gets it, so it is encoded once for all
//! sockets of a protocol.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::{Epoch, LogId, Refusal, RoomId, Seq, Timestamp, User};
use wire::{AnyEvent, PresenceEntry, RoomEntry, UserRef};

use crate::codec::CodecKind;
use crate::frame::{Class, Frame};
use crate::page::Page;

/// Which request of a client an answer belongs to. Only the codec that made it knows what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReplyTo {
    /// The request expects no answer, or has no name.
    #[default]
    Nothing,
    /// The `id` of a frame of the native protocol.
    Frame(String),
}

/// What an answer says of the request that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Which request.
    pub to: ReplyTo,
    /// Its type, such as `send`; none when it could not be read.
    pub of: Option<Cow<'static, str>>,
    /// The room, as the client named it.
    pub room: Option<String>,
}

impl Reply {
    /// Returns the reply to a request that has no name of its own.
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
        /// The head of the user's own log, read before the list; on the first page.
        me: Option<Seq>,
        /// The rooms.
        rooms: Vec<RoomEntry>,
        /// Whether another page follows.
        more: bool,
    },
    /// A page of a log.
    Sync {
        /// Which request asked for it.
        reply: ReplyTo,
        /// The page.
        page: Arc<Page>,
        /// Whether the entries after it follow without another request.
        live: bool,
    },
    /// The name of a log that no socket can follow.
    NoSuchLog {
        /// Which request named it.
        reply: ReplyTo,
        /// As the client named it.
        room: String,
        /// The store's epoch.
        epoch: Epoch,
    },
    /// A change is durable (or changed nothing), or a token was renewed.
    Ack {
        /// Which request.
        reply: ReplyTo,
        /// The room; none for a renewed token.
        room: Option<RoomId>,
        /// The entry; none when nothing changed.
        seq: Option<Seq>,
        /// When it was stored.
        at: Timestamp,
        /// It was stored before.
        dup: bool,
        /// It changed nothing.
        noop: bool,
    },
    /// A request was refused.
    Refused {
        /// Which request.
        reply: Reply,
        /// Why.
        refusal: Refusal,
        /// The store's epoch, where the client must know it to retry.
        epoch: Option<Epoch>,
    },
    /// The answer to a client's ping.
    Pong {
        /// Which request.
        reply: ReplyTo,
        /// The server's clock.
        now: Timestamp,
    },
    /// A heartbeat.
    Ping {
        /// Logs whose head changed since the last one.
        heads: Vec<(LogId, Seq)>,
    },
    /// The token expires soon.
    Expiring {
        /// After this time.
        left: Duration,
    },
    /// Frames were dropped because the socket is slow.
    Lag {
        /// Which kinds.
        dropped: Vec<Class>,
    },
    /// The node shuts down: connect to another one.
    GoAway {
        /// After this time the socket is closed.
        delay: Duration,
    },
}

/// What a socket learns when it has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// The socket's id.
    pub conn: String,
    /// The node's name.
    pub node: String,
    /// The store's epoch.
    pub epoch: Epoch,
    /// The user.
    pub user: User,
    /// The time between two heartbeats.
    pub heartbeat_ms: u64,
    /// Bytes that a client's frame may have.
    pub max_frame: usize,
    /// How many users are online.
    pub online: u64,
}

/// A message that is the same for every socket that gets it.
#[derive(Debug, Clone, PartialEq)]
pub enum Shared {
    /// An entry of a log.
    Event(Box<AnyEvent>),
    /// A user is typing, or has stopped.
    Typing {
        /// Where.
        room: RoomId,
        /// The user.
        by: UserRef,
        /// How long the signal holds; zero when the user has stopped.
        ttl: Duration,
    },
    /// How far a user has read.
    Receipt {
        /// Where.
        room: RoomId,
        /// The user's id.
        user: String,
        /// Up to here.
        seq: Seq,
        /// For the user's own sockets: messages up to there, and mentions that are still unread.
        own: Option<(u64, Vec<Seq>)>,
    },
    /// Presence of watched users.
    Presence {
        /// The users.
        users: Vec<PresenceEntry>,
        /// Whether these are all: a user who is missing is offline.
        full: bool,
    },
}

impl Shared {
    /// Returns what may happen to it when a socket is slow.
    pub fn class(&self) -> Class {
        match self {
            Shared::Event(_) => Class::Durable,
            Shared::Typing { .. } => Class::Typing,
            Shared::Receipt { .. } => Class::Receipt,
            Shared::Presence { .. } => Class::Presence,
        }
    }
}

/// A shared message with its encodings, each made once, when the first socket of its protocol needs it.
#[derive(Debug)]
pub struct Delivery {
    message: Shared,
    encoded: [OnceLock<Option<Frame>>; CodecKind::COUNT],
}

impl Delivery {
    /// Returns a message that no protocol has encoded yet.
    pub fn new(message: Shared) -> Arc<Delivery> {
        Arc::new(Delivery { message, encoded: Default::default() })
    }

    /// Returns the message.
    pub fn message(&self) -> &Shared {
        &self.message
    }

    /// Returns its frame in a protocol; none when the protocol has no word for it.
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
    /// The same for all of them.
    Shared(Arc<Delivery>),
    /// For one socket.
    Own(Arc<Message>),
}

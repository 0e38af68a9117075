//! The boundary between messages and the protocols that encode them.
//!
//! A codec owns a protocol's frames, its accepted opcodes and its close codes. It never decides who gets a message nor
//! whether a request is allowed.

mod native;
mod socketio;

use bytes::Bytes;

use crate::message::{Message, SharedMessage};
use crate::protocol::CloseCode;
use crate::request::Decoded;

pub use native::Native;
pub use native::log_name;
pub use socketio::{SocketIo, heartbeat};

/// A message that arrived on a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

impl Incoming<'_> {
    /// Returns the number of bytes, which is checked before anything is parsed.
    pub fn len(&self) -> usize {
        match self {
            Incoming::Text(text) => text.len(),
            Incoming::Binary(bytes) => bytes.len(),
        }
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A protocol on one connection, with its state for that connection.
pub trait Codec: Send {
    /// Returns the protocol.
    fn kind(&self) -> CodecKind;

    /// Decodes a message into a request. The caller has checked its length.
    fn decode(&mut self, incoming: Incoming<'_>) -> Decoded;

    /// Encodes a message for this connection. `None` if the protocol cannot express it.
    fn encode_own(&mut self, message: &Message) -> Option<Bytes>;

    /// Encodes a shared message that is not the same for this connection; `None` if it is. Few connections of few protocols
    /// need that.
    fn encode_differently(&self, _message: &SharedMessage) -> Option<Bytes> {
        None
    }

    /// Returns what the last message leads to besides a request: call it until it returns `None`.
    fn aside(&mut self) -> Option<Aside> {
        None
    }

    /// Returns the number and the reason of a close frame.
    fn close(&self, code: CloseCode) -> (u16, &'static str) {
        (code.number(), code.reason())
    }
}

/// What a message leads to besides a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// An answer that needs nothing but the message.
    Answer(Bytes),
    /// The client leaves.
    Leave,
}

/// The protocols that sockets may use. A shared message is encoded once for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodecKind {
    /// JSON frames, as `docs/protocol` describes them.
    Native = 0,
    /// Socket.IO v5, for a client that stores the offset of what it got last, to go on after it on its next connection.
    SocketIo = 1,
    /// Socket.IO v5, for a client that does not.
    SocketIoPlain = 2,
}

impl CodecKind {
    /// The number of protocols.
    pub const COUNT: usize = 3;

    /// Encodes a message that is the same for all sockets. Depends on nothing else: not on the viewer, an ack or a
    /// connection. `None` if the protocol cannot express it.
    pub fn encode_shared(self, message: &SharedMessage) -> Option<Bytes> {
        match self {
            CodecKind::Native => native::encode_shared(message),
            CodecKind::SocketIo | CodecKind::SocketIoPlain => socketio::encode_shared(self, message),
        }
    }

    /// Returns a codec for a new connection.
    pub fn open(self) -> Box<dyn Codec> {
        match self {
            CodecKind::Native => Box::new(Native),
            CodecKind::SocketIo | CodecKind::SocketIoPlain => Box::new(SocketIo::new(self)),
        }
    }
}

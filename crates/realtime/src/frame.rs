//! An encoded message, as a socket's queue holds it.

use bytes::Bytes;

/// What may happen to a frame when its socket is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Entries, pages, answers: never dropped. A socket that cannot take them is closed.
    Durable,
    /// A frame that another program posted: written alone and unchanged, since it may not be one of the protocol.
    Posted,
    /// Who is typing.
    Typing,
    /// Who is online.
    Presence,
    /// How far a user has read.
    Receipt,
}

impl Class {
    /// Returns its name in a `lag` frame.
    pub fn name(self) -> &'static str {
        match self {
            Class::Durable => "durable",
            Class::Posted => "posted",
            Class::Typing => "typing",
            Class::Presence => "presence",
            Class::Receipt => "receipt",
        }
    }
}

/// An encoded message without the header of its transport. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// UTF-8 text.
    pub payload: Bytes,
    /// What may happen to it when the socket is slow.
    pub class: Class,
}

impl Frame {
    /// Returns a frame with this text.
    pub fn new(class: Class, payload: impl Into<Bytes>) -> Frame {
        Frame { payload: payload.into(), class }
    }

    /// Returns the number of bytes of its payload.
    pub fn len(&self) -> usize {
        self.payload.len()
    }

    /// Returns whether it has no payload.
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }
}

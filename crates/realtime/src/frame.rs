//! An encoded message, as a socket's queue stores it.

use bytes::Bytes;

/// Whether a frame may be dropped when its socket is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Entries, pages, answers: never dropped. A socket that cannot keep up with them is closed.
    Durable,
    /// A frame that another program posted: written alone and unchanged, since it may not belong to the protocol.
    Posted,
    /// A typing signal.
    Typing,
    /// Presence of users.
    Presence,
    /// A read mark.
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
    /// Whether it may be dropped when the socket is slow.
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

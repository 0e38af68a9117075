//! A frame as sockets get it: encoded once, shared by all of them.

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;

/// What may be dropped when a socket is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Never dropped: entries, pages, answers. A socket that cannot take them is closed.
    Durable,
    /// What another program posted: written alone, as it is, since it may be no frame of ours.
    Posted,
    /// Who types.
    Typing,
    /// Who is there.
    Presence,
    /// How far somebody has read.
    Receipt,
}

impl Class {
    /// Its name in a `lag` frame.
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

/// An encoded server frame. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// One JSON object.
    pub text: Utf8Bytes,
    /// Whether it may be dropped.
    pub class: Class,
}

impl Frame {
    /// Encodes a frame.
    pub fn new(class: Class, frame: &impl Serialize) -> Frame {
        Frame { text: json(frame).into(), class }
    }

    /// A text that is encoded already.
    pub fn durable(text: String) -> Frame {
        Frame { text: text.into(), class: Class::Durable }
    }

    /// Bytes on the wire, without the WebSocket's own header.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is nothing in it; a frame never is.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// The JSON of a type of `wire`.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the wire's types have string keys and no failing serializers")
}

//! Socket.IO v5: the packets that Engine.IO messages carry.

mod decoder;
mod parse;

use serde_json::{Value, json};

pub use decoder::Decoder;

/// The namespace of a client that names none.
pub const MAIN_NAMESPACE: &str = "/";

/// The type of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client enters a namespace, or the server lets it in.
    Connect = 0,
    /// Either end leaves a namespace.
    Disconnect = 1,
    /// An event: a name and arguments.
    Event = 2,
    /// The answer to an event.
    Ack = 3,
    /// The server does not let a client in.
    ConnectError = 4,
}

/// A packet with its attachments.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// Its type. One with attachments is a "binary" event or ack on the wire.
    pub kind: Kind,
    /// The namespace.
    pub namespace: String,
    /// The number of the ack that an event asks for, or that this is.
    pub id: Option<u64>,
    /// What it says.
    pub data: Data,
}

/// What a packet says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data {
    /// JSON, with a [`placeholder`] for each attachment; `None` if the packet has only a type.
    pub json: Option<Value>,
    /// The attachments.
    pub attachments: Vec<Vec<u8>>,
}

/// Why something is not a packet. The connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Its first character is not a type.
    #[error("A packet has an unknown type.")]
    Type,
    /// The number of its attachments is missing, too large, or out of place.
    #[error("A packet has an invalid number of attachments.")]
    Attachments,
    /// Its namespace is too long.
    #[error("The name of a namespace is too long.")]
    Namespace,
    /// The number of its ack is too large, or out of place.
    #[error("A packet has an invalid ack number.")]
    Id,
    /// Its JSON is not JSON, or not what its type needs.
    #[error("A packet has invalid JSON.")]
    Json,
    /// Text arrived while an attachment was expected, or the other way round.
    #[error("An attachment arrived out of order.")]
    Order,
    /// Its attachments are too large together.
    #[error("The attachments of a packet are too large.")]
    Size,
}

impl Packet {
    /// Returns an event for the main namespace.
    pub fn event(name: &str, arguments: impl IntoIterator<Item = Value>) -> Packet {
        let list = std::iter::once(json!(name)).chain(arguments).collect();
        Packet::new(Kind::Event, Some(Value::Array(list)))
    }

    /// Returns a packet for the main namespace, without attachments.
    pub fn new(kind: Kind, json: Option<Value>) -> Packet {
        let data = Data { json, attachments: Vec::new() };
        Packet { kind, namespace: MAIN_NAMESPACE.to_owned(), id: None, data }
    }

    /// Returns the packet in another namespace.
    pub fn within(self, namespace: &str) -> Packet {
        Packet { namespace: namespace.to_owned(), ..self }
    }

    /// Returns the packet with an ack's number.
    pub fn numbered(self, id: u64) -> Packet {
        Packet { id: Some(id), ..self }
    }

    /// Returns the text of the packet, which its attachments follow as messages of bytes.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let count = self.data.attachments.len();
        let number = match self.kind {
            Kind::Event if count > 0 => 5,
            Kind::Ack if count > 0 => 6,
            kind => kind as u8,
        };
        text.push(char::from(b'0' + number));
        if count > 0 {
            text.push_str(&format!("{count}-"));
        }
        if self.namespace != MAIN_NAMESPACE {
            text.push_str(&self.namespace);
            text.push(',');
        }
        if let Some(id) = self.id {
            text.push_str(&id.to_string());
        }
        if let Some(json) = &self.data.json {
            text.push_str(&json.to_string());
        }
        text
    }

    /// Splits an event into its name and its arguments. `None` for another packet.
    pub fn into_event(self) -> Option<(String, Vec<Value>)> {
        let (Kind::Event, Some(Value::Array(list))) = (self.kind, self.data.json) else { return None };
        let mut list = list.into_iter();
        let name = match list.next()? {
            Value::String(name) => name,
            number => number.to_string(),
        };
        Some((name, list.collect()))
    }
}

/// Returns what stands in JSON for an attachment.
pub fn placeholder(number: usize) -> Value {
    json!({ "_placeholder": true, "num": number })
}

#[cfg(test)]
mod tests;

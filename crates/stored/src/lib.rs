//! The forms in which records are stored, and in which nodes send them to each other.
//!
//! Owns every such form and its versions. Never applies the rules for new input to a record: what one release accepted,
//! all later releases read, so a text keeps its length and a name its spelling even if the rules change. A form only
//! grows: a new field has a default, and an unknown field is ignored.
//!
//! Invariants: decoding never panics; an entry of unknown kind is kept unchanged; a record that cannot be decoded
//! affects no other record, and its reader logs it and continues with the next one.

mod audit;
mod body;
mod change;
mod entry;
mod file;
mod lenient;
mod own;

mod room;
mod socket;
mod transfer;
mod user;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use audit::AuditForm;
pub use body::{KINDS, Unreadable, decode_body, encode_body, kind_of};
pub use change::{AckRecord, ChangeRecord};
pub use entry::{CommitRecord, EntryRecord};
pub use file::{FileRecord, FileRest};
pub use own::{NotificationRecord, UserRoomRecord};
pub use room::RoomRecord;
pub use socket::{BudgetRecord, OpenRecord, ProtocolRecord, SocketRecord, StateRecord};
pub use transfer::{MemberRow, Record, SessionRow, UserRow};
pub use user::UserRest;

/// Encodes a record as JSON.
pub fn to_json(record: &impl Serialize) -> String {
    serde_json::to_string(record).expect("a record has string keys and no failing serializers")
}

/// Decodes a record from JSON. The error says why it is unreadable, and never quotes the record.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| reason(&error))
}

/// Returns the stored name of a value of an enum, such as `joined`.
pub fn to_word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("an enum is stored as a word, not as {other:?}"),
    }
}

/// Returns the value of an enum with this stored name.
pub fn from_word<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    T::deserialize(serde::de::value::StrDeserializer::<serde_json::Error>::new(word)).map_err(|error| reason(&error))
}

/// Returns what is wrong, without the text that serde quotes, because a record may contain what users wrote.
fn reason(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it ends too early",
        _ => "a field is missing, or is not of its type",
    };
    match error.line() {
        0 => kind.to_owned(),
        line => format!("{kind}, at line {line} column {}", error.column()),
    }
}

/// Returns whether a field has its default, and need not be stored.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Declares a record that is the stored form of another type.
macro_rules! record {
    ($(#[$doc:meta])* $record:ident, $form:literal, $type:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $record(#[serde(with = $form)] pub $type);
    };
}
use record;

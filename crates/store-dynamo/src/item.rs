//! One item: built by name, read by name, measured as DynamoDB measures it.
//!
//! Attribute names have two letters, since each is stored and paid for with every item. What they mean is documented
//! where a row is written (`rows`, `log_item`). `pk` and `sk` are the key, `xp` the time to live in seconds, `bd` a
//! body in JSON.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::ports::{StoreError, StoreResult, noted};
use uuid::Uuid;

use crate::keys::Key;

/// The partition key's attribute.
pub const PK: &str = "pk";
/// The sort key's attribute.
pub const SK: &str = "sk";
/// The attribute of the table's time to live: seconds since 1970.
pub const EXPIRES: &str = "xp";
/// The attribute of a body in JSON.
pub const BODY: &str = "bd";

/// The attributes of one item.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item(pub HashMap<String, AttributeValue>);

impl Item {
    /// Creates an item with only its key.
    pub fn at(key: Key) -> Item {
        Item::default().with(PK, text(key.pk)).with(SK, text(key.sk))
    }

    /// Adds an attribute.
    pub fn with(mut self, name: &str, value: AttributeValue) -> Item {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Adds an attribute, if there is a value.
    pub fn with_some(self, name: &str, value: Option<AttributeValue>) -> Item {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Makes the item expire some time after `at`.
    pub fn expires(self, at: Timestamp) -> Item {
        self.with(EXPIRES, number(at.0.max(0) as u64 / 1_000))
    }

    /// Returns its key.
    pub fn key(&self) -> StoreResult<Key> {
        Ok(Key::new(self.text(PK)?, self.text(SK)?))
    }

    /// Returns whether it has this attribute.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns a text.
    pub fn text(&self, name: &str) -> StoreResult<&str> {
        match self.0.get(name) {
            Some(AttributeValue::S(text)) => Ok(text),
            _ => Err(unreadable(name, "it is not a text")),
        }
    }

    /// Returns a text, if the attribute exists.
    pub fn text_or_none(&self, name: &str) -> StoreResult<Option<&str>> {
        if self.has(name) { self.text(name).map(Some) } else { Ok(None) }
    }

    /// Returns a number.
    pub fn int(&self, name: &str) -> StoreResult<i64> {
        match self.0.get(name) {
            Some(AttributeValue::N(number)) => number.parse().map_err(|why| unreadable(name, why)),
            _ => Err(unreadable(name, "it is not a number")),
        }
    }

    /// Returns a seq or count, or 0 if the attribute does not exist.
    pub fn number(&self, name: &str) -> StoreResult<u64> {
        Ok(self.number_or_none(name)?.unwrap_or_default())
    }

    /// Returns a seq or count, if the attribute exists.
    pub fn number_or_none(&self, name: &str) -> StoreResult<Option<u64>> {
        if !self.has(name) {
            return Ok(None);
        }
        u64::try_from(self.int(name)?).map(Some).map_err(|why| unreadable(name, why))
    }

    /// Returns a time.
    pub fn time(&self, name: &str) -> StoreResult<Timestamp> {
        self.int(name).map(Timestamp)
    }

    /// Returns a time, if the attribute exists.
    pub fn time_or_none(&self, name: &str) -> StoreResult<Option<Timestamp>> {
        if self.has(name) { self.time(name).map(Some) } else { Ok(None) }
    }

    /// Returns whether the attribute is true; false if it does not exist.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(AttributeValue::Bool(true)))
    }

    /// Returns bytes.
    pub fn bytes(&self, name: &str) -> StoreResult<&[u8]> {
        match self.0.get(name) {
            Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
            _ => Err(unreadable(name, "it is not binary")),
        }
    }

    /// Returns an id, of 16 bytes.
    pub fn id(&self, name: &str) -> StoreResult<Uuid> {
        Uuid::from_slice(self.bytes(name)?).map_err(|why| unreadable(name, why))
    }

    /// Returns a SHA-256 hash.
    pub fn hash(&self, name: &str) -> StoreResult<[u8; 32]> {
        self.bytes(name)?.try_into().map_err(|why| unreadable(name, why))
    }

    /// Parses a value from a text.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> StoreResult<T> {
        self.text(name)?.parse().map_err(|why| unreadable(name, why))
    }

    /// Parses an enum value from its name.
    pub fn word<T: DeserializeOwned>(&self, name: &str) -> StoreResult<T> {
        stored::from_word(self.text(name)?).map_err(|why| unreadable(name, why))
    }

    /// Parses a value from JSON.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> StoreResult<T> {
        stored::from_json(self.text(name)?).map_err(|why| unreadable(name, why))
    }

    /// Returns the seqs of a number set, in order; empty if it does not exist (DynamoDB stores no empty set).
    pub fn seqs(&self, name: &str) -> StoreResult<Vec<u64>> {
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(AttributeValue::Ns(set)) => {
                let mut seqs: Vec<u64> =
                    set.iter().map(|seq| seq.parse().map_err(|why| unreadable(name, why))).collect::<Result<_, _>>()?;
                seqs.sort_unstable();
                Ok(seqs)
            }
            _ => Err(unreadable(name, "it is not a set of numbers")),
        }
    }

    /// Returns its size in bytes, as DynamoDB counts them.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + size(value)).sum()
    }
}

/// Returns the error of an attribute that cannot be decoded: it makes its item unreadable, and never panics.
pub fn unreadable(name: &str, why: impl Display) -> StoreError {
    StoreError::Unreadable { record: "item", why: format!("the attribute {name} cannot be read: {why}") }
}

/// Decodes an item. If that fails, counts the record and names it in the log, with its key.
pub fn decoded<T>(record: &'static str, item: &Item, decode: impl FnOnce(&Item) -> StoreResult<T>) -> StoreResult<T> {
    noted(record, || [PK, SK].map(|part| item.text(part).unwrap_or_default()).join(" "), decode(item))
}

/// Converts a text.
pub fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// Converts a seq or count.
pub fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Converts what has to be added to a number, which may be negative.
pub fn difference(before: u64, after: u64) -> AttributeValue {
    AttributeValue::N((i128::from(after) - i128::from(before)).to_string())
}

/// Converts a time to milliseconds.
pub fn time(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.0.to_string())
}

/// Converts a boolean.
pub fn flag(on: bool) -> AttributeValue {
    AttributeValue::Bool(on)
}

/// Converts bytes.
pub fn bytes(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes.into()))
}

/// Converts an id to 16 bytes instead of 36.
pub fn id(id: Uuid) -> AttributeValue {
    bytes(id.as_bytes().to_vec())
}

/// Converts an enum value to its name.
pub fn word<T: Serialize>(value: &T) -> AttributeValue {
    AttributeValue::S(stored::to_word(value))
}

/// Converts a value to JSON.
pub fn json<T: Serialize>(value: &T) -> AttributeValue {
    text(stored::to_json(value))
}

/// Returns the size of a value in bytes, as DynamoDB counts them (Developer Guide, "Item sizes and formats").
pub fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number_size(number),
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::Ss(set) => set.iter().map(String::len).sum(),
        AttributeValue::Ns(set) => set.iter().map(|number| number_size(number)).sum(),
        AttributeValue::Bs(set) => set.iter().map(|blob| blob.as_ref().len()).sum(),
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + size(value)).sum::<usize>(),
        AttributeValue::M(map) => 3 + map.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>(),
        _ => 1,
    }
}

/// Returns the size of a number: one byte per two significant digits, and one more.
fn number_size(number: &str) -> usize {
    let digits = number.trim_start_matches('-').trim_end_matches('0').len();
    digits.div_ceil(2) + 1 + usize::from(number.starts_with('-'))
}

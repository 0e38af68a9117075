//! One item: built by name, read by name, weighed as DynamoDB weighs it.
//!
//! Attribute names are two letters, since each is stored and paid for with every item. What they mean is
//! said where a row is written (`rows`, `log_item`). `pk` and `sk` are the key, `xp` the time to live in
//! seconds, `bd` a body in JSON.

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
/// The attribute that the table's time to live is set to: seconds since 1970.
pub const EXPIRES: &str = "xp";
/// A body in JSON.
pub const BODY: &str = "bd";

/// The attributes of one item.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Item(pub HashMap<String, AttributeValue>);

impl Item {
    /// With its key and nothing else.
    pub fn at(key: Key) -> Item {
        Item::default().with(PK, text(key.pk)).with(SK, text(key.sk))
    }

    /// And this attribute.
    pub fn with(mut self, name: &str, value: AttributeValue) -> Item {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// And this attribute, if there is a value.
    pub fn with_some(self, name: &str, value: Option<AttributeValue>) -> Item {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Gone some time after `at`.
    pub fn expires(self, at: Timestamp) -> Item {
        self.with(EXPIRES, number(at.0.max(0) as u64 / 1_000))
    }

    /// Its key.
    pub fn key(&self) -> StoreResult<Key> {
        Ok(Key::new(self.text(PK)?, self.text(SK)?))
    }

    /// Whether it has this attribute.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text.
    pub fn text(&self, name: &str) -> StoreResult<&str> {
        match self.0.get(name) {
            Some(AttributeValue::S(text)) => Ok(text),
            _ => Err(unreadable(name, "it is not a text")),
        }
    }

    /// A text, if it is there.
    pub fn text_or_none(&self, name: &str) -> StoreResult<Option<&str>> {
        if self.has(name) { self.text(name).map(Some) } else { Ok(None) }
    }

    /// A number.
    pub fn int(&self, name: &str) -> StoreResult<i64> {
        match self.0.get(name) {
            Some(AttributeValue::N(number)) => number.parse().map_err(|why| unreadable(name, why)),
            _ => Err(unreadable(name, "it is not a number")),
        }
    }

    /// A seq or count; 0 when it is not there.
    pub fn number(&self, name: &str) -> StoreResult<u64> {
        Ok(self.number_or_none(name)?.unwrap_or_default())
    }

    /// A seq or count, if it is there.
    pub fn number_or_none(&self, name: &str) -> StoreResult<Option<u64>> {
        if !self.has(name) {
            return Ok(None);
        }
        u64::try_from(self.int(name)?).map(Some).map_err(|why| unreadable(name, why))
    }

    /// A time.
    pub fn time(&self, name: &str) -> StoreResult<Timestamp> {
        self.int(name).map(Timestamp)
    }

    /// A time, if it is there.
    pub fn time_or_none(&self, name: &str) -> StoreResult<Option<Timestamp>> {
        if self.has(name) { self.time(name).map(Some) } else { Ok(None) }
    }

    /// True, or not there.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(AttributeValue::Bool(true)))
    }

    /// Bytes.
    pub fn bytes(&self, name: &str) -> StoreResult<&[u8]> {
        match self.0.get(name) {
            Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
            _ => Err(unreadable(name, "it is not binary")),
        }
    }

    /// An id, of 16 bytes.
    pub fn id(&self, name: &str) -> StoreResult<Uuid> {
        Uuid::from_slice(self.bytes(name)?).map_err(|why| unreadable(name, why))
    }

    /// A SHA-256.
    pub fn hash(&self, name: &str) -> StoreResult<[u8; 32]> {
        self.bytes(name)?.try_into().map_err(|why| unreadable(name, why))
    }

    /// What a text names.
    pub fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> StoreResult<T> {
        self.text(name)?.parse().map_err(|why| unreadable(name, why))
    }

    /// A value of an enum, by its name.
    pub fn word<T: DeserializeOwned>(&self, name: &str) -> StoreResult<T> {
        stored::from_word(self.text(name)?).map_err(|why| unreadable(name, why))
    }

    /// A value in JSON.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> StoreResult<T> {
        stored::from_json(self.text(name)?).map_err(|why| unreadable(name, why))
    }

    /// The seqs of a number set, in order; none when it is not there (DynamoDB keeps no empty set).
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

    /// Its bytes, as DynamoDB counts them.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + size(value)).sum()
    }
}

/// An attribute that cannot be read makes its item unreadable, and is never a panic.
pub fn unreadable(name: &str, why: impl Display) -> StoreError {
    StoreError::Unreadable { record: "item", why: format!("the attribute {name} cannot be read: {why}") }
}

/// Decodes an item. Where that fails, the record is counted and named in the log, with its key.
pub fn decoded<T>(record: &'static str, item: &Item, decode: impl FnOnce(&Item) -> StoreResult<T>) -> StoreResult<T> {
    noted(record, || [PK, SK].map(|part| item.text(part).unwrap_or_default()).join(" "), decode(item))
}

/// A text.
pub fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A seq or count.
pub fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A time, in milliseconds.
pub fn time(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.0.to_string())
}

/// A truth.
pub fn flag(on: bool) -> AttributeValue {
    AttributeValue::Bool(on)
}

/// Bytes.
pub fn bytes(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes.into()))
}

/// An id: 16 bytes instead of 36.
pub fn id(id: Uuid) -> AttributeValue {
    bytes(id.as_bytes().to_vec())
}

/// The name of a value of an enum.
pub fn word<T: Serialize>(value: &T) -> AttributeValue {
    AttributeValue::S(stored::to_word(value))
}

/// A value in JSON.
pub fn json<T: Serialize>(value: &T) -> AttributeValue {
    text(stored::to_json(value))
}

/// Bytes of a value, as DynamoDB counts them (Developer Guide, "Item sizes and formats").
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

/// One byte for two significant digits, and one more.
fn number_size(number: &str) -> usize {
    let digits = number.trim_start_matches('-').trim_end_matches('0').len();
    digits.div_ceil(2) + 1 + usize::from(number.starts_with('-'))
}

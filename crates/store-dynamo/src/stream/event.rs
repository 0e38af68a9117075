//! The event for a Lambda on the table's stream, of which only the relevant parts are read, and the response to it.

use std::collections::HashMap;

use domain::{LogId, Seq};
use serde::{Deserialize, Serialize};

use super::dispatch::{HEAD_ATTRIBUTE, StreamRecord, dispatch};
use crate::item::{PK, SK};

/// A batch of records.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Clone, Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    name: String,
    dynamodb: Image,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    #[serde(default)]
    keys: HashMap<String, Attribute>,
    #[serde(default)]
    new_image: HashMap<String, Attribute>,
    sequence_number: String,
}

/// A value that is a text or a number; others are ignored.
#[derive(Debug, Clone, Deserialize)]
struct Attribute {
    #[serde(rename = "S")]
    text: Option<String>,
    #[serde(rename = "N")]
    number: Option<String>,
}

/// Entries that were appended according to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The log's id.
    pub log: LogId,
    /// The seq of the first of them.
    pub first: Seq,
    /// The seq of the last of them.
    pub last: Seq,
    /// The record's sequence number, for the response.
    pub record: String,
}

impl StreamEvent {
    /// Returns what was appended, record by record. Ignores rewritten items (edits, blanked ones): the entry that
    /// announces the change counts.
    pub fn appended(&self) -> Vec<Appended> {
        self.records.iter().filter_map(Record::appended).collect()
    }
}

impl Record {
    fn appended(&self) -> Option<Appended> {
        let Image { keys, new_image, sequence_number } = &self.dynamodb;
        let text = |name: &str| keys.get(name)?.text.clone();
        let head = new_image.get(HEAD_ATTRIBUTE).and_then(|head| head.number.as_ref()?.parse().ok());
        let record = StreamRecord { inserted: self.name == "INSERT", pk: text(PK)?, head };
        let (log, last) = dispatch([record]).pop()?;
        Some(Appended { log, first: text(SK)?.parse().ok()?, last, record: sequence_number.clone() })
    }
}

/// The records to deliver again (the event source has `ReportBatchItemFailures`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamAnswer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl StreamAnswer {
    /// Returns the response with these records, in order: Lambda continues from the lowest.
    pub fn again(records: impl IntoIterator<Item = String>) -> StreamAnswer {
        let mut records: Vec<String> = records.into_iter().collect();
        // Sequence numbers are decimal, without leading zeros.
        records.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        let batch_item_failures = records.into_iter().map(|item_identifier| Failure { item_identifier }).collect();
        StreamAnswer { batch_item_failures }
    }
}

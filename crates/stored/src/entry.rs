//! A whole entry, as it is sent on the bus and between nodes. In a store its parts have columns.

use domain::text::MessageText;
use domain::{EditTexts, Entry, EntryId, Epoch, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::body::raw_body;
use crate::{Unreadable, decode_body, lenient};

/// An entry with its body in the stored form.
#[derive(Debug, Serialize, Deserialize)]
pub struct EntryRecord {
    v: u16,
    seq: Seq,
    n: u64,
    by: UserId,
    id: EntryId,
    at: Timestamp,
    body: Box<RawValue>,
}

impl EntryRecord {
    /// Converts an entry to its stored form.
    pub fn new(entry: &Entry) -> EntryRecord {
        EntryRecord {
            v: entry.v,
            seq: entry.seq,
            n: entry.n,
            by: entry.by,
            id: entry.id,
            at: entry.at,
            body: raw_body(&entry.body),
        }
    }

    /// Converts the stored form to an entry; a body that cannot be decoded becomes unreadable.
    pub fn into_entry(self) -> Entry {
        let EntryRecord { v, seq, n, by, id, at, body } = self;
        let body = decode_body(v, body.get()).unwrap_or_else(Unreadable::into_body);
        Entry { v, seq, n, by, id, at, body }
    }
}

/// A commit, as a node publishes it.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommitRecord {
    epoch: u64,
    entries: Vec<EntryRecord>,
    /// The texts of edits, by the seq of the edit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    texts: Vec<(Seq, EditedText)>,
}

impl CommitRecord {
    /// Converts a commit to its stored form.
    pub fn new(epoch: Epoch, entries: &[Entry], texts: &EditTexts) -> CommitRecord {
        CommitRecord {
            epoch: epoch.0,
            entries: entries.iter().map(EntryRecord::new).collect(),
            texts: texts.iter().map(|(seq, text)| (*seq, EditedText(text.clone()))).collect(),
        }
    }

    /// Returns the epoch, the entries, and the texts of the edits among them.
    pub fn into_parts(self) -> (Epoch, Vec<Entry>, EditTexts) {
        let entries = self.entries.into_iter().map(EntryRecord::into_entry).collect();
        (Epoch(self.epoch), entries, self.texts.into_iter().map(|(seq, EditedText(text))| (seq, text)).collect())
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct EditedText(#[serde(with = "lenient")] MessageText);

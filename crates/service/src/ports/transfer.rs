//! Moves everything that a store holds to another store.

use async_trait::async_trait;
use domain::{Entry, Epoch, FileId, LogId, Seq, Timestamp};

use super::StoreResult;

/// Whether a store can take in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferState {
    /// It holds nothing that a copy could overwrite.
    Empty,
    /// A copy into it began and was not finished. No server opens it.
    Incomplete,
    /// It holds data.
    InUse,
}

/// One record that is no entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRecord {
    /// Its kind, for a report.
    pub kind: &'static str,
    /// The record as JSON, in the form of `stored::Record`: the same text in every store.
    pub text: String,
    /// The file whose bytes belong to it.
    pub file: Option<FileId>,
}

/// Some records of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<TransferRecord>,
    /// Each record that this release cannot decode: where it is and what is wrong, without anything that users wrote.
    pub unreadable: Vec<String>,
    /// Where the next page begins, or `None` after the last one. Opaque.
    pub next: Option<String>,
}

/// Reads and writes everything that a store holds besides its logs, and the entries of logs as they are.
///
/// A source is only read. A target is written by one process, while nothing else uses it: `begin`, then records and
/// entries in any order, then `finish`. Every write can be repeated, and changes nothing the second time.
#[async_trait]
pub trait Transfer: Send + Sync {
    /// Returns whether a copy can be made into the store.
    async fn state(&self) -> StoreResult<TransferState>;

    /// Marks the store as incomplete, durably. From then on no server opens it, until [`Transfer::finish`].
    async fn begin(&self) -> StoreResult<()>;

    /// Removes everything that an unfinished copy has written. The store stays incomplete.
    async fn clear(&self) -> StoreResult<()>;

    /// Returns the records after `after`, in the store's own order, in a page of bounded size. Leaves out what has
    /// expired `now`. An item of a kind that this release does not know is an error: a copy would lose it.
    async fn records(&self, after: Option<&str>, now: Timestamp) -> StoreResult<RecordPage>;

    /// Writes records, and everything in the store that follows from them.
    async fn put_records(&self, records: &[TransferRecord]) -> StoreResult<()>;

    /// Writes entries that follow those that were written before, with their `seq` and `n`. The caller bounds their
    /// number.
    async fn put_entries(&self, log: LogId, entries: &[Entry]) -> StoreResult<()>;

    /// Sets a log's floor, after its entries. Blanks nothing: the entries were blanked where they come from.
    async fn put_floor(&self, log: LogId, floor: Seq) -> StoreResult<()>;

    /// Completes the store and gives it a new epoch, durably: servers open it, and clients drop what they cached.
    async fn finish(&self) -> StoreResult<Epoch>;
}

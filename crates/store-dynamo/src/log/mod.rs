//! Implements `RoomLog`: the logs as items of one or more entries.

mod append;
mod floor;
mod hints;
mod log_item;
mod memory;
mod plan;
mod read;
mod read_keys;
mod read_within;
mod row_writes;

use async_trait::async_trait;
use domain::{Entry, Epoch, LogId, RoomId, RowWrite, Seq};
use service::ports::{AppendShape, Appended, ChangedLogs, ChangesCursor, KeyRange, RoomLog, StoreResult, Tip};

use crate::table_store::TableStore;

pub use log_item::{CHUNK_BYTES, LAST, LogItem};
pub use memory::LogMemory;

/// Rows at which an append accepts no further change: what one change may add to them (a message with ten files) and
/// the entries themselves still fit into one transaction.
const ROWS: usize = 48;

#[async_trait]
impl RoomLog for TableStore {
    async fn epoch(&self) -> StoreResult<Epoch> {
        Ok(self.recent_epoch_state().await?.epoch)
    }

    fn shape(&self) -> AppendShape {
        AppendShape { rows: ROWS, plain_apart: true }
    }

    async fn tip(&self, log: LogId) -> StoreResult<Tip> {
        self.read_tip(log).await
    }

    async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended {
        self.append_checked(log, after, entries, row_writes).await
    }

    async fn read(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>> {
        self.read_range(log, from, to).await
    }

    async fn read_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>> {
        self.read_bytes(log, from, to, bytes).await
    }

    async fn read_keys(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange> {
        self.read_key_range(log, from, to).await
    }

    async fn read_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        self.messages_back(log, before, limit).await
    }

    async fn read_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        self.messages_forward(log, after, limit).await
    }

    async fn messages(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>> {
        self.messages_at(log, seqs).await
    }

    async fn messages_of(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>> {
        self.messages_in(places).await
    }

    async fn changes(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        self.changed_since(cursor).await
    }

    async fn raise_floor(&self, log: LogId, floor: Seq) -> StoreResult<()> {
        self.blank_up_to(log, floor).await
    }

    async fn floor(&self, log: LogId) -> StoreResult<Seq> {
        self.floor_of(log).await
    }

    async fn all_logs(&self, after: Option<LogId>, limit: usize) -> StoreResult<Vec<(LogId, Seq)>> {
        self.list_logs(after, limit).await
    }
}

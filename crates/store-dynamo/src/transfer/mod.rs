//! Implements `Transfer`: scans the table, and fills an empty one.

mod items;
mod records;

use async_trait::async_trait;
use domain::{Entry, Epoch, LogId, Seq, Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _};
use rand::Rng as _;
use service::ports::{Head, RecordPage, StoreError, StoreResult, Transfer, TransferRecord, TransferState};
use stored::Record;
use uuid::Uuid;

use crate::error::{BROKEN_MS, read_error, unavailable};
use crate::item::{Item, bytes, flag, number, text, unreadable};
use crate::keys::{self, Key};
use crate::log::{CHUNK_BYTES, LogItem};
use crate::op::{Change, Op, When, key_map};
use crate::rows;
use crate::store::SCHEMA;
use crate::table_store::{TableStore, WriteError};

/// Items that are written at once.
const WRITES_AT_ONCE: usize = 32;
/// The attribute of the epoch's item that marks a table into which a copy was not finished.
pub const INCOMPLETE: &str = "ic";

/// Which items a scan returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scan {
    /// The keys of all items.
    Keys,
    /// All items besides those of logs.
    Records,
}

/// Costs: a page of records one megabyte of reads, whatever is on it, since a scan also reads what it leaves out; a record
/// one write for each of its items; entries one write for each chunk, and one for the hint of the head.
#[async_trait]
impl Transfer for TableStore {
    async fn state(&self) -> StoreResult<TransferState> {
        let epoch = self.get(keys::epoch()).await?.unwrap_or_default();
        if epoch.flag(INCOMPLETE) {
            return Ok(TransferState::Incomplete);
        }
        let mut start = None;
        loop {
            let (items, next) = self.scan(Scan::Keys, start).await?;
            for item in &items {
                let key = item.key()?;
                // What a process leaves behind is no data.
                let is_ours = [keys::NODES, "LEASE#", "LIMIT#", "SOCKET#", keys::DIRTY];
                if key != keys::epoch() && !is_ours.iter().any(|prefix| key.pk.starts_with(prefix)) {
                    return Ok(TransferState::InUse);
                }
            }
            if next.is_none() {
                return Ok(TransferState::Empty);
            }
            start = next;
        }
    }

    async fn begin(&self) -> StoreResult<()> {
        self.always(Op::Update(Change::of(keys::epoch()).set(INCOMPLETE, flag(true)), When::Present)).await
    }

    async fn clear(&self) -> StoreResult<()> {
        let mut start = None;
        loop {
            let (items, next) = self.scan(Scan::Keys, start).await?;
            let keys = items.iter().map(Item::key).collect::<StoreResult<Vec<Key>>>()?;
            let gone = keys.into_iter().filter(|key| *key != keys::epoch());
            self.all_of(gone.map(|key| Op::Delete(key, When::Always)).collect()).await?;
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }

    async fn records(&self, after: Option<&str>, now: Timestamp) -> StoreResult<RecordPage> {
        let start = match after {
            None => None,
            Some(text) => {
                let key = serde_json::from_str::<(String, String)>(text);
                Some(key.map_err(|_| unreadable("position", "it is none of this store"))?)
            }
        };
        let (items, next) = self.scan(Scan::Records, start.map(|(pk, sk)| Key::new(pk, sk))).await?;
        let related = self.related(&items).await?;

        let next = next.map(|key| stored::to_json(&(key.pk, key.sk)));
        let mut page = RecordPage { next, ..RecordPage::default() };
        for item in &items {
            match records::record_of(item, &related) {
                Ok(Some(record)) if !record.is_expired(now) => page.records.push(TransferRecord {
                    kind: record.kind(),
                    text: stored::to_json(&record),
                    file: record.file(),
                }),
                Ok(_) => {}
                Err(StoreError::Unreadable { why, .. }) => {
                    let key = item.key()?;
                    page.unreadable.push(format!("{} {}: {why}", key.pk, key.sk));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }

    async fn put_records(&self, records: &[TransferRecord]) -> StoreResult<()> {
        let mut puts = Vec::with_capacity(records.len());
        for record in records {
            let record = stored::from_json::<Record>(&record.text).map_err(|why| unreadable("record", why))?;
            puts.extend(items::items_of(&record)?.into_iter().map(|item| Op::Put(item, When::Always)));
        }
        self.all_of(puts).await
    }

    async fn put_entries(&self, log: LogId, entries: &[Entry]) -> StoreResult<()> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
        let items = LogItem::pack(log, entries, rand::rng().random(), CHUNK_BYTES);
        let puts = items.iter().map(|item| match item.insert() {
            Op::Put(item, _) => Op::Put(item, When::Always),
            other => other,
        });
        let listed = (first.seq == 1).then(|| Op::Put(Item::at(keys::listed_log(log)), When::Always));
        self.all_of(puts.chain(listed).collect()).await?;

        let head = Head { seq: last.seq, n: last.n, at: last.at };
        match rows::head_change(log, head) {
            Some(Op::Update(change, _)) => self.always(Op::Update(change, When::Always)).await,
            _ => Ok(()),
        }
    }

    async fn put_floor(&self, log: LogId, floor: Seq) -> StoreResult<()> {
        self.always(Op::Update(Change::of(keys::floor(log)).set("fl", number(floor)), When::Always)).await
    }

    async fn finish(&self) -> StoreResult<Epoch> {
        let drawn = Uuid::new_v4().as_u64_pair().0;
        // Each name has its second key already, or has none for a reason.
        let new = Item::at(keys::epoch()).with("ep", bytes(drawn.to_be_bytes())).with("sv", number(SCHEMA));
        self.put(new.with("wr", flag(true))).await?;
        Ok(Epoch(drawn))
    }
}

impl TableStore {
    /// Writes one item.
    async fn always(&self, op: Op) -> StoreResult<()> {
        let refused = || unavailable("the table has no epoch", BROKEN_MS);
        self.write(vec![op]).await.map_err(|error| match error {
            WriteError::Store(error) => error,
            WriteError::Refused(_) => refused(),
        })
    }

    /// Writes many items, each by itself.
    async fn all_of(&self, ops: Vec<Op>) -> StoreResult<()> {
        let writes = futures_util::stream::iter(ops.into_iter().map(|op| self.always(op)));
        writes.buffer_unordered(WRITES_AT_ONCE).try_collect().await
    }

    /// Returns a page of the whole table, about one megabyte of it, and the key after which the next one begins.
    async fn scan(&self, scan: Scan, start: Option<Key>) -> StoreResult<(Vec<Item>, Option<Key>)> {
        self.admit()?;
        let request = self.clients.read.scan().table_name(&self.settings.table).consistent_read(true);
        let request = request.set_exclusive_start_key(start.as_ref().map(key_map));
        let request = match scan {
            Scan::Keys => request.projection_expression("pk, sk"),
            Scan::Records => {
                request.filter_expression("NOT begins_with(pk, :log)").expression_attribute_values(":log", text("LOG#"))
            }
        };
        let answer = self.noted(request.send().await).map_err(read_error)?;

        self.meter.read(answer.consumed_capacity());
        let items = answer.items.unwrap_or_default().into_iter().map(Item).collect();
        let next = answer.last_evaluated_key.filter(|key| !key.is_empty());
        Ok((items, next.map(|key| Item(key).key()).transpose()?))
    }
}

#[cfg(test)]
mod tests;

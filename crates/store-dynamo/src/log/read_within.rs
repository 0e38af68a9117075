//! Reads entries up to a number of bytes.

use domain::{Entry, LogId, Seq};
use service::limits::ENTRY_BYTES;
use service::ports::{StoreResult, cut_within, last_within};

use super::log_item::{self, LogItem};
use super::read::HOLE_ATTEMPTS;
use crate::error::{THROTTLED_MS, unavailable};
use crate::keys::{self, padded};
use crate::range::Range;
use crate::table_store::{BACKOFF, TableStore, jitter};

/// Items of the first request, before their size is known.
const FIRST_ITEMS: usize = 8;

impl TableStore {
    /// Implements `RoomLog::read_within` in steps. The size of the items so far decides how many the next step reads.
    pub async fn read_bytes(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>> {
        let (from, to) = (from.max(1), last_within(from.max(1), to, bytes));
        let mut backoff = BACKOFF;
        for _ in 0..HOLE_ATTEMPTS {
            let items = self.items_within(log, from, to, bytes).await?;
            if items.windows(2).all(|pair| pair[1].first() == pair[0].last().seq + 1) {
                let entries = items.into_iter().flat_map(|item| item.entries);
                let entries = entries.filter(|entry| (from..=to).contains(&entry.seq)).collect();
                return Ok(cut_within(entries, bytes, log_item::entry_size));
            }
            tokio::time::sleep(backoff.next_delay(jitter())).await;
        }
        Err(unavailable("a transaction of this log is under way", THROTTLED_MS))
    }

    async fn items_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<LogItem>> {
        if from > to {
            return Ok(Vec::new());
        }
        let range = Range::between(keys::log(log), padded(from), padded(to));
        let (mut items, mut filled, mut limit, mut start) = (Vec::new(), 0, FIRST_ITEMS, None);
        loop {
            let page = self.query_page(&range, Some(limit), start).await?;
            for item in &page.items {
                let read = LogItem::read(log, item)?;
                filled += item.size() + read.entries.len() * ENTRY_BYTES;
                items.push(read);
            }
            start = page.next;
            if start.is_none() || filled >= bytes {
                break;
            }
            limit = ((bytes - filled) * items.len()).div_ceil(filled.max(1)).max(1);
        }

        // If the range begins inside an item, the query does not return that item.
        if from > 1 && items.first().is_none_or(|first: &LogItem| first.first() != from) {
            items.splice(0..0, self.item_with(log, from - 1).await?.filter(|below| below.last().seq >= from));
        }
        Ok(items)
    }
}

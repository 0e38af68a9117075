//! Reads the keys of entries without their content.
//!
//! DynamoDB still charges for the whole items and sends them. But each page is dropped before the next one is read, and no
//! content is decoded.

use domain::{EntryKey, LogId, Seq};
use service::ports::{KeyRange, StoreResult};

use super::log_item::LogItem;
use super::read::HOLE_ATTEMPTS;
use crate::error::{THROTTLED_MS, unavailable};
use crate::keys::{self, padded};
use crate::range::Range;
use crate::table_store::{BACKOFF, TableStore, jitter};

impl TableStore {
    /// Implements `RoomLog::read_keys`. Like [`TableStore::items`], reads again if a transaction is half visible.
    pub async fn read_key_range(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange> {
        let from = from.max(1);
        let mut units = 0.0;
        let mut backoff = BACKOFF;
        for _ in 0..HOLE_ATTEMPTS {
            let mut keys = self.keys_as_seen(log, from, to, &mut units).await?;
            if keys.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1) {
                keys.retain(|key| (from..=to).contains(&key.seq));
                return Ok(KeyRange { keys, units: units.ceil() as u64 });
            }
            tokio::time::sleep(backoff.next_delay(jitter())).await;
        }
        Err(unavailable("a transaction of this log is under way", THROTTLED_MS))
    }

    async fn keys_as_seen(&self, log: LogId, from: Seq, to: Seq, units: &mut f64) -> StoreResult<Vec<EntryKey>> {
        if from > to {
            return Ok(Vec::new());
        }
        let range = Range::between(keys::log(log), padded(from), padded(to));
        let (mut found, mut start) = (Vec::new(), None);
        loop {
            let page = self.query_page(&range, None, start).await?;
            *units += page.units;
            for item in &page.items {
                found.append(&mut LogItem::read_keys(item)?);
            }
            start = page.next;
            if start.is_none() {
                break;
            }
        }

        // If the range begins inside an item, the query does not return that item.
        if from > 1 && found.first().is_none_or(|first| first.seq != from) {
            let below = Range::between(keys::log(log), padded(0), padded(from - 1)).descending();
            let page = self.query_page(&below, Some(1), None).await?;
            *units += page.units;
            let below = page.items.first().map(LogItem::read_keys).transpose()?.unwrap_or_default();
            found.splice(0..0, below.into_iter().filter(|key| key.seq >= from));
        }
        Ok(found)
    }
}

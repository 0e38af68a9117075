//! Reads of a log by key range, where an item may contain several entries. All of them are strong.

use std::collections::BTreeMap;

use domain::{Entry, LogId, RoomId, Seq, Timestamp};
use futures_util::{StreamExt as _, TryStreamExt as _};
use service::ports::{StoreError, StoreResult, Tip};

use super::log_item::LogItem;
use crate::error::{THROTTLED_MS, unavailable};
use crate::item::{PK, SK};
use crate::keys::{self, LOG_SHARDS, padded};
use crate::table_store::{BACKOFF, Range, TableStore, jitter};

/// Messages that are looked up one by one concurrently.
const LOOKUPS_AT_ONCE: usize = 16;
/// Heads that are read concurrently, for the list of all logs.
const HEADS_AT_ONCE: usize = 16;
/// The density of requested seqs at which one range is cheaper than single look-ups: entries per requested message.
const DENSE: u64 = 4;
/// The smallest range of a page's further reads, if other kinds of entries lie between its messages.
const LEAST_STEP: u64 = 16;
/// How often a range with a missing item is read.
pub const HOLE_ATTEMPTS: u32 = 4;

impl TableStore {
    /// Returns the last entry.
    pub async fn read_tip(&self, log: LogId) -> StoreResult<Tip> {
        // Read before the entry, so that a tip never has a later epoch than the entry that it names.
        let epoch_state = self.recent_epoch_state().await?;
        let Some(item) = self.item_below(log, Seq::MAX).await? else {
            return Ok(Tip::from_store(epoch_state.epoch, 0, 0, Timestamp(0)));
        };
        let last = item.last();
        epoch_state.memory.ends_at(log, last.seq);
        Ok(Tip::from_store(epoch_state.epoch, last.seq, last.n, last.at))
    }

    /// Returns the item that begins at `seq`, or else the next lower one.
    async fn item_below(&self, log: LogId, seq: Seq) -> StoreResult<Option<LogItem>> {
        let range = Range::between(keys::log(log), padded(0), padded(seq)).descending().limit(1);
        self.query(range).await?.first().map(|item| LogItem::read(log, item)).transpose()
    }

    /// Returns the item that contains `seq`.
    pub async fn item_with(&self, log: LogId, seq: Seq) -> StoreResult<Option<LogItem>> {
        Ok(self.item_below(log, seq).await?.filter(|item| item.last().seq >= seq))
    }

    /// Returns the items that contain any of these seqs, in order and without a hole.
    ///
    /// A query sees each item of a transaction once it is written, but not all of them in one step. So a range with a
    /// hole anywhere, including its beginning and end, is read once more.
    pub async fn items(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<LogItem>> {
        let from = from.max(1);
        // What the log is known to contain of the range, before it is read: none of it may be missing.
        let known_to = to.min(self.epoch_state().memory.reached(log));
        let mut backoff = BACKOFF;
        for _ in 0..HOLE_ATTEMPTS {
            let items = self.items_as_seen(log, from, to).await?;
            let spans: Vec<(Seq, Seq)> = items.iter().map(|item| (item.first(), item.last().seq)).collect();
            if is_gapless(&spans, from, known_to) {
                return Ok(items);
            }
            tokio::time::sleep(backoff.next_delay(jitter())).await;
        }
        Err(unavailable("a transaction of this log is under way", THROTTLED_MS))
    }

    async fn items_as_seen(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<LogItem>> {
        if from > to {
            return Ok(Vec::new());
        }
        let found = self.query(Range::between(keys::log(log), padded(from), padded(to))).await?;
        let mut items = found.iter().map(|item| LogItem::read(log, item)).collect::<StoreResult<Vec<_>>>()?;
        // Only if the range begins inside an item, that item is read, too.
        if from > 1 && items.first().is_none_or(|first| first.first() != from) {
            items.splice(0..0, self.item_below(log, from - 1).await?.filter(|below| below.last().seq >= from));
        }
        Ok(items)
    }

    /// Implements `RoomLog::read`.
    pub async fn read_range(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>> {
        let items = self.items(log, from, to).await?;
        let entries = items.into_iter().flat_map(|item| item.entries);
        Ok(entries.filter(|entry| (from..=to).contains(&entry.seq)).collect())
    }

    /// Implements `RoomLog::read_back`. The range is as wide as the page is long: a request that stops after so many
    /// *items* would read whole chunks for each.
    pub async fn messages_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        let mut to = before.saturating_sub(1);
        if limit == 0 || to == 0 {
            return Ok(Vec::new());
        }
        if to > self.epoch_state().memory.reached(log) {
            to = to.min(self.read_tip(log).await?.seq());
        }
        let mut found: Vec<Entry> = Vec::new();
        while to > 0 && found.len() < limit {
            let step = ((limit - found.len()) as u64).max(if found.is_empty() { 1 } else { LEAST_STEP });
            let from = (to + 1).saturating_sub(step).max(1);
            // A chunk that reaches below the range was paid for, so all of it is used.
            let items = self.items(log, from, to).await?;
            let entries = items.into_iter().flat_map(|item| item.entries);
            let mut part: Vec<Entry> = entries.filter(|entry| entry.seq <= to).collect();
            to = part.first().map_or(from, |first| first.seq.min(from)) - 1;
            part.retain(Entry::is_shown_as_message);
            part.append(&mut found);
            found = part;
        }
        found.drain(..found.len().saturating_sub(limit));
        Ok(found)
    }

    /// Implements `RoomLog::read_forward`.
    pub async fn messages_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        let mut from = after.saturating_add(1);
        let mut found: Vec<Entry> = Vec::new();
        while found.len() < limit {
            let step = ((limit - found.len()) as u64).max(if found.is_empty() { 1 } else { LEAST_STEP });
            let to = from.saturating_add(step - 1);
            let items = self.items(log, from, to).await?;
            let entries: Vec<Entry> = items.into_iter().flat_map(|item| item.entries).collect();
            // The log ends where no item exists.
            let Some(last) = entries.last().map(|last| last.seq).filter(|last| *last >= from) else { break };
            found.extend(entries.into_iter().filter(|entry| entry.seq >= from && entry.is_shown_as_message()));
            if last < to {
                break;
            }
            from = last + 1;
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Implements `RoomLog::messages`.
    pub async fn messages_at(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>> {
        let mut asked: Vec<Seq> = seqs.iter().copied().filter(|seq| *seq > 0).collect();
        asked.sort_unstable();
        asked.dedup();
        let (Some(first), Some(last)) = (asked.first().copied(), asked.last().copied()) else {
            return Ok(Vec::new());
        };
        let is_dense = last - first < DENSE * asked.len() as u64;
        let items = match asked.len() {
            1 => self.item_with(log, first).await?.into_iter().collect(),
            _ if is_dense => self.items(log, first, last).await?,
            _ => self.items_of(log, &asked).await?,
        };
        let entries = items.into_iter().flat_map(|item| item.entries);
        Ok(entries.filter(|entry| entry.is_shown_as_message() && asked.binary_search(&entry.seq).is_ok()).collect())
    }

    /// Implements `RoomLog::messages_of`. Single messages of many rooms are read together by key; if several of one
    /// room are requested, a range may be cheaper.
    pub async fn messages_in(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>> {
        let mut asked: BTreeMap<RoomId, Vec<Seq>> = BTreeMap::new();
        for (room, seq) in places.iter().filter(|(_, seq)| *seq > 0) {
            asked.entry(*room).or_default().push(*seq);
        }
        let lone = asked.iter().filter(|(_, seqs)| seqs.len() == 1);
        let keys: Vec<keys::Key> = lone.map(|(room, seqs)| keys::entries(LogId::Room(*room), seqs[0])).collect();
        let mut found = Vec::new();
        for item in self.get_all(keys).await? {
            let Some(room) = keys::log_of(item.text(PK)?).and_then(LogId::room) else { continue };
            // The item begins with the requested entry.
            let first = LogItem::read(LogId::Room(room), &item)?.entries.into_iter().next();
            asked.remove(&room);
            found.extend(first.filter(Entry::is_shown_as_message).map(|entry| (room, entry)));
        }
        let rest = asked.into_iter().map(|(room, seqs)| async move {
            let messages = self.messages_at(LogId::Room(room), &seqs).await?;
            Ok::<_, StoreError>(messages.into_iter().map(|entry| (room, entry)).collect::<Vec<_>>())
        });
        let rest = futures_util::stream::iter(rest.collect::<Vec<_>>()).buffer_unordered(LOOKUPS_AT_ONCE);
        let rest: Vec<Vec<(RoomId, Entry)>> = rest.try_collect().await?;
        found.extend(rest.into_iter().flatten());
        Ok(found)
    }

    /// Returns the items that contain these seqs: by key those that begin an item, the others with a look-up.
    async fn items_of(&self, log: LogId, asked: &[Seq]) -> StoreResult<Vec<LogItem>> {
        let found = self.get_all(asked.iter().map(|seq| keys::entries(log, *seq)).collect()).await?;
        let mut items = BTreeMap::new();
        for item in &found {
            let item = LogItem::read(log, item)?;
            items.insert(item.first(), item);
        }
        let holds = |items: &BTreeMap<Seq, LogItem>, seq: Seq| {
            items.range(..=seq).next_back().is_some_and(|(_, item)| item.last().seq >= seq)
        };
        let left: Vec<Seq> = asked.iter().copied().filter(|seq| !holds(&items, *seq)).collect();
        for some in left.chunks(LOOKUPS_AT_ONCE) {
            let some = some.iter().copied().filter(|seq| !holds(&items, *seq));
            let lookups = some.map(|seq| self.item_with(log, seq)).collect::<Vec<_>>();
            let lookups = futures_util::stream::iter(lookups).buffer_unordered(LOOKUPS_AT_ONCE);
            let read: Vec<Option<LogItem>> = lookups.try_collect().await?;
            items.extend(read.into_iter().flatten().map(|item| (item.first(), item)));
        }
        Ok(items.into_values().collect())
    }

    /// Implements `RoomLog::all_logs`: merges the next names of every shard, with the heads of those that are listed.
    pub async fn list_logs(&self, after: Option<LogId>, limit: usize) -> StoreResult<Vec<(LogId, Seq)>> {
        let after = after.map(|log| log.to_string()).unwrap_or_default();
        let shards =
            (0..LOG_SHARDS).map(|shard| self.query(Range::after(keys::logs_shard(shard), "", &after).limit(limit)));
        let shards = futures_util::stream::iter(shards.collect::<Vec<_>>()).buffer_unordered(LOG_SHARDS as usize);
        let found: Vec<Vec<_>> = shards.try_collect().await?;
        let logs = found.iter().flatten().map(|item| item.parsed(SK)).collect::<StoreResult<Vec<LogId>>>();
        let mut logs = logs?;
        logs.sort();
        logs.truncate(limit);
        let heads = logs.into_iter().map(|log| async move { Ok((log, self.read_tip(log).await?.seq())) });
        futures_util::stream::iter(heads.collect::<Vec<_>>()).buffered(HEADS_AT_ONCE).try_collect().await
    }
}

/// Returns whether items, each from its first to its last seq, contain everything from `from` to the last of them, and
/// at least to `known_to`. An empty range proves nothing: the log may end before it.
fn is_gapless(spans: &[(Seq, Seq)], from: Seq, known_to: Seq) -> bool {
    let mut next = from;
    for (first, last) in spans {
        // Only the first item may begin before the requested range.
        let follows = if next == from { *first <= from } else { *first == next };
        if !follows {
            return false;
        }
        next = last + 1;
    }
    next > known_to
}

#[cfg(test)]
mod tests {
    use super::is_gapless;

    #[test]
    fn a_hole_is_detected_anywhere() {
        assert!(is_gapless(&[], 5, 4), "the log ends before the range");
        assert!(is_gapless(&[(5, 5), (6, 9)], 5, 0));
        assert!(is_gapless(&[(2, 7), (8, 8)], 5, 8), "the range begins inside an item");
        assert!(!is_gapless(&[(6, 9)], 5, 0), "at the beginning");
        assert!(!is_gapless(&[(5, 5), (7, 9)], 5, 0), "inside");
        assert!(!is_gapless(&[(5, 6)], 5, 8), "at the end");
        assert!(!is_gapless(&[], 5, 5), "all of it");
    }
}

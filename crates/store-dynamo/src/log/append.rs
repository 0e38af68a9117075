//! Appends: one conditional write for plain entries, one transaction for entries with row writes.
//!
//! The condition "no item exists at the next position" keeps a log free of holes and duplicates only if the position
//! before it is the last of an item. So an `after` that this store has not seen to be one is read.

use domain::{Entry, LogId, RowWrite};
use rand::Rng as _;
use service::ports::{AppendError, Appended, StoreError, Tip};
use tokio::time::Instant;
use uuid::Uuid;

use super::ROWS;
use super::log_item::{BIG_CHUNK_BYTES, CHUNK_BYTES, LogItem, Mark};
use super::plan::{Otherwise, Planned};
use crate::epoch::EpochState;
use crate::error::{AWAY_MS, BROKEN_MS, Fault, THROTTLED_MS};
use crate::item::Item;
use crate::keys;
use crate::op::{Op, When};
use crate::table_store::{BACKOFF, TRANSACTION_OPS, TableStore};

/// The largest item in bytes: a little less than DynamoDB's 400 KB, since its own count is not known to the byte.
const ITEM_BYTES: usize = 400_000;
/// The largest transaction in bytes: a little less than 4 MB.
const TRANSACTION_BYTES: usize = 4_000_000;
/// How often row writes are read and planned again, because another writer changed a row meanwhile.
const PLANS: u32 = 8;

impl TableStore {
    /// Implements `RoomLog::append`.
    pub async fn append_checked(
        &self,
        log: LogId,
        after: &Tip,
        entries: &[Entry],
        row_writes: &[RowWrite],
    ) -> Appended {
        if let Err(why) = after.check(entries) {
            debug_assert!(false, "{why}");
            return Err(AppendError::Unavailable { why, retry_ms: BROKEN_MS });
        }
        let epoch_state = self.recent_epoch_state().await.map_err(not_done)?;
        if after.epoch() != epoch_state.epoch {
            return Err(AppendError::OtherEpoch);
        }
        if !epoch_state.memory.is_end(log, after.seq())
            && self.read_tip(log).await.map_err(not_done)?.seq() != after.seq()
        {
            return Err(AppendError::Conflict { slot: None });
        }
        let mark: Mark = rand::rng().random();
        let chunk = if row_writes.len() > ROWS { BIG_CHUNK_BYTES } else { CHUNK_BYTES };
        let items = LogItem::pack(log, entries, mark, chunk);
        let last = entries.last().expect("the entries were checked before");
        if row_writes.is_empty() && after.seq() > 0 {
            tokio::time::sleep(epoch_state.memory.wait_to_commit(log, self.settings.pace)).await;
            self.append_plain(&epoch_state, log, items, mark).await?;
        } else {
            self.commit(log, &items, mark, entries, row_writes).await?;
        }
        epoch_state.memory.ends_at(log, last.seq);
        let tip = Tip::from_store(epoch_state.epoch, last.seq, last.n, last.at);
        self.hint_head(log, &tip);
        Ok(tip)
    }

    /// Writes item after item, each conditional: half the price of a transaction. If it fails in the middle, the
    /// earlier items stay, like an append that another node cut short; the result is that the outcome is unknown.
    async fn append_plain(
        &self,
        epoch_state: &EpochState,
        log: LogId,
        items: Vec<LogItem>,
        mark: Mark,
    ) -> Result<(), AppendError> {
        for (index, item) in items.iter().enumerate() {
            match self.commit(log, std::slice::from_ref(item), mark, &item.entries, &[]).await {
                Ok(()) => epoch_state.memory.ends_at(log, item.last().seq),
                Err(AppendError::Conflict { .. }) if index > 0 => return Err(AppendError::Conflict { slot: None }),
                Err(_) if index > 0 => return Err(AppendError::Unknown),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes these items, with row writes, all or nothing. Retries what certainly failed, and, under the same token,
    /// what has an unknown outcome, until the store's patience ends.
    async fn commit(
        &self,
        log: LogId,
        items: &[LogItem],
        mark: Mark,
        entries: &[Entry],
        row_writes: &[RowWrite],
    ) -> Result<(), AppendError> {
        let until = Instant::now() + self.settings.patience;
        let fixed = self.fixed_ops(log, items);
        let mut planned = self.plan(log, entries, row_writes).await.map_err(not_done)?;
        // After the reads, which ask too: as a probe this one would keep them from passing.
        self.admit().map_err(not_done)?;
        let (mut plans, mut backoff, mut unclear) = (1, BACKOFF, false);
        let mut token = Uuid::new_v4().to_string();
        loop {
            let ops: Vec<Op> = fixed.iter().cloned().chain(planned.iter().map(|planned| planned.op.clone())).collect();
            if !fits(&ops) {
                return Err(if unclear { AppendError::Unknown } else { AppendError::TooLarge });
            }
            let fault = match self.attempt(&ops, &token, false).await {
                Ok(_) => return Ok(()),
                Err(fault) => fault,
            };
            let pause = self.retry_pause(&fault, &mut backoff, until);
            let error = match fault {
                Fault::Refused(which) => {
                    if let Some((index, there)) = which.iter().find(|(index, _)| *index < fixed.len()) {
                        return self.filled(log, &items[(*index).min(items.len() - 1)], there.as_ref(), mark).await;
                    }
                    // The request differs from the one before, so it needs another token.
                    token = Uuid::new_v4().to_string();
                    let mut again = false;
                    // From the end, so that removing one does not shift the others.
                    for (index, _) in which.iter().rev() {
                        let index = index - fixed.len();
                        match planned[index].otherwise.clone() {
                            Otherwise::Drop => drop(planned.remove(index)),
                            Otherwise::Instead(op) => planned[index] = Planned::or_drop(*op),
                            Otherwise::Taken(what) => return self.claimed(log, items, mark, what).await,
                            Otherwise::Again => again = true,
                        }
                    }
                    if again {
                        plans += 1;
                        if plans > PLANS {
                            return Err(unavailable("the rows change faster than they can be read", THROTTLED_MS));
                        }
                        planned = self.plan(log, entries, row_writes).await.map_err(not_done)?;
                    }
                    continue;
                }
                Fault::Rejected(why) if unclear => {
                    tracing::warn!(%log, why, "append refused after a try without an answer, its outcome is unknown");
                    return Err(AppendError::Unknown);
                }
                Fault::Rejected(why) => return Err(unavailable(why, BROKEN_MS)),
                Fault::Contended => unavailable("another transaction holds a row", THROTTLED_MS),
                Fault::Throttled(why) => unavailable(why, THROTTLED_MS),
                Fault::Unclear(why) => {
                    unclear = true;
                    unavailable(why, AWAY_MS)
                }
            };
            let Some(pause) = pause else {
                return Err(if unclear { AppendError::Unknown } else { error });
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Returns the operations for the entries, and for the log's line in the list of logs when it begins.
    fn fixed_ops(&self, log: LogId, items: &[LogItem]) -> Vec<Op> {
        let begins = items.first().is_some_and(|item| item.first() == 1);
        let listed = begins.then(|| Op::Put(Item::at(keys::listed_log(log)), When::Always));
        items.iter().map(LogItem::insert).chain(listed).collect()
    }

    /// Handles a filled position: by an earlier try of this very append, or by another append.
    async fn filled(&self, log: LogId, ours: &LogItem, there: Option<&Item>, mark: Mark) -> Result<(), AppendError> {
        let read;
        let there = match there {
            Some(there) => Some(there),
            // Not every emulator returns what it found.
            None => {
                read = self.get(keys::entries(log, ours.first())).await.map_err(|_| AppendError::Unknown)?;
                read.as_ref()
            }
        };
        let Some(there) = there else { return Err(AppendError::Conflict { slot: None }) };
        match LogItem::read(log, there) {
            Ok(item) if item.is_marked(mark) => Ok(()),
            Ok(item) => Err(AppendError::Conflict { slot: Some(item.entries) }),
            Err(_) => Err(AppendError::Conflict { slot: None }),
        }
    }

    /// Handles a unique name that another room has. The name may have been taken by the append that was first, or by an
    /// earlier try of this one.
    async fn claimed(&self, log: LogId, items: &[LogItem], mark: Mark, what: &'static str) -> Result<(), AppendError> {
        let first = &items[0];
        match self.get(keys::entries(log, first.first())).await {
            Ok(None) => Err(AppendError::Taken(what)),
            Ok(Some(there)) => self.filled(log, first, Some(&there), mark).await,
            Err(_) => Err(AppendError::Unknown),
        }
    }
}

/// Returns whether DynamoDB accepts these operations in one request.
fn fits(ops: &[Op]) -> bool {
    let sizes = || ops.iter().map(Op::size);
    ops.len() <= TRANSACTION_OPS
        && sizes().all(|size| size <= ITEM_BYTES)
        && sizes().sum::<usize>() <= TRANSACTION_BYTES
}

fn unavailable(why: impl Into<String>, retry_ms: u64) -> AppendError {
    AppendError::Unavailable { why: why.into(), retry_ms }
}

/// Returns the error of a failed read before the append: nothing was written.
fn not_done(error: StoreError) -> AppendError {
    match error {
        StoreError::Unavailable { why, retry_ms } => AppendError::Unavailable { why, retry_ms },
        StoreError::OtherEpoch => AppendError::OtherEpoch,
        other => unavailable(other.to_string(), BROKEN_MS),
    }
}

//! One run of the feed: reads a room from the lowest cursor on and gives each consumer what it lacks.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::FEED_BATCH;
use domain::{Entry, LogId, RoomId, Seq};
use futures_util::FutureExt;

use super::scheduler::{Ran, Run};
use super::{Batch, Consumer};
use crate::ports::{Store, StoreError, StoreResult};

/// When to ask again if the store does not say.
const RETRY: Duration = Duration::from_secs(1);

/// After how long a failed call of the store makes sense again.
pub(super) fn retry_of(error: &StoreError) -> Duration {
    match error {
        StoreError::Unavailable { retry_ms, .. } => Duration::from_millis(*retry_ms),
        _ => RETRY,
    }
}

/// Performs a run. A consumer that panics fails its room alone, which is tried again later.
pub(super) async fn perform(store: &Store, consumers: &[Arc<dyn Consumer>], run: Run) -> Ran {
    let room = run.room;
    AssertUnwindSafe(read_and_give(store, consumers, run)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(%room, "a consumer of the feed panicked");
        Ran::Failed { retry: RETRY }
    })
}

async fn read_and_give(store: &Store, consumers: &[Arc<dyn Consumer>], run: Run) -> Ran {
    let Run { room, epoch, positions, due, head, fresh, .. } = run;
    let (positions, cursors, due) = match positions {
        Some(positions) => (positions, None, due),
        None => match stored_cursors(store, consumers, room).await {
            Ok(cursors) => {
                let from: Vec<Seq> = cursors.iter().map(|seq| if *seq > head { 0 } else { *seq }).collect();
                let due = from.iter().map(|seq| *seq < head).collect();
                (from, Some(cursors), due)
            }
            Err(error) => return Ran::Failed { retry: retry_of(&error) },
        },
    };
    let due: Vec<usize> = (0..consumers.len()).filter(|consumer| due[*consumer]).collect();
    let Some(after) = due.iter().map(|consumer| positions[*consumer]).min() else {
        return Ran::To { cursors, moved: Vec::new() };
    };
    let entries = match entries(store, room, after, head, fresh).await {
        Ok(entries) if !entries.is_empty() => entries,
        // A head without its entries: the store was restored, or it lags. It says so later.
        Ok(_) => return Ran::To { cursors, moved: stopped(&due, &positions, RETRY) },
        Err(error) => return Ran::To { cursors, moved: stopped(&due, &positions, retry_of(&error)) },
    };
    let mut moved = Vec::with_capacity(due.len());
    for consumer in due {
        let position = positions[consumer];
        let begin = entries.partition_point(|entry| entry.seq <= position);
        let Some(last) = entries[begin..].last() else { continue };
        let batch = Batch { room, epoch, entries: &entries[begin..] };
        moved.push(match consumers[consumer].consume(&batch).await {
            Ok(()) => (consumer, last.seq, None),
            Err(stopped) => {
                let retry = stopped.refusal.retry_ms.map_or(RETRY, Duration::from_millis);
                (consumer, stopped.done.max(position), Some(retry))
            }
        });
    }
    Ran::To { cursors, moved }
}

fn stopped(due: &[usize], positions: &[Seq], retry: Duration) -> Vec<(usize, Seq, Option<Duration>)> {
    due.iter().map(|consumer| (*consumer, positions[*consumer], Some(retry))).collect()
}

pub(super) async fn stored_cursors(
    store: &Store,
    consumers: &[Arc<dyn Consumer>],
    room: RoomId,
) -> StoreResult<Vec<Seq>> {
    let stored = store.feed.cursors(room).await?;
    let of = |name: &str| stored.iter().find(|cursor| cursor.consumer == name).map_or(0, |cursor| cursor.seq);
    Ok(consumers.iter().map(|consumer| of(consumer.name())).collect())
}

/// The entries after `after`: those at hand if they reach back so far, else read.
async fn entries(store: &Store, room: RoomId, after: Seq, head: Seq, fresh: Vec<Entry>) -> StoreResult<Vec<Entry>> {
    if fresh.first().is_some_and(|first| first.seq <= after + 1) {
        return Ok(fresh);
    }
    store.log.read(LogId::Room(room), after + 1, head.min(after + FEED_BATCH as u64)).await
}

//! One run of the feed: reads a room from the lowest cursor on and passes each consumer the entries it lacks.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::FEED_BATCH;
use domain::{Entry, Gap, LogId, RoomId, Seq};
use futures_util::FutureExt;
use tokio::time::Instant;

use super::scheduler::{Ran, Run};
use super::{Batch, Consumer, Trouble, Troubles};
use crate::ports::{Store, StoreError, StoreResult, note_unreadable};

/// The pause before a retry if the store does not name one.
const RETRY: Duration = Duration::from_secs(1);
/// The beginning of the error of a read with a hole.
const HOLE: &str = "a read had a hole";
/// The name of the reader in a trouble, for a room that could not be read.
const READER: &str = "reader";
/// The name in a trouble for a consumer that panicked, since it is not known which one did.
const A_CONSUMER: &str = "consumer";

/// Returns how long to wait before a failed call of the store is retried.
pub(super) fn retry_of(error: &StoreError) -> Duration {
    match error {
        StoreError::Unavailable { retry_ms, .. } => Duration::from_millis(*retry_ms),
        _ => RETRY,
    }
}

/// Performs a run. A consumer that panics fails only its room, which is retried later.
pub(super) async fn perform(store: &Store, consumers: &[Arc<dyn Consumer>], troubles: &Troubles, run: Run) -> Ran {
    let room = run.room;
    let seq = run.positions.iter().flatten().min().map_or(1, |position| position + 1);
    AssertUnwindSafe(read_and_give(store, consumers, troubles, run)).catch_unwind().await.unwrap_or_else(|_| {
        let why = "it panicked".to_owned();
        troubles.stopped(Trouble { room, consumer: A_CONSUMER, seq, why }, Instant::now());
        Ran::Failed { retry: RETRY }
    })
}

async fn read_and_give(store: &Store, consumers: &[Arc<dyn Consumer>], troubles: &Troubles, run: Run) -> Ran {
    let Run { room, epoch, positions, due, head, fresh, .. } = run;
    let (positions, cursors, due) = match positions {
        Some(positions) => (positions, None, due),
        None => match stored_cursors(store, consumers, room).await {
            Ok(cursors) => {
                let from: Vec<Seq> = cursors.iter().map(|seq| if *seq > head { 0 } else { *seq }).collect();
                let due = from.iter().map(|seq| *seq < head).collect();
                (from, Some(cursors), due)
            }
            Err(error) => {
                troubles.stopped(unread(room, 1, &error), Instant::now());
                return Ran::Failed { retry: retry_of(&error) };
            }
        },
    };
    let due: Vec<usize> = (0..consumers.len()).filter(|consumer| due[*consumer]).collect();
    let Some(after) = due.iter().map(|consumer| positions[*consumer]).min() else {
        return Ran::To { cursors, moved: Vec::new() };
    };
    let part = match entries(store, room, after, head, fresh).await {
        Ok(part) if part.through > after => part,
        // The head exists without its entries: the store was restored, or it lags. Later reads will show which.
        Ok(_) => return Ran::To { cursors, moved: stopped(&due, &positions, RETRY) },
        Err(error) => {
            troubles.stopped(unread(room, after + 1, &error), Instant::now());
            return Ran::To { cursors, moved: stopped(&due, &positions, retry_of(&error)) };
        }
    };
    troubles.over(room, READER);
    let mut moved = Vec::with_capacity(due.len());
    for consumer in due {
        let position = positions[consumer];
        if part.through <= position {
            continue;
        }
        let begin = part.entries.partition_point(|entry| entry.seq <= position);
        let batch = Batch { room, epoch, entries: &part.entries[begin..] };
        let consumed = if batch.entries.is_empty() { Ok(()) } else { consumers[consumer].consume(&batch).await };
        let name = consumers[consumer].name();
        moved.push(match consumed {
            Ok(()) => {
                troubles.over(room, name);
                (consumer, part.through, None)
            }
            Err(stopped) => {
                let (seq, why) = (stopped.done + 1, format!("{:?}", stopped.refusal.code).to_lowercase());
                troubles.stopped(Trouble { room, consumer: name, seq, why }, Instant::now());
                let retry = stopped.refusal.retry_ms.map_or(RETRY, Duration::from_millis);
                (consumer, stopped.done.max(position), Some(retry))
            }
        });
    }
    troubles.over(room, A_CONSUMER);
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

/// A part of a log.
struct Part {
    /// The entries, in order. Those that cannot be read are missing.
    entries: Vec<Entry>,
    /// The seq of the last entry that was read or skipped.
    through: Seq,
}

/// Returns the entries after `after`: those at hand if they reach back far enough, otherwise read from the store.
async fn entries(store: &Store, room: RoomId, after: Seq, head: Seq, fresh: Vec<Entry>) -> StoreResult<Part> {
    if fresh.first().is_some_and(|first| first.seq <= after + 1) && Gap::check(fresh[0].seq, &fresh).is_ok() {
        let through = fresh.last().map_or(after, |last| last.seq);
        return Ok(Part { entries: fresh, through });
    }
    let (from, to) = (after + 1, head.min(after + FEED_BATCH as u64));
    match store.log.read(LogId::Room(room), from, to).await {
        Ok(entries) => {
            Gap::check(from, &entries).map_err(hole)?;
            let through = entries.last().map_or(after, |last| last.seq);
            Ok(Part { entries, through })
        }
        Err(StoreError::Unreadable { .. }) => readable_entries(store, room, from, to).await,
        Err(error) => Err(error),
    }
}

/// Reads a part of a log that contains an unreadable entry one by one, and skips what cannot be read: it will stay so,
/// and the room must not wait for it. Keeps what was read before another error.
async fn readable_entries(store: &Store, room: RoomId, from: Seq, to: Seq) -> StoreResult<Part> {
    let mut part = Part { entries: Vec::new(), through: from - 1 };
    for seq in from..=to {
        match store.log.read(LogId::Room(room), seq, seq).await {
            Ok(entries) if entries.is_empty() => break,
            Ok(entries) => {
                Gap::check(seq, &entries).map_err(hole)?;
                part.entries.extend(entries);
            }
            Err(StoreError::Unreadable { why, .. }) => {
                note_unreadable("entry", &format_args!("{} {seq}", LogId::Room(room)), &why);
            }
            Err(error) if part.through < from => return Err(error),
            Err(_) => break,
        }
        part.through = seq;
    }
    Ok(part)
}

/// Returns the error of a read with a hole. It is a failure of the store: nothing after the hole may be processed
/// before it is filled.
fn hole(gap: Gap) -> StoreError {
    let retry_ms = RETRY.as_millis() as u64;
    StoreError::Unavailable { why: format!("{HOLE}: {gap}"), retry_ms }
}

/// Returns the trouble of a room that could not be read from `seq` on. The store's error may name servers, so it is
/// only logged.
fn unread(room: RoomId, seq: Seq, error: &StoreError) -> Trouble {
    tracing::debug!(%room, seq, %error, "room not read");
    let why = match error {
        StoreError::Unavailable { why, .. } if why.starts_with(HOLE) => "a read had a hole",
        StoreError::Unavailable { .. } => "the store is unavailable",
        StoreError::OtherEpoch => "the store was restored",
        _ => "it cannot be read",
    };
    Trouble { room, consumer: READER, seq, why: why.to_owned() }
}

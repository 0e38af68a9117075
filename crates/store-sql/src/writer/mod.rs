//! The way to the one task that writes, and the jobs that wait for it.
//!
//! A job is answered only after the transaction that holds it has committed. The queue is bounded; when
//! it is full, the caller is told at once.

mod append;
mod effects;
mod own_effects;
mod task;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::{Effect, Entry, LogId};
use futures_util::future::BoxFuture;
use service::ports::{AppendError, Appended, StoreError, StoreResult, Tip};
use tokio::sync::{mpsc, oneshot};

use crate::codec::EntryRow;
use crate::dialect::Connection;
use crate::error::{Failure, Fault};
use crate::settings::SqlSettings;

pub use append::Append;

/// After how long a repeat makes sense when the queue is full.
const QUEUE_RETRY_MS: u64 = 200;
/// After how long a repeat makes sense when the store is closed: another node may serve it.
const CLOSED_RETRY_MS: u64 = 1_000;

/// What was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions that committed: each waited for the disk once.
    pub transactions: u64,
    /// Entries that they appended.
    pub entries: u64,
}

#[derive(Default)]
struct Counters {
    transactions: AtomicU64,
    entries: AtomicU64,
}

/// Work that waits for a transaction.
enum Job {
    Append(Append),
    Write(Box<dyn Write>),
    /// Nothing more is taken in; answered when the connection is closed.
    Close(oneshot::Sender<()>),
}

/// A write other than an append, with its answer.
#[async_trait]
trait Write: Send {
    /// Does it, inside a transaction. May be called again after a rollback.
    async fn run(&mut self, connection: &mut Connection) -> Result<(), sqlx::Error>;

    /// Tells the caller how it ended.
    fn answer(self: Box<Self>, ended: Result<(), &Failure>);
}

/// The way to the task that writes.
pub struct Writer {
    queue: mpsc::Sender<Job>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the task on its own connection.
    pub fn start(connection: Connection, path: &Path, settings: &SqlSettings) -> Writer {
        let (queue, jobs) = mpsc::channel(settings.writer_queue);
        let counters = Arc::new(Counters::default());
        let task = task::Task::new(connection, path, settings, counters.clone());
        tokio::spawn(task.run(jobs));
        Writer { queue, counters }
    }

    pub fn stats(&self) -> Stats {
        Stats {
            transactions: self.counters.transactions.load(Ordering::Relaxed),
            entries: self.counters.entries.load(Ordering::Relaxed),
        }
    }

    /// Appends to a log; see `RoomLog::append`. The entries were checked.
    pub async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], effects: &[Effect]) -> Appended {
        let (answer, answered) = oneshot::channel();
        let rows = entries.iter().map(EntryRow::encode).collect();
        let job = Job::Append(Append::new(log, *after, rows, effects.to_vec(), answer));
        if let Err((why, retry_ms)) = self.send(job) {
            return Err(AppendError::Unavailable { why: why.into(), retry_ms });
        }
        // A task that ended without an answer may have committed before.
        answered.await.unwrap_or(Err(AppendError::Unknown))
    }

    /// See `Shared::write`.
    pub async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Write(Box::new(Call { work, result: None, answer }));
        if let Err((why, retry_ms)) = self.send(job) {
            return Err(StoreError::Unavailable { why: why.into(), retry_ms });
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Commits what waits and ends the task.
    pub async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        // Already closed, if either fails.
        if self.queue.send(Job::Close(answer)).await.is_ok() {
            let _ = answered.await;
        }
    }

    /// How many jobs wait, those that the task has taken already not counted.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    fn send(&self, job: Job) -> Result<(), (&'static str, u64)> {
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ("too many writes wait", QUEUE_RETRY_MS),
            mpsc::error::TrySendError::Closed(_) => ("the store is closed", CLOSED_RETRY_MS),
        })
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable { why: "the store was closed meanwhile".into(), retry_ms: CLOSED_RETRY_MS }
}

struct Call<T, F> {
    work: F,
    result: Option<StoreResult<T>>,
    answer: oneshot::Sender<StoreResult<T>>,
}

#[async_trait]
impl<T, F> Write for Call<T, F>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
{
    async fn run(&mut self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let result = match (self.work)(connection).await {
            Ok(value) => Ok(value),
            Err(Fault::Refused(refused)) => Err(refused),
            Err(Fault::Sql(error)) => return Err(error),
        };
        self.result = Some(result);
        Ok(())
    }

    fn answer(self: Box<Self>, ended: Result<(), &Failure>) {
        let result = match ended {
            Ok(()) => self.result.unwrap_or_else(|| Err(closed())),
            Err(Failure::Unavailable { why, retry_ms }) => {
                Err(StoreError::Unavailable { why: why.clone(), retry_ms: *retry_ms })
            }
            Err(Failure::Row(why) | Failure::Unclear(why)) => {
                Err(StoreError::Unavailable { why: why.clone(), retry_ms: CLOSED_RETRY_MS })
            }
        };
        // The caller may have gone; what is written stays.
        let _ = self.answer.send(result);
    }
}

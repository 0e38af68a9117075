//! Access to the writers, and the jobs that wait for them: one task on SQLite, a pool on PostgreSQL.
//!
//! A job is answered only after its transaction has committed. The queue is bounded: when it is full, the caller gets
//! an error at once.

mod append;
mod group;
mod own_row_writes;
#[cfg(feature = "postgres")]
mod pooled;
mod row_writes;
#[cfg(feature = "sqlite")]
mod task;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::{Entry, LogId, RowWrite};
use futures_util::future::BoxFuture;
use service::ports::{AppendError, Appended, StoreError, StoreResult, Tip};
#[cfg(feature = "sqlite")]
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::codec::EntryRow;
use crate::database::Connection;
use crate::error::{Failure, Fault};
use crate::settings::SqlSettings;

pub use append::Append;

/// Milliseconds after which a retry makes sense when the queue is full.
const QUEUE_RETRY_MS: u64 = 200;
/// Milliseconds after which a retry makes sense when the store is closed: another node may serve it.
const CLOSED_RETRY_MS: u64 = 1_000;

/// Counts of what was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Committed transactions; each waited for the disk once.
    pub transactions: u64,
    /// Entries that they appended.
    pub entries: u64,
}

#[derive(Default)]
struct Counters {
    transactions: AtomicU64,
    entries: AtomicU64,
}

/// A job that waits for a transaction.
enum Job {
    Append(Append),
    Write(Box<dyn Write>),
}

/// How much isolation a write needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// A single statement, which is atomic by itself.
    Statement,
    /// A transaction: what it reads stays valid until it has written.
    Transaction,
}

/// A write other than an append, with its answer.
#[async_trait]
trait Write: Send {
    /// Returns how much isolation it needs.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "SQLite's writes share a transaction"))]
    fn span(&self) -> Span;

    /// Performs the write, inside a transaction. May be called again after a rollback.
    async fn run(&mut self, connection: &mut Connection) -> Result<(), sqlx::Error>;

    /// Sends the outcome to the caller.
    fn answer(self: Box<Self>, ended: Result<(), &Failure>);
}

/// Access to the task or pool that writes.
pub struct Writer {
    way: Way,
    counters: Arc<Counters>,
}

enum Way {
    #[cfg(feature = "sqlite")]
    Queue(mpsc::Sender<task::Order>),
    #[cfg(feature = "postgres")]
    Pool(pooled::Pooled),
}

impl Writer {
    /// Starts the task that writes, on its own connection.
    #[cfg(feature = "sqlite")]
    pub fn queued(connection: Connection, path: &std::path::Path, settings: &SqlSettings) -> Writer {
        let (queue, orders) = mpsc::channel(settings.writer_queue);
        let counters = Arc::new(Counters::default());
        let task = task::Task::new(connection, path, settings, counters.clone());
        tokio::spawn(task.run(orders));
        Writer { way: Way::Queue(queue), counters }
    }

    /// Creates a writer on the connections of a pool.
    #[cfg(feature = "postgres")]
    pub fn pooled(pool: sqlx::PgPool, link: Arc<crate::postgres::link::Link>, settings: &SqlSettings) -> Writer {
        let counters = Arc::new(Counters::default());
        Writer { way: Way::Pool(pooled::Pooled::new(pool, link, settings, counters.clone())), counters }
    }

    pub fn stats(&self) -> Stats {
        Stats {
            transactions: self.counters.transactions.load(Ordering::Relaxed),
            entries: self.counters.entries.load(Ordering::Relaxed),
        }
    }

    /// Appends to a log; see `RoomLog::append`. The entries were checked before.
    pub async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended {
        let (answer, answered) = oneshot::channel();
        let rows = entries.iter().map(EntryRow::encode).collect();
        let job = Job::Append(Append::new(log, *after, rows, row_writes.to_vec(), answer));
        if let Err((why, retry_ms)) = self.send(job) {
            return Err(AppendError::Unavailable { why: why.into(), retry_ms });
        }
        // A task that ended without an answer may have committed before.
        answered.await.unwrap_or(Err(AppendError::Unknown))
    }

    /// See `SqlConnections::write`.
    pub async fn write<T, F>(&self, span: Span, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Write(Box::new(Call { span, work, result: None, answer }));
        if let Err((why, retry_ms)) = self.send(job) {
            return Err(StoreError::Unavailable { why: why.into(), retry_ms });
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Commits waiting jobs and accepts no further ones.
    pub async fn close(&self) {
        match &self.way {
            #[cfg(feature = "sqlite")]
            Way::Queue(queue) => {
                let (answer, answered) = oneshot::channel();
                // Already closed, if either fails.
                if queue.send(task::Order::Close(answer)).await.is_ok() {
                    let _ = answered.await;
                }
            }
            #[cfg(feature = "postgres")]
            Way::Pool(pooled) => pooled.close().await,
        }
    }

    /// Returns how many jobs wait, without those that SQLite's task has already taken.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        match &self.way {
            #[cfg(feature = "sqlite")]
            Way::Queue(queue) => queue.max_capacity() - queue.capacity(),
            #[cfg(feature = "postgres")]
            Way::Pool(pooled) => pooled.waiting(),
        }
    }

    fn send(&self, job: Job) -> Result<(), (&'static str, u64)> {
        let sent = match &self.way {
            #[cfg(feature = "sqlite")]
            Way::Queue(queue) => queue.try_send(task::Order::Job(job)).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Untaken::Full,
                mpsc::error::TrySendError::Closed(_) => Untaken::Closed,
            }),
            #[cfg(feature = "postgres")]
            Way::Pool(pooled) => pooled.start(job),
        };
        sent.map_err(|why| match why {
            Untaken::Full => ("too many writes are waiting", QUEUE_RETRY_MS),
            Untaken::Closed => ("the store is closed", CLOSED_RETRY_MS),
        })
    }
}

/// Why a job was not accepted.
enum Untaken {
    Full,
    Closed,
}

fn closed() -> StoreError {
    StoreError::Unavailable { why: "the store was closed in the meantime".into(), retry_ms: CLOSED_RETRY_MS }
}

struct Call<T, F> {
    span: Span,
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
    fn span(&self) -> Span {
        self.span
    }

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
            Err(Failure::Row(why) | Failure::Race(why) | Failure::Unclear(why)) => {
                Err(StoreError::Unavailable { why: why.clone(), retry_ms: CLOSED_RETRY_MS })
            }
        };
        // The caller may have stopped waiting; what is written stays.
        let _ = self.answer.send(result);
    }
}

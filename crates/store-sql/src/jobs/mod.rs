//! The jobs that wait for a transaction, and what they do in it. Each backend has a writer that runs them.
//!
//! A job is answered only after its transaction has committed. The number of waiting jobs is bounded: at the limit, the
//! caller gets an error at once.

mod append;
mod group;
mod own_row_writes;
mod row_writes;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use service::ports::{StoreError, StoreResult};
use tokio::sync::oneshot;

use crate::database::Connection;
use crate::error::{Failure, Fault};

pub use append::{Append, claims, is_taken, tip_after};
pub use group::Group;

/// Milliseconds after which a retry makes sense when too many jobs wait.
const FULL_RETRY_MS: u64 = 200;
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

impl Stats {
    /// Counts a committed transaction.
    pub(crate) fn count(&mut self, entries: u64) {
        self.transactions += 1;
        self.entries += entries;
    }
}

/// A job that waits for a transaction.
pub enum Job {
    Append(Append),
    Call(Box<dyn Work>),
}

/// How much isolation a job needs. SQLite gives all of them the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// An append, which is decided by one row.
    Append,
    /// A single statement, which is atomic by itself.
    Statement,
    /// A transaction: what it reads stays valid until it has written.
    Transaction,
}

/// Why a job was not accepted.
#[derive(Debug, Clone, Copy)]
pub struct Rejected {
    pub why: &'static str,
    pub retry_ms: u64,
}

impl Rejected {
    pub const FULL: Rejected = Rejected { why: "too many writes are waiting", retry_ms: FULL_RETRY_MS };
    pub const CLOSED: Rejected = Rejected { why: "the store is closed", retry_ms: CLOSED_RETRY_MS };
}

/// Returns the error of a job that was dropped without an answer.
pub fn closed() -> StoreError {
    StoreError::Unavailable { why: "the store was closed in the meantime".into(), retry_ms: CLOSED_RETRY_MS }
}

/// The work of a job other than an append, whatever its result is.
#[async_trait]
pub trait Work: Send {
    /// Performs the work, inside a transaction. May be called again after a rollback.
    async fn run(&mut self, connection: &mut dyn Connection) -> Result<(), sqlx::Error>;

    /// Sends the outcome to the caller.
    fn answer(self: Box<Self>, ended: Result<(), &Failure>);
}

/// A function to call in a transaction, and where its result goes.
pub struct Call<T, F> {
    work: F,
    result: Option<StoreResult<T>>,
    answer: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Call<T, F> {
    pub fn new(work: F, answer: oneshot::Sender<StoreResult<T>>) -> Call<T, F> {
        Call { work, result: None, answer }
    }
}

#[async_trait]
impl<T, F> Work for Call<T, F>
where
    T: Send + 'static,
    F: for<'c> Fn(&'c mut dyn Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
{
    async fn run(&mut self, connection: &mut dyn Connection) -> Result<(), sqlx::Error> {
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
            Err(Failure::Full(why)) => Err(StoreError::Full { why: why.clone() }),
            Err(Failure::Row(why) | Failure::Race(why) | Failure::Unclear(why)) => {
                Err(StoreError::Unavailable { why: why.clone(), retry_ms: CLOSED_RETRY_MS })
            }
        };
        // The caller may have stopped waiting; what is written stays.
        let _ = self.answer.send(result);
    }
}

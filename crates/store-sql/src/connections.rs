//! What all ports share: reads, and writes in a transaction.

use domain::{Entry, LogId, RowWrite};
use futures_util::future::BoxFuture;
use service::ports::{AppendError, Appended, StoreError, StoreResult, Tip};
use sqlx::AssertSqlSafe;
use tokio::sync::oneshot;

use crate::backend::Backend;
use crate::codec::EntryRow;
use crate::database::{Connection, Row, Statement, Value};
use crate::error::Fault;
use crate::jobs::{Append, Call, Job, Span, closed};
use crate::sql::{self, IN_LIST};

/// The shared state of a store. Every port is implemented on it.
pub struct SqlConnections {
    pub backend: Box<dyn Backend>,
}

impl SqlConnections {
    /// Returns all rows of a query.
    pub async fn all(&self, query: Statement) -> StoreResult<Vec<Row>> {
        self.backend.all(query).await
    }

    /// Returns the only row of a query, if there is one.
    pub async fn one(&self, query: Statement) -> StoreResult<Option<Row>> {
        self.backend.one(query).await
    }

    /// Returns the rows of `select … IN (values)`, where `select` ends before the list and `fixed` are the values that
    /// it uses before. In no particular order.
    pub async fn all_in<T>(&self, select: &str, fixed: &[String], values: &[T]) -> StoreResult<Vec<Row>>
    where
        T: Clone + Into<Value>,
    {
        let mut rows = Vec::new();
        for some in values.chunks(IN_LIST) {
            let some = sql::padded(some);
            let list = sql::list(fixed.len() + 1, some.len());
            let mut query = sql::query(AssertSqlSafe(format!("{select} IN ({list})")));
            for value in fixed {
                query = query.bind(value.clone());
            }
            for value in some {
                query = query.bind(value);
            }
            rows.extend(self.all(query).await?);
        }
        Ok(rows)
    }

    /// Appends to a log; see `RoomLog::append`. The entries were checked before.
    pub async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended {
        let (answer, answered) = oneshot::channel();
        let rows = entries.iter().map(EntryRow::encode).collect();
        let job = Job::Append(Append::new(log, *after, rows, row_writes.to_vec(), answer));
        if let Err(rejected) = self.backend.start(job, Span::Append) {
            return Err(AppendError::Unavailable { why: rejected.why.into(), retry_ms: rejected.retry_ms });
        }
        // A writer that ended without an answer may have committed before.
        answered.await.unwrap_or(Err(AppendError::Unknown))
    }

    /// Runs several statements in a transaction; `Ok` means durable. No other transaction comes between its reads and
    /// its writes. The work must decide before it writes: if it refuses, it must have written nothing, since the
    /// transaction continues, on SQLite with other work. It may run again, if another job's row or another transaction
    /// makes this one fail.
    pub async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut dyn Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        self.call(Span::Transaction, work).await
    }

    /// Executes one statement in a transaction and returns how many rows it changed.
    pub async fn execute(&self, statement: impl Fn() -> Statement + Send + 'static) -> StoreResult<u64> {
        let work = self.call(Span::Statement, move |connection| {
            let statement = statement();
            Box::pin(async move { Ok(statement.execute(connection).await?) })
        });
        work.await
    }

    async fn call<T, F>(&self, span: Span, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut dyn Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        if let Err(rejected) = self.backend.start(Job::Call(Box::new(Call::new(work, answer))), span) {
            return Err(StoreError::Unavailable { why: rejected.why.into(), retry_ms: rejected.retry_ms });
        }
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// Returns ids as texts for binding.
pub fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(T::to_string).collect()
}

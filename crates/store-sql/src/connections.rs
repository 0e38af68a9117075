//! What all ports share: connections that read, and access to the task that writes.

use futures_util::future::BoxFuture;
#[cfg(feature = "postgres")]
use service::ports::StoreError;
use service::ports::StoreResult;
use sqlx::AssertSqlSafe;

use crate::database::{Connection, Pool, Row, Statement, Value};
#[cfg(feature = "postgres")]
use crate::dialect;
#[cfg(feature = "postgres")]
use crate::error::retry_ms;
use crate::error::{Fault, unavailable};
use crate::sql::{self, IN_LIST};
use crate::writer::{Span, Writer};

/// The shared state of a store. Every port is implemented on it.
pub struct SqlConnections {
    pub reads: Pool,
    pub writer: Writer,
    #[cfg(feature = "postgres")]
    pub link: Option<std::sync::Arc<crate::postgres::link::Link>>,
    #[cfg(feature = "postgres")]
    pub replica: Option<crate::postgres::replica::Replica>,
}

impl SqlConnections {
    pub fn new(reads: Pool, writer: Writer) -> SqlConnections {
        SqlConnections {
            reads,
            writer,
            #[cfg(feature = "postgres")]
            link: None,
            #[cfg(feature = "postgres")]
            replica: None,
        }
    }

    /// Returns all rows of a query.
    pub async fn all(&self, query: Statement) -> StoreResult<Vec<Row>> {
        self.admit()?;
        self.answered(self.reads.all(query).await).await
    }

    /// Returns the only row of a query, if there is one.
    pub async fn one(&self, query: Statement) -> StoreResult<Option<Row>> {
        self.admit()?;
        self.answered(self.reads.one(query).await).await
    }

    /// Fails at once while the server is known not to answer. A file needs no such guard, since it fails at once.
    fn admit(&self) -> StoreResult<()> {
        #[cfg(feature = "postgres")]
        if let Some(link) = &self.link {
            return link.admit().map_err(|open| StoreError::Unavailable { why: open.why, retry_ms: open.retry_ms });
        }
        Ok(())
    }

    /// Passes on an answer of the database. Makes an error's text helpful, if that takes a look at the server.
    async fn answered<T>(&self, answer: Result<T, sqlx::Error>) -> StoreResult<T> {
        #[cfg(feature = "postgres")]
        if let Some(link) = &self.link {
            let error = match answer {
                Ok(found) => {
                    link.works();
                    return Ok(found);
                }
                Err(error) => error,
            };
            let retry_ms = retry_ms(dialect::kind(&error));
            return Err(StoreError::Unavailable { why: link.why(error).await, retry_ms });
        }
        answer.map_err(unavailable)
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

    /// Runs several statements in a transaction; `Ok` means durable. No other transaction comes between its reads and
    /// its writes. The work must decide before it writes: if it refuses, it must have written nothing, since the
    /// transaction continues, on SQLite with other work. It may run again, if another job's row or another transaction
    /// makes this one fail.
    pub async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        self.writer.write(Span::Transaction, work).await
    }

    /// Executes one statement in a transaction and returns how many rows it changed.
    pub async fn execute(&self, statement: impl Fn() -> Statement + Send + 'static) -> StoreResult<u64> {
        let work = self.writer.write(Span::Statement, move |connection| {
            let statement = statement();
            Box::pin(async move { Ok(statement.execute(connection).await?) })
        });
        work.await
    }
}

/// Returns ids as texts for binding.
pub fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(T::to_string).collect()
}

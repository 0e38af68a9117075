//! What all ports share: connections that read, the way to the task that writes, the epoch.

use domain::Epoch;
use futures_util::future::BoxFuture;
use service::ports::StoreResult;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Encode, Type};

use crate::dialect::{Arguments, Connection, Db, Pool, Row};
use crate::error::{Fault, unavailable};
use crate::sql::{self, IN_LIST};
use crate::writer::Writer;

/// A statement with its values.
pub type Statement = Query<'static, Db, Arguments>;

/// The inside of a store. Every port is implemented on it.
pub struct Shared {
    pub reads: Pool,
    pub writer: Writer,
    pub epoch: Epoch,
}

impl Shared {
    /// All rows of a query.
    pub async fn all(&self, query: Statement) -> StoreResult<Vec<Row>> {
        query.fetch_all(&self.reads).await.map_err(unavailable)
    }

    /// The only row of a query, if there is one.
    pub async fn one(&self, query: Statement) -> StoreResult<Option<Row>> {
        query.fetch_optional(&self.reads).await.map_err(unavailable)
    }

    /// The rows of `select … IN (values)`, where `select` ends before the list and `fixed` are the
    /// values that it names before. In no order.
    pub async fn all_in<T>(&self, select: &str, fixed: &[String], values: &[T]) -> StoreResult<Vec<Row>>
    where
        T: Clone + Send + Type<Db> + for<'q> Encode<'q, Db> + 'static,
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

    /// Work of several statements, in a transaction of the task that writes; `Ok` means durable. It
    /// decides first and writes then: what it refuses must have written nothing, since the transaction
    /// goes on with the work of others. It may be run again, if another's row fails the transaction.
    pub async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<T, Fault>> + Send + 'static,
    {
        self.writer.write(work).await
    }

    /// One statement in a transaction of the task that writes; returns how many rows it changed.
    pub async fn execute(&self, statement: impl Fn() -> Statement + Send + 'static) -> StoreResult<u64> {
        self.write(move |connection| {
            let statement = statement();
            Box::pin(async move { Ok(statement.execute(connection).await?.rows_affected()) })
        })
        .await
    }
}

/// Texts of ids, as they are bound.
pub fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(T::to_string).collect()
}

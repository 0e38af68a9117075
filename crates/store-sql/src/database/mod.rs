//! The seam to sqlx: one connection, pool, row and statement type for all databases, so that each query is written
//! once.
//!
//! Knows how to reach a database, never what is asked of it.

mod row;
mod statement;

#[cfg(feature = "postgres")]
use sqlx::Postgres;
#[cfg(feature = "sqlite")]
use sqlx::Sqlite;
use sqlx::{Executor, SqlSafeStr};

use crate::dialect::Dialect;

use row::Columns;
pub use row::{Row, unreadable};
pub use statement::{Statement, Value};

/// A connection.
pub enum Connection {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqliteConnection),
    /// A connection of a pool, returned to it when this is dropped.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::pool::PoolConnection<Postgres>),
}

impl Connection {
    pub fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs statements without values, which are not kept prepared: those of transactions and schemas.
    pub async fn run(&mut self, sql: impl SqlSafeStr) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(sql);
        match self {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => connection.execute(sql).await.map(|_| ()),
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => connection.execute(sql).await.map(|_| ()),
        }
    }

    /// Closes the connection, because its state is in doubt or it is no longer needed. Rolls back whatever it had
    /// begun.
    pub async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => sqlx::Connection::close(connection).await,
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => sqlx::Connection::close_hard(connection.detach()).await,
        }
    }

    /// Returns the SQLite connection.
    #[cfg(all(test, feature = "sqlite"))]
    pub fn sqlite(&mut self) -> &mut sqlx::SqliteConnection {
        match self {
            Connection::Sqlite(connection) => connection,
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => panic!("a test of SQLite runs on SQLite"),
        }
    }
}

/// A pool of connections that are opened on demand.
#[derive(Clone)]
pub enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(crate::postgres::reads::Reads),
}

impl Pool {
    pub fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Returns all rows of a query.
    pub async fn all(&self, query: Statement) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => Ok(rows(query.bound::<Sqlite>().fetch_all(pool).await?)),
            #[cfg(feature = "postgres")]
            Pool::Postgres(reads) => {
                let query = query.bound::<Postgres>();
                Ok(rows(reads.run(async |connection| query.fetch_all(connection).await).await?))
            }
        }
    }

    /// Returns the only row of a query, if there is one.
    pub async fn one(&self, query: Statement) -> Result<Option<Row>, sqlx::Error> {
        match self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => Ok(query.bound::<Sqlite>().fetch_optional(pool).await?.map(Row::new)),
            #[cfg(feature = "postgres")]
            Pool::Postgres(reads) => {
                let query = query.bound::<Postgres>();
                Ok(reads.run(async |connection| query.fetch_optional(connection).await).await?.map(Row::new))
            }
        }
    }

    pub async fn close(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => pool.close().await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(reads) => reads.pool.close().await,
        }
    }
}

fn rows(rows: Vec<impl Columns + 'static>) -> Vec<Row> {
    rows.into_iter().map(Row::new).collect()
}

//! The connections that read. A server that stopped answering blocks none of them longer than a read may take.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, PgPool, Postgres};

use crate::SqlSettings;
use crate::database::{Connection as _, Row, Statement};

/// How much longer than its own time-out a statement's answer is awaited.
const GRACE: Duration = Duration::from_millis(500);

/// A pool whose reads time out.
pub struct Reads {
    pub pool: PgPool,
    patience: Duration,
}

impl Reads {
    /// Creates a pool that connects on first use.
    pub fn new(options: PgConnectOptions, settings: &SqlSettings) -> Reads {
        let pool = super::pool(settings.readers, settings).connect_lazy_with(options);
        Reads { pool, patience: settings.statement_timeout + GRACE }
    }

    /// Returns all rows of a query.
    pub async fn all(&self, query: Statement) -> Result<Vec<Row>, sqlx::Error> {
        self.run(async |connection| connection.all(query).await).await
    }

    /// Returns the only row of a query, if there is one.
    pub async fn one(&self, query: Statement) -> Result<Option<Row>, sqlx::Error> {
        self.run(async |connection| connection.one(query).await).await
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Runs `read` on a connection and returns its result.
    async fn run<T>(
        &self,
        read: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        match tokio::time::timeout(self.patience, read(&mut connection)).await {
            Ok(found) => found,
            Err(_) => {
                forget(connection);
                Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not answer").into())
            }
        }
    }
}

/// Closes the socket. If the connection were returned to the pool, it would first be tested, for as long as that takes.
fn forget(connection: PoolConnection<Postgres>) {
    drop(connection.detach());
}

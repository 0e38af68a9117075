//! PostgreSQL.

mod changes;
mod contention;
mod failing;
mod feed;
mod open;
mod plans;
mod replica;
mod silent;

use local_servers::{Postgres, shared};
use sqlx::Row as _;

use super::whole_logs;
use crate::postgres::PostgresBackend;
use crate::{OpenError, SqlSettings, SqlStore};

conformance::store!(postgres, open_empty);

/// A store on a new database.
async fn open_empty() -> Result<SqlStore, OpenError> {
    open_at(&new_database()).await
}

async fn open_at(url: &str) -> Result<SqlStore, OpenError> {
    SqlStore::connect(url, None, SqlSettings::default()).await
}

/// The URL of a new, empty database.
fn new_database() -> String {
    shared::postgres().new_database()
}

/// The name of a URL's database.
fn name_of(url: &str) -> &str {
    url.rsplit('/').next().expect("a URL has a path")
}

/// Connections that a test may use beside the store's own.
async fn connections(url: &str) -> sqlx::PgPool {
    sqlx::PgPool::connect(url).await.expect("the test connects")
}

fn backend(store: &SqlStore) -> &PostgresBackend {
    super::backend(store)
}

/// The connections that read.
fn readers(store: &SqlStore) -> &sqlx::PgPool {
    &backend(store).reads.pool
}

/// Until a query says so: what a server does in its own time.
async fn until(pool: &sqlx::PgPool, query: &'static str) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !sqlx::query(query).fetch_one(pool).await.expect("an answer").get::<bool, _>(0) {
        assert!(std::time::Instant::now() < deadline, "waited for {query}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

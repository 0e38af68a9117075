//! The store's ports on SQL: SQLite, and PostgreSQL on the same code.
//!
//! Never decides what may be appended (that is `domain`) and never talks to a client. What one database
//! does differently from another lies in `sqlite`, `postgres` and `dialect`; everything else is portable SQL,
//! each query once, on the connections of `database`.
//!
//! SQLite: one task owns the only connection that writes. It commits what waits in one transaction, so that
//! many logs share one wait for the disk. PostgreSQL: a transaction for each append, many at once; the log's
//! row keeps those of one log apart, and the server lets them share the wait. Readers have connections of
//! their own and see every commit.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("store-sql speaks to the databases of its features: choose sqlite, postgres or both");

mod codec;
mod connections;
mod database;
mod dialect;
mod error;
pub mod limits;
mod ports;
#[cfg(feature = "postgres")]
mod postgres;
mod schema;
mod settings;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
mod writer;

pub use error::OpenError;
#[cfg(feature = "postgres")]
pub use postgres::{check_url, renew};
pub use settings::{IfMissing, SqlSettings};
#[cfg(feature = "sqlite")]
pub use sqlite::{Restore, RestoreError};
pub use store::SqlStore;
pub use writer::Stats;

#[cfg(test)]
mod tests;

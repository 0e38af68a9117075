//! The store's ports on SQL: SQLite, and PostgreSQL with the same code.
//!
//! Never decides what may be appended (that is `domain`) and never talks to a client. What differs between the
//! databases is in `sqlite`, `postgres` and `dialect`; everything else is portable SQL, each query once, on the
//! connections of `database`.
//!
//! SQLite: one task owns the only connection that writes. It commits everything waiting in one transaction, so that
//! many logs share one wait for the disk. PostgreSQL: one transaction per append, many at once; the log's row
//! serializes appends to the same log, and the server lets transactions share the wait. Readers have their own
//! connections and see every commit.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("store-sql supports the databases of its features: choose sqlite, postgres or both");

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

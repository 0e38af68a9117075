//! The store's ports on SQL: SQLite, and PostgreSQL with the same code.
//!
//! Never decides what may be appended (that is `domain`) and never talks to a client.
//!
//! Everything is portable SQL, each query once: `ports` reads, and `jobs` writes. They know a database only by three
//! traits of `backend` and `database`. A `Backend` is an open database: it runs reads, and runs jobs in transactions. A
//! `Connection` runs the statements of one transaction. `Columns` reads the values of a row. `sqlite` and `postgres`
//! implement them, with the decision which appends are accepted, since that depends on who else may write. Only this
//! file chooses between the two by feature.
//!
//! SQLite: one task owns the only connection that writes. It commits everything waiting in one transaction, so that
//! many logs share one wait for the disk. PostgreSQL: one transaction per append, many at once; the log's row
//! serializes appends to the same log, and the server lets transactions share the wait. Readers have their own
//! connections and see every commit.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("store-sql supports the databases of its features: choose sqlite, postgres or both");

mod backend;
mod codec;
mod connections;
mod database;
mod error;
mod jobs;
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
mod transfer;

pub use error::OpenError;
pub use jobs::Stats;
#[cfg(feature = "postgres")]
pub use postgres::{check_url, renew};
pub use settings::{IfMissing, SqlSettings};
#[cfg(feature = "sqlite")]
pub use sqlite::{Restore, RestoreError};
pub use store::SqlStore;

#[cfg(test)]
mod tests;

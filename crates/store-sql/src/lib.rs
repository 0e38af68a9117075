//! The store's ports on SQL: SQLite today, written so that PostgreSQL can follow on the same code.
//!
//! Never decides what may be appended (that is `domain`) and never talks to a client. What one database
//! does differently from another lies in `dialect`; everything else is portable SQL.
//!
//! One task owns the only connection that writes. It commits what waits in one transaction, so that
//! many logs share one wait for the disk. Readers have connections of their own and see every commit.

mod backup;
mod codec;
mod dialect;
mod error;
mod ports;
mod schema;
mod settings;
mod shared;
mod sql;
mod store;
mod writer;

pub use backup::{RestoreError, restore};
pub use error::OpenError;
pub use settings::SqlSettings;
pub use store::SqlStore;
pub use writer::Stats;

#[cfg(test)]
mod tests;

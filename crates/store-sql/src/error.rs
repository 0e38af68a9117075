//! Errors: why a store did not open, and what a failed statement means to its caller.

use service::ports::StoreError;

use crate::dialect::{self, Kind};

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A database of a later release.
    #[error(
        "the database was written by a newer release (schema {found}, this release knows up to {known}): \
         start that release or a later one, or restore a backup made before the upgrade"
    )]
    Newer {
        /// The version of its schema.
        found: i64,
        /// The latest version that this release knows.
        known: i64,
    },
    /// Not a database of Palaver.
    #[error("{0} is not a database of Palaver: name another file")]
    Foreign(String),
    /// A URL of a database that this release does not speak.
    #[error("{0:?} is not a database that this release knows: give a path, or sqlite:<path>")]
    Unsupported(String),
    /// The file cannot be opened or written.
    #[error("the database {path} cannot be opened: {source}")]
    Database {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A folder cannot be made or written.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Why work inside a transaction, or a read, did not end well.
#[derive(Debug)]
pub enum Fault {
    /// Refused before anything was written: the transaction goes on.
    Refused(StoreError),
    /// A statement failed.
    Sql(sqlx::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Refused(error)
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Fault::Sql(error)
    }
}

/// What becomes of writes whose transaction did not commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// One of them cannot be written; the others can, without it.
    Row(String),
    /// Nothing was written.
    Unavailable { why: String, retry_ms: u64 },
    /// The commit failed in a way that leaves open whether it counts after a crash.
    Unclear(String),
}

impl Failure {
    /// Of a statement before the commit.
    pub fn of_statement(error: &sqlx::Error) -> Failure {
        let why = error.to_string();
        match dialect::kind(error) {
            Kind::Row => Failure::Row(why),
            kind => Failure::Unavailable { why, retry_ms: retry_ms(kind) },
        }
    }

    /// Of the commit itself. A full disk is told before the last page is written; of anything else one
    /// cannot know what reached the disk.
    pub fn of_commit(error: &sqlx::Error) -> Failure {
        let why = error.to_string();
        match dialect::kind(error) {
            kind @ (Kind::Full | Kind::Busy) => Failure::Unavailable { why, retry_ms: retry_ms(kind) },
            Kind::Row | Kind::Failed => Failure::Unclear(why),
        }
    }
}

/// A failed read, or a failed write as its caller sees it.
pub fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable { why: error.to_string(), retry_ms: retry_ms(dialect::kind(&error)) }
}

fn retry_ms(kind: Kind) -> u64 {
    match kind {
        Kind::Row | Kind::Busy => 100,
        Kind::Failed => 1_000,
        Kind::Full => 2_000,
    }
}

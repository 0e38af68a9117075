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
    /// There is none, or it is empty, and none may be made.
    #[error("there is no database of Palaver in {0}")]
    Absent(String),
    /// Not a database of Palaver.
    #[error("{0} is not a database of Palaver: name another one, or a new and empty one")]
    Foreign(String),
    /// A URL of a database that this release does not speak.
    #[error("{0:?} is not a database that this release knows: give a path, or sqlite:<path>")]
    Unsupported(String),
    /// The database cannot be opened, read or written.
    #[error("the database {name} cannot be opened: {source}")]
    Database {
        /// Which file or database.
        name: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Not a URL of a PostgreSQL database. Shown without it, since it holds a password.
    #[error("the database's URL cannot be read ({source}): give postgres://user:password@host/database")]
    Url {
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A user or password that breaks the URL. Shown without it.
    #[error("the database's URL has an @, # or / too many: in user and password write %40, %23 and %2F for them")]
    Unescaped,
    /// A parameter that says nothing to anybody.
    #[error("the database's URL has a parameter {0:?}, which PostgreSQL's clients do not know: is it misspelt?")]
    Parameter(String),
    /// Nobody listens there.
    #[error("no PostgreSQL answers at {name} ({source}): start it, or correct host and port")]
    Away {
        /// Which database.
        name: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// Nobody answers.
    #[error("no PostgreSQL answers at {0} in time: is there a firewall between?")]
    Silent(String),
    /// The user or the password is not accepted.
    #[error("{name} refuses the user {user:?} ({source}): correct user and password")]
    Password {
        /// Which database.
        name: String,
        /// Who.
        user: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// The server has no database of that name.
    #[error("{name} does not exist: run `createdb --owner={user} --encoding=UTF8 <name>` on the server")]
    Missing {
        /// Which database.
        name: String,
        /// Whose it should be.
        user: String,
    },
    /// A server or database that cannot be used.
    #[error("{name} cannot be used: {why}")]
    Unfit {
        /// Which database.
        name: String,
        /// What to do.
        why: String,
    },
    /// Only SQLite's file is copied by Palaver itself.
    #[error("this database is no file: back it up with PostgreSQL's own tools (pg_dump, or a base backup)")]
    NoFile,
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
    /// Another transaction came between, and nothing was written: the same again decides anew.
    Race(String),
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
            Kind::Race => Failure::Race(why),
            kind => Failure::Unavailable { why, retry_ms: retry_ms(kind) },
        }
    }

    /// Of the commit itself, on SQLite. A full disk is told before the last page is written; of anything
    /// else one cannot know what reached the disk.
    #[cfg(feature = "sqlite")]
    pub fn of_commit(error: &sqlx::Error) -> Failure {
        let why = error.to_string();
        match dialect::kind(error) {
            kind @ (Kind::Full | Kind::Busy) => Failure::Unavailable { why, retry_ms: retry_ms(kind) },
            Kind::Row | Kind::Race | Kind::Failed => Failure::Unclear(why),
        }
    }

    /// Of statements that were not answered in time.
    #[cfg(feature = "postgres")]
    pub fn late() -> Failure {
        Failure::Unavailable { why: "the database does not answer".into(), retry_ms: retry_ms(Kind::Failed) }
    }
}

/// A failed read, or a failed write as its caller sees it.
pub fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable { why: error.to_string(), retry_ms: retry_ms(dialect::kind(&error)) }
}

/// After how long a repeat makes sense.
pub fn retry_ms(kind: Kind) -> u64 {
    match kind {
        Kind::Row | Kind::Race | Kind::Busy => 100,
        Kind::Failed => 1_000,
        Kind::Full => 2_000,
    }
}

//! Errors: why a store did not open, and what a failed statement means to its caller.

use service::ports::StoreError;

/// An error of opening a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database was written by a later release.
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
    /// There is no database, or it is empty, and the settings do not allow creating one.
    #[error("no Palaver database found in {0}")]
    Absent(String),
    /// The database belongs to another program.
    #[error("{0} is not a Palaver database: name another one, or a new and empty one")]
    Foreign(String),
    /// A copy into the database was not finished.
    #[error("{0} holds a copy that was not finished: run `palaver copy` again, which begins it anew")]
    Incomplete(String),
    /// The URL names a database that this release does not support.
    #[error("{0:?} is not a database that this release supports: give a path, or sqlite:<path>")]
    Unsupported(String),
    /// The database cannot be opened, read or written.
    #[error("the database {name} cannot be opened: {source}")]
    Database {
        /// The file or database.
        name: String,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// The text is not a URL of a PostgreSQL database. The error omits it, since it contains a password.
    #[error("the database's URL cannot be read ({source}): give postgres://user:password@host/database")]
    Url {
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// The user or password breaks the URL. The error omits it.
    #[error("the database's URL contains an unescaped @, # or /: write them as %40, %23 and %2F in user and password")]
    Unescaped,
    /// The URL has an unknown parameter.
    #[error("the database's URL has a parameter {0:?}, which PostgreSQL's clients do not know: check its spelling")]
    Parameter(String),
    /// No server listens at this address.
    #[error("no PostgreSQL answers at {name} ({source}): start it, or correct host and port")]
    Away {
        /// The database.
        name: String,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// No server answers in time.
    #[error("no PostgreSQL answers at {0} in time: check the firewall")]
    Silent(String),
    /// The server does not accept the user or the password.
    #[error("{name} refuses the user {user:?} ({source}): correct user and password")]
    Password {
        /// The database.
        name: String,
        /// The user.
        user: String,
        /// The cause.
        #[source]
        source: sqlx::Error,
    },
    /// The server has no database of that name.
    #[error("{name} does not exist: run `createdb --owner={user} --encoding=UTF8 <name>` on the server")]
    Missing {
        /// The database.
        name: String,
        /// The user who should own it.
        user: String,
    },
    /// The server or database cannot be used.
    #[error("{name} cannot be used: {why}")]
    Unfit {
        /// The database.
        name: String,
        /// What to do.
        why: String,
    },
    /// Palaver itself can only copy SQLite's file.
    #[error("this database is not a file: back it up with PostgreSQL's own tools (pg_dump, or a base backup)")]
    NoFile,
    /// A folder cannot be created or written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// Why work inside a transaction, or a read, failed.
#[derive(Debug)]
pub enum Fault {
    /// The work was refused before anything was written: the transaction continues.
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

/// What happens to writes whose transaction did not commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// One of them cannot be written. The others can be, without it.
    Row(String),
    /// Another transaction interfered, and nothing was written. A retry decides again.
    Race(String),
    /// Nothing was written.
    Unavailable { why: String, retry_ms: u64 },
    /// Nothing was written, because no space is left.
    Full(String),
    /// The commit failed in a way that leaves open whether it survives a crash.
    Unclear(String),
}

impl Failure {
    /// Classifies the error of a statement before the commit.
    pub fn of_statement(kind: Kind, why: String) -> Failure {
        match kind {
            Kind::Row => Failure::Row(why),
            Kind::Race => Failure::Race(why),
            kind => Failure::unavailable(kind, why),
        }
    }

    pub fn unavailable(kind: Kind, why: String) -> Failure {
        match kind {
            Kind::Full => Failure::Full(why),
            kind => Failure::Unavailable { why, retry_ms: kind.retry_ms() },
        }
    }
}

/// What an error of the database means for the work that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// This row cannot be written; others can.
    Row,
    /// Another transaction interfered, and this one was rolled back. It can be retried and decides again.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "SQLite's writers wait for each other"))]
    Race,
    /// Another process holds the lock, or all connections are in use.
    Busy,
    /// No space is left.
    Full,
    /// Any other failure: the disk, the file, the connection.
    Failed,
}

impl Kind {
    /// Classifies an error. `of_code` knows the codes of its database.
    pub fn of(error: &sqlx::Error, of_code: fn(&str) -> Kind) -> Kind {
        match error {
            sqlx::Error::Database(error) => of_code(&error.code().unwrap_or_default()),
            sqlx::Error::PoolTimedOut => Kind::Busy,
            sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Kind::Row,
            _ => Kind::Failed,
        }
    }

    /// Returns the error of a read or a call that failed for `why`.
    pub fn unavailable(self, why: String) -> StoreError {
        match self {
            Kind::Full => StoreError::Full { why },
            kind => StoreError::Unavailable { why, retry_ms: kind.retry_ms() },
        }
    }

    /// Returns the milliseconds after which a retry makes sense.
    pub fn retry_ms(self) -> u64 {
        match self {
            Kind::Row | Kind::Race | Kind::Busy => 100,
            Kind::Failed => 1_000,
            Kind::Full => 2_000,
        }
    }
}

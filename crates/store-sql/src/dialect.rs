//! The syntax that differs between the databases, and what their error codes mean.

use sqlx::error::DatabaseError;

/// A supported database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

impl Dialect {
    /// Returns the statement that begins a migration. If several processes start at once, the others wait here.
    pub fn begin_migration(self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => crate::sqlite::BEGIN_WRITE,
            #[cfg(feature = "postgres")]
            Dialect::Postgres => crate::postgres::BEGIN_MIGRATION,
        }
    }

    /// Returns the statement that marks a new database as Palaver's.
    pub fn mark(self) -> Option<&'static str> {
        match self {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => Some(crate::sqlite::MARK),
            #[cfg(feature = "postgres")]
            Dialect::Postgres => None,
        }
    }

    /// Returns the query that counts the tables as `tables`: none means a new database.
    pub fn count_tables(self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => crate::sqlite::COUNT_TABLES,
            #[cfg(feature = "postgres")]
            Dialect::Postgres => crate::postgres::COUNT_TABLES,
        }
    }

    /// Replaces the parts of a schema that differ: `{T}` ends a table, `{W}` one that is stored in the order of its
    /// primary key; the types are SQLite's.
    pub fn ddl(self, statement: &str) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => statement.replace("{T}", "STRICT").replace("{W}", "STRICT, WITHOUT ROWID"),
            #[cfg(feature = "postgres")]
            Dialect::Postgres => crate::postgres::ddl(statement),
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

/// Classifies an error.
pub fn kind(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::Database(error) => kind_of(error.as_ref()),
        sqlx::Error::PoolTimedOut => Kind::Busy,
        sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Kind::Row,
        _ => Kind::Failed,
    }
}

fn kind_of(error: &dyn DatabaseError) -> Kind {
    let code = error.code().unwrap_or_default();
    #[cfg(feature = "postgres")]
    if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        return crate::postgres::kind(&code);
    }
    #[cfg(feature = "sqlite")]
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return crate::sqlite::kind(&code);
    }
    tracing::error!(%code, "error of a database that is not in use");
    Kind::Failed
}

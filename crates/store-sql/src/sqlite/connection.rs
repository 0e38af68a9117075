//! SQLite's connections as the store uses them, and its syntax.
//!
//! A statement runs on the thread that calls it, without a hop to another one: a hop costs more than most statements.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::types::{Null, ValueRef};
use rusqlite::{CachedStatement, ffi};
use sqlx::SqlStr;
use sqlx::error::{DatabaseError, ErrorKind};

use super::BEGIN_WRITE;
use crate::database::{Columns, Connection, Dialect, Row, Statement, Value};

static DIALECT: Dialect = Dialect {
    begin_migration: BEGIN_WRITE,
    // The bytes `PALV`, see <https://sqlite.org/pragma.html#pragma_application_id>.
    mark: Some("PRAGMA application_id = 0x50414C56"),
    count_tables: "SELECT COUNT(*) AS tables FROM sqlite_schema",
    ddl: &[("{T}", "STRICT"), ("{W}", "STRICT, WITHOUT ROWID")],
};

/// A connection to a file.
pub struct SqliteConnection(rusqlite::Connection);

impl SqliteConnection {
    pub fn new(connection: rusqlite::Connection) -> SqliteConnection {
        SqliteConnection(connection)
    }

    /// Closes the connection, and says so if that fails; dropping it is silent.
    pub fn close(self) -> Result<(), sqlx::Error> {
        self.0.close().map_err(|(_, error)| failed(error))
    }

    /// Prepares a statement, or takes it from the cache, and binds its values.
    fn bound(&self, statement: Statement) -> Result<CachedStatement<'_>, rusqlite::Error> {
        let (sql, values) = statement.into_parts();
        // `?1` is a number to SQLite, `$1` a name.
        let mut prepared = self.0.prepare_cached(&sql.as_str().replace('$', "?"))?;
        for (index, value) in (1..).zip(&values) {
            match value {
                Value::Text(Some(text)) => prepared.raw_bind_parameter(index, text)?,
                Value::Int(Some(number)) => prepared.raw_bind_parameter(index, number)?,
                Value::Bytes(Some(bytes)) => prepared.raw_bind_parameter(index, bytes)?,
                Value::Text(None) | Value::Int(None) | Value::Bytes(None) => {
                    prepared.raw_bind_parameter(index, Null)?;
                }
            }
        }
        Ok(prepared)
    }

    /// Returns the first rows of a query, at most `limit`.
    fn rows(&self, query: Statement, limit: usize) -> Result<Vec<Row>, rusqlite::Error> {
        let mut prepared = self.bound(query)?;
        let names: Arc<[String]> = prepared.column_names().into_iter().map(str::to_owned).collect();
        let (mut found, mut rows) = (Vec::new(), prepared.raw_query());
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let values = (0..names.len()).map(|column| Ok(value(row.get_ref(column)?)));
            let values = values.collect::<Result<_, rusqlite::Error>>()?;
            found.push(Row::new(SqliteRow { names: names.clone(), values }));
        }
        Ok(found)
    }
}

#[async_trait]
impl Connection for SqliteConnection {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    async fn run(&mut self, sql: SqlStr) -> Result<(), sqlx::Error> {
        self.0.execute_batch(sql.as_str()).map_err(failed)
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let executed = self.bound(statement).and_then(|mut prepared| prepared.raw_execute());
        executed.map(|rows| rows as u64).map_err(failed)
    }

    async fn all(&mut self, query: Statement) -> Result<Vec<Row>, sqlx::Error> {
        self.rows(query, usize::MAX).map_err(failed)
    }

    async fn one(&mut self, query: Statement) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(query, 1).map_err(failed)?.pop())
    }
}

/// A row, copied out of its statement.
struct SqliteRow {
    names: Arc<[String]>,
    values: Vec<Stored>,
}

/// A value as SQLite stores it.
enum Stored {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// A value that no column of ours contains.
    Other(&'static str),
}

fn value(value: ValueRef<'_>) -> Stored {
    match value {
        ValueRef::Null => Stored::Null,
        ValueRef::Integer(number) => Stored::Int(number),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Stored::Text(text.to_owned()),
            Err(_) => Stored::Other("a text that is not UTF-8"),
        },
        ValueRef::Blob(bytes) => Stored::Bytes(bytes.to_owned()),
        ValueRef::Real(_) => Stored::Other("a real number"),
    }
}

impl SqliteRow {
    fn column(&self, column: &str) -> Result<&Stored, sqlx::Error> {
        let index = self.names.iter().position(|name| name == column);
        index.map(|index| &self.values[index]).ok_or_else(|| sqlx::Error::ColumnNotFound(column.to_owned()))
    }
}

impl Columns for SqliteRow {
    fn text(&self, column: &str) -> Result<Option<&str>, sqlx::Error> {
        match self.column(column)? {
            Stored::Null => Ok(None),
            Stored::Text(text) => Ok(Some(text)),
            other => Err(mismatch(column, "a text", other)),
        }
    }

    fn int(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        match self.column(column)? {
            Stored::Null => Ok(None),
            Stored::Int(number) => Ok(Some(*number)),
            other => Err(mismatch(column, "an integer", other)),
        }
    }

    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
        match self.column(column)? {
            Stored::Null => Ok(None),
            Stored::Bytes(bytes) => Ok(Some(bytes.clone())),
            other => Err(mismatch(column, "bytes", other)),
        }
    }
}

fn mismatch(column: &str, expected: &str, found: &Stored) -> sqlx::Error {
    let found = match found {
        Stored::Null => "null",
        Stored::Int(_) => "an integer",
        Stored::Text(_) => "a text",
        Stored::Bytes(_) => "bytes",
        Stored::Other(what) => what,
    };
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: format!("expected {expected}, found {found}").into() }
}

/// An error of SQLite, with its code.
#[derive(Debug)]
struct SqliteError {
    code: i32,
    message: String,
}

/// Converts an error of a connection.
pub fn failed(error: rusqlite::Error) -> sqlx::Error {
    let message = error.to_string();
    match error.sqlite_error() {
        Some(ffi::Error { extended_code, .. }) => {
            sqlx::Error::Database(Box::new(SqliteError { code: *extended_code, message }))
        }
        None => sqlx::Error::Protocol(message),
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLite's code {})", self.message, self.code)
    }
}

impl Error for SqliteError {}

impl DatabaseError for SqliteError {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

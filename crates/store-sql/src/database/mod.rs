//! The seam to the databases: connections, statements and rows of any of them, so that each query is written once. Texts
//! of statements and errors are those of sqlx.
//!
//! Knows how a statement is run, never what it asks for.

mod row;
mod statement;

use async_trait::async_trait;
use sqlx::{SqlSafeStr, SqlStr};

pub use row::{Columns, Row, unreadable};
pub use statement::{Statement, Value};

/// A connection. Statements run on it through [`run`] and the methods of [`Statement`].
#[async_trait]
pub trait Connection: Send {
    /// Returns the syntax that its database understands.
    fn dialect(&self) -> &'static Dialect;

    /// Runs statements without values, which are not kept prepared.
    async fn run(&mut self, sql: SqlStr) -> Result<(), sqlx::Error>;

    /// Executes a statement and returns how many rows it changed.
    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error>;

    /// Returns all rows of a query.
    async fn all(&mut self, query: Statement) -> Result<Vec<Row>, sqlx::Error>;

    /// Returns the only row of a query, if there is one.
    async fn one(&mut self, query: Statement) -> Result<Option<Row>, sqlx::Error>;
}

/// Runs statements without values, which are not kept prepared: those of transactions and schemas.
pub async fn run(connection: &mut dyn Connection, sql: impl SqlSafeStr) -> Result<(), sqlx::Error> {
    connection.run(sql.into_sql_str()).await
}

/// The syntax of a schema and its migration that differs between the databases.
pub struct Dialect {
    /// Begins a migration. If several processes start at once, the others wait here.
    pub begin_migration: &'static str,
    /// Marks a new database as Palaver's.
    pub mark: Option<&'static str>,
    /// Counts the tables as `tables`: none means a new database.
    pub count_tables: &'static str,
    /// What the parts of a schema statement become: `{T}` ends a table, `{W}` one that is stored in the order of its
    /// primary key; the types are SQLite's.
    pub ddl: &'static [(&'static str, &'static str)],
}

impl Dialect {
    /// Returns a schema statement in this syntax.
    pub fn ddl(&self, statement: &str) -> String {
        self.ddl.iter().fold(statement.to_owned(), |statement, (part, own)| statement.replace(part, own))
    }
}

//! PostgreSQL's connections as the store uses them, and its syntax.

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _, SqlStr};

use crate::database::{Columns, Connection, Dialect, Row, Statement, Value};

static DIALECT: Dialect = Dialect {
    // Lets only one node migrate at a time; the lock's number is Palaver's own (the bytes `PALAVER`). The migration may
    // take as long as it needs: the pool's time-outs are for short work.
    begin_migration: "BEGIN ISOLATION LEVEL READ COMMITTED;
        SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
        SELECT pg_advisory_xact_lock(22589793906345298)",
    mark: None,
    // Only those in the schema where new ones would be created, without those of extensions.
    count_tables: "SELECT COUNT(*) AS tables FROM pg_class c
        WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        AND c.relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')",
    // Texts are compared by their bytes, as on SQLite, whatever the database's locale.
    ddl: &[("{T}", ""), ("{W}", ""), (" TEXT", " TEXT COLLATE \"C\""), (" INTEGER", " BIGINT"), (" BLOB", " BYTEA")],
};

#[async_trait]
impl Connection for PgConnection {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    async fn run(&mut self, sql: SqlStr) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(self).await.map(drop)
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        Ok(bound(statement).execute(self).await?.rows_affected())
    }

    async fn all(&mut self, query: Statement) -> Result<Vec<Row>, sqlx::Error> {
        Ok(bound(query).fetch_all(self).await?.into_iter().map(Row::new).collect())
    }

    async fn one(&mut self, query: Statement) -> Result<Option<Row>, sqlx::Error> {
        Ok(bound(query).fetch_optional(self).await?.map(Row::new))
    }
}

/// Returns the query with its values.
pub fn bound(statement: Statement) -> Query<'static, Postgres, PgArguments> {
    let (sql, values) = statement.into_parts();
    values.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Text(text) => query.bind(text.map(without_nul)),
        Value::Int(number) => query.bind(number),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}

/// PostgreSQL's texts cannot contain U+0000 (JSON escapes it, so bodies never do). The replacement character takes its
/// place, both in stored and in searched values.
fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

impl Columns for PgRow {
    fn text(&self, column: &str) -> Result<Option<&str>, sqlx::Error> {
        self.try_get(column)
    }

    fn int(&self, column: &str) -> Result<Option<i64>, sqlx::Error> {
        self.try_get(column)
    }

    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
        self.try_get(column)
    }
}

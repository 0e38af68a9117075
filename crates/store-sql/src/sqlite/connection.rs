//! SQLite's connections as the store uses them, and its syntax.

use async_trait::async_trait;
use sqlx::{SqlStr, Sqlite, SqliteConnection};

use super::BEGIN_WRITE;
use crate::database::{Bindable, Connection, Dialect, Row, Statement};

static DIALECT: Dialect = Dialect {
    begin_migration: BEGIN_WRITE,
    // The bytes `PALV`, see <https://sqlite.org/pragma.html#pragma_application_id>.
    mark: Some("PRAGMA application_id = 0x50414C56"),
    count_tables: "SELECT COUNT(*) AS tables FROM sqlite_schema",
    ddl: &[("{T}", "STRICT"), ("{W}", "STRICT, WITHOUT ROWID")],
};

#[async_trait]
impl Connection for SqliteConnection {
    fn dialect(&self) -> &'static Dialect {
        &DIALECT
    }

    async fn run(&mut self, sql: SqlStr) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql).execute(self).await.map(drop)
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        Ok(statement.bound::<Sqlite>().execute(self).await?.rows_affected())
    }

    async fn all(&mut self, query: Statement) -> Result<Vec<Row>, sqlx::Error> {
        Ok(query.bound::<Sqlite>().fetch_all(self).await?.into_iter().map(Row::new).collect())
    }

    async fn one(&mut self, query: Statement) -> Result<Option<Row>, sqlx::Error> {
        Ok(query.bound::<Sqlite>().fetch_optional(self).await?.map(Row::new))
    }
}

impl Bindable for Sqlite {
    fn text(text: String) -> String {
        text
    }
}

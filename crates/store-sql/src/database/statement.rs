//! A statement with its values.

use sqlx::{SqlSafeStr, SqlStr};

use super::{Connection, Row};

/// A value, including its type if it is null.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(Option<String>),
    Int(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($variant:ident: $of:ty),*) => {
        $(
            impl From<$of> for Value {
                fn from(value: $of) -> Value {
                    Value::$variant(Some(value))
                }
            }
            impl From<Option<$of>> for Value {
                fn from(value: Option<$of>) -> Value {
                    Value::$variant(value)
                }
            }
        )*
    };
}

values!(Text: String, Int: i64, Bytes: Vec<u8>);

/// A statement with its values that is kept prepared: `$1` is the first value bound.
pub struct Statement {
    sql: SqlStr,
    values: Vec<Value>,
}

impl Statement {
    pub fn new(sql: impl SqlSafeStr) -> Statement {
        Statement { sql: sql.into_sql_str(), values: Vec::new() }
    }

    pub fn bind(mut self, value: impl Into<Value>) -> Statement {
        self.values.push(value.into());
        self
    }

    /// Executes the statement and returns how many rows it changed.
    pub async fn execute(self, on: &mut dyn Connection) -> Result<u64, sqlx::Error> {
        on.execute(self).await
    }

    pub async fn fetch_all(self, on: &mut dyn Connection) -> Result<Vec<Row>, sqlx::Error> {
        on.all(self).await
    }

    pub async fn fetch_optional(self, on: &mut dyn Connection) -> Result<Option<Row>, sqlx::Error> {
        on.one(self).await
    }

    pub async fn fetch_one(self, on: &mut dyn Connection) -> Result<Row, sqlx::Error> {
        self.fetch_optional(on).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Returns the text and the values.
    pub fn into_parts(self) -> (SqlStr, Vec<Value>) {
        #[cfg(test)]
        crate::sql::seen::note(self.sql.as_str(), &self.values);
        (self.sql, self.values)
    }
}

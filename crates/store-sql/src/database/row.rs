//! A row of a result, whose columns are read by name.

use std::fmt::Display;
use std::str::FromStr;

use domain::Timestamp;
use serde::de::DeserializeOwned;
use service::ports::{StoreError, StoreResult};
use sqlx::error::UnexpectedNullError;

use crate::error::Kind;

/// The columns of a database's own row type.
pub trait Columns: Send + Sync {
    fn text(&self, column: &str) -> Result<Option<&str>, sqlx::Error>;
    fn int(&self, column: &str) -> Result<Option<i64>, sqlx::Error>;
    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, sqlx::Error>;
}

/// A row of any database.
pub struct Row(Box<dyn Columns>);

impl Row {
    pub fn new(row: impl Columns + 'static) -> Row {
        Row(Box::new(row))
    }

    /// Returns a value, for work in a transaction: an error ends the transaction.
    pub fn try_get<T: Cell>(&self, column: &str) -> Result<T, sqlx::Error> {
        T::of(self, column)
    }

    /// Returns a value. One that cannot be decoded is an error, here and in the methods below, never a panic.
    pub fn get<T: Cell>(&self, column: &str) -> StoreResult<T> {
        self.try_get(column).map_err(unavailable)
    }

    /// Returns a text without copying it.
    fn text(&self, column: &str) -> StoreResult<&str> {
        self.0.text(column).and_then(|text| text.ok_or_else(|| null(column))).map_err(unavailable)
    }

    pub fn number(&self, column: &str) -> StoreResult<u64> {
        u64::try_from(self.get::<i64>(column)?).map_err(|_| unreadable(column, "it is negative"))
    }

    pub fn time(&self, column: &str) -> StoreResult<Timestamp> {
        self.get(column).map(Timestamp)
    }

    pub fn flag(&self, column: &str) -> StoreResult<bool> {
        self.get(column).map(|value: i64| value != 0)
    }

    /// Parses an id, an epoch or a log from a text.
    pub fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> StoreResult<T> {
        self.text(column)?.parse().map_err(|why| unreadable(column, why))
    }

    /// Parses an enum value from its name.
    pub fn word<T: DeserializeOwned>(&self, column: &str) -> StoreResult<T> {
        stored::from_word(self.text(column)?).map_err(|why| unreadable(column, why))
    }

    pub fn json<T: DeserializeOwned>(&self, column: &str) -> StoreResult<T> {
        stored::from_json(self.text(column)?).map_err(|why| unreadable(column, why))
    }

    pub fn hash(&self, column: &str) -> StoreResult<[u8; 32]> {
        self.get::<Vec<u8>>(column)?.try_into().map_err(|_| unreadable(column, "it is not a SHA-256"))
    }
}

fn unavailable(error: sqlx::Error) -> StoreError {
    StoreError::Unavailable { why: error.to_string(), retry_ms: Kind::of(&error, |_| Kind::Failed).retry_ms() }
}

fn null(column: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: UnexpectedNullError.into() }
}

/// Returns the error of a value that is not what its column should contain.
pub fn unreadable(column: &str, why: impl Display) -> StoreError {
    StoreError::Unreadable { record: "row", why: format!("the column {column} cannot be read: {why}") }
}

/// A type that a column is read as: text, integer, bytes, each perhaps null.
pub trait Cell: Sized {
    fn of(row: &Row, column: &str) -> Result<Self, sqlx::Error>;
}

macro_rules! cells {
    ($($of:ty: $read:ident),*) => {
        $(
            impl Cell for Option<$of> {
                fn of(row: &Row, column: &str) -> Result<Self, sqlx::Error> {
                    Ok(row.0.$read(column)?.map(Into::into))
                }
            }
            impl Cell for $of {
                fn of(row: &Row, column: &str) -> Result<Self, sqlx::Error> {
                    row.0.$read(column)?.map(Into::into).ok_or_else(|| null(column))
                }
            }
        )*
    };
}

cells!(String: text, i64: int, Vec<u8>: bytes);

//! Pieces of SQL that are built at run time: never from user input, only numbered placeholders.

use std::fmt::Write;

use sqlx::SqlSafeStr;

use crate::database::Statement;

/// Rows in one multi-row statement.
pub const ROWS: usize = 64;
/// Values in one `IN (…)`.
pub const IN_LIST: usize = 512;

/// Creates a statement, without its values yet. All of the store's statements begin here.
pub fn query(sql: impl SqlSafeStr) -> Statement {
    Statement::new(sql)
}

/// Returns `($1, $2), ($3, $4)` for so many rows of so many columns.
pub fn rows(rows: usize, columns: usize) -> String {
    let mut sql = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        sql.push_str(&list(row * columns + 1, columns));
        sql.push(')');
    }
    sql
}

/// Returns `$5, $6, $7` for so many values, starting with this number.
pub fn list(first: usize, count: usize) -> String {
    let mut sql = String::with_capacity(count * 5);
    for number in first..first + count {
        let comma = if number == first { "" } else { ", " };
        write!(sql, "{comma}${number}").expect("writing to a String cannot fail");
    }
    sql
}

/// Returns the values, padded with the last one to the next power of two: `IN` ignores repeats, and statements of few
/// different lengths stay prepared.
pub fn padded<T: Clone>(values: &[T]) -> Vec<T> {
    let mut padded = values.to_vec();
    if let Some(last) = values.last() {
        padded.resize(values.len().next_power_of_two(), last.clone());
    }
    padded
}

/// Converts a limit to SQL's integer.
pub fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Returns the end of the range of all texts that begin with `prefix`: no text has a higher character.
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

/// The statements that each runtime has run, with the types of their values, so that a test can examine the plan of each.
#[cfg(test)]
pub mod seen {
    use std::collections::{BTreeMap, HashMap};
    use std::sync::LazyLock;

    use parking_lot::Mutex;
    use tokio::runtime::{Handle, Id};

    use crate::database::Value;

    type Statements = BTreeMap<String, Vec<&'static str>>;

    static SEEN: LazyLock<Mutex<HashMap<Id, Statements>>> = LazyLock::new(Mutex::default);

    pub fn note(sql: &str, values: &[Value]) {
        let of = |value: &Value| match value {
            Value::Text(_) => "text",
            Value::Int(_) => "bigint",
            Value::Bytes(_) => "bytea",
        };
        let types = values.iter().map(of).collect();
        SEEN.lock().entry(Handle::current().id()).or_default().insert(sql.to_owned(), types);
    }

    /// Returns what the current runtime has run since the last call.
    pub fn take() -> Statements {
        SEEN.lock().remove(&Handle::current().id()).unwrap_or_default()
    }
}

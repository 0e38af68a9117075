//! Records that cannot be decoded: each is passed over alone, counted, and named in the log.

use std::fmt::Display;
use std::time::Instant;

use super::{StoreError, StoreResult};
use crate::seldom::Seldom;

/// Counts a record that cannot be decoded and names it in the log, now and then where many readers meet the same one.
/// `place` tells an operator where it is, such as a log and a seq; `why` quotes nothing of what people wrote.
pub fn note_unreadable(record: &'static str, place: &dyn Display, why: &str) {
    static LINE: Seldom = Seldom::new();
    metrics::counter!("palaver_unreadable_records_total", "record" => record).increment(1);
    let words = format!("{record} {place}: {why}");
    if let Some(repeated) = LINE.tell(&words, Instant::now()) {
        tracing::warn!(record, %place, why, repeated, "a stored record cannot be decoded, passing it over");
    }
}

/// Keeps the records that can be decoded. One that cannot was noted where it was read, and does not keep the others from
/// their reader; any other error does.
pub fn readable<T>(records: impl IntoIterator<Item = StoreResult<T>>) -> StoreResult<Vec<T>> {
    let kept = records.into_iter().filter(|record| !matches!(record, Err(StoreError::Unreadable { .. })));
    kept.collect()
}

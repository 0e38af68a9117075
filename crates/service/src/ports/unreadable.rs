//! Skips records that cannot be decoded, one by one. Each is counted and named in the log.

use std::fmt::Display;
use std::time::Instant;

use super::{StoreError, StoreResult};
use crate::log_throttle::LogThrottle;

/// Counts a record that cannot be decoded, and names it in the log. Repeats of the same line are throttled. `place`
/// tells an operator where it is, such as a log and a seq. `why` quotes nothing that users wrote.
pub fn note_unreadable(record: &'static str, place: &dyn Display, why: &str) {
    static LINE: LogThrottle = LogThrottle::new();
    metrics::counter!("palaver_unreadable_records_total", "record" => record).increment(1);
    let words = format!("{record} {place}: {why}");
    if let Some(repeated) = LINE.admit(&words, Instant::now()) {
        tracing::warn!(record, %place, why, repeated, "a stored record cannot be decoded, skipping it");
    }
}

/// Passes a decoded record on. If decoding failed, counts the record and names it in the log, with its place.
pub fn noted<T>(record: &'static str, place: impl FnOnce() -> String, decoded: StoreResult<T>) -> StoreResult<T> {
    decoded.map_err(|error| {
        let StoreError::Unreadable { why, .. } = error else { return error };
        note_unreadable(record, &place(), &why);
        StoreError::Unreadable { record, why }
    })
}

/// Returns the records that could be decoded. Those that could not were logged where they were read. Any other error is
/// returned.
pub fn readable<T>(records: impl IntoIterator<Item = StoreResult<T>>) -> StoreResult<Vec<T>> {
    let kept = records.into_iter().filter(|record| !matches!(record, Err(StoreError::Unreadable { .. })));
    kept.collect()
}

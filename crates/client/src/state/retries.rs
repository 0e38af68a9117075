//! Requests for pages (`resume`, `fill`) that the server answered with an error: which log to retry, and when.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The first delay is about this long; each further failure in a row doubles it.
const FIRST: Duration = Duration::from_millis(300);
/// The maximum delay, unless the server asks for a longer one.
const LONGEST: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Retry {
    /// Failures in a row.
    failures: u32,
    /// When to retry; `None` while the retry is in flight.
    due: Option<Duration>,
    /// The log is requested from its head, because a retry of the same request would be refused again.
    reset: bool,
}

/// The logs whose last request failed.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<String, Retry>);

impl Retries {
    /// Records a failed request. `whose` spreads clients that failed together, so that they do not retry together.
    pub fn failed(&mut self, log: &str, asked: Option<Duration>, reset: bool, whose: &str, now: Duration) {
        let retry = self.0.entry(log.to_owned()).or_insert(Retry { failures: 0, due: None, reset: false });
        let wait = FIRST.saturating_mul(1 << retry.failures.min(10)).min(LONGEST);
        let wait =
            asked.unwrap_or_default().max(wait.mul_f64(0.5)) + wait.mul_f64(share(whose, log, retry.failures) / 2.0);
        retry.failures += 1;
        retry.due = Some(now + wait);
        retry.reset = reset;
    }

    /// Records that a log was answered.
    pub fn answered(&mut self, log: &str) {
        self.0.remove(log);
    }

    /// Handles the end of the connection: the next one requests every log.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the logs that are due for a retry, and whether each should be reset.
    pub fn due(&mut self, now: Duration) -> Vec<(String, bool)> {
        let mut due = Vec::new();
        for (log, retry) in &mut self.0 {
            if retry.due.is_some_and(|at| at <= now) {
                retry.due = None;
                due.push((log.clone(), retry.reset));
            }
        }
        due
    }

    /// Returns when [`Retries::due`] may next return a log.
    pub fn next_due(&self) -> Option<Duration> {
        self.0.values().filter_map(|retry| retry.due).min()
    }
}

/// Returns a number below 1 that differs between clients. It is derived, because this part draws no random numbers.
fn share(whose: &str, log: &str, failures: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (whose, log, failures).hash(&mut hasher);
    (hasher.finish() % 1_000) as f64 / 1_000.0
}

//! Requests for pages (`resume`, `fill`) that the server answered with an error: which log asks again, and when.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The first wait is about this long; each further failure in a row doubles it.
const FIRST: Duration = Duration::from_millis(300);
/// No wait is longer, unless the server asks for it.
const LONGEST: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Retry {
    /// Failures in a row.
    failures: u32,
    /// When to ask again; none while the repeated request is under way.
    due: Option<Duration>,
    /// The log is asked for from its head, since a repeat of the same request would be refused again.
    reset: bool,
}

/// The logs whose last request failed.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<String, Retry>);

impl Retries {
    /// A request failed. `whose` spreads the clients that the same trouble met, so that they do not come back together.
    pub fn failed(&mut self, log: &str, asked: Option<Duration>, reset: bool, whose: &str, now: Duration) {
        let retry = self.0.entry(log.to_owned()).or_insert(Retry { failures: 0, due: None, reset: false });
        let wait = FIRST.saturating_mul(1 << retry.failures.min(10)).min(LONGEST);
        let wait =
            asked.unwrap_or_default().max(wait.mul_f64(0.5)) + wait.mul_f64(share(whose, log, retry.failures) / 2.0);
        retry.failures += 1;
        retry.due = Some(now + wait);
        retry.reset = reset;
    }

    /// A log was answered.
    pub fn answered(&mut self, log: &str) {
        self.0.remove(log);
    }

    /// The connection is gone: the next one asks for every log.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The logs whose wait is over, and whether each is to be reset.
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

    /// When [`Retries::due`] may have something.
    pub fn next_due(&self) -> Option<Duration> {
        self.0.values().filter_map(|retry| retry.due).min()
    }
}

/// A number below 1 that differs between clients. Derived, since this part draws no random numbers.
fn share(whose: &str, log: &str, failures: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (whose, log, failures).hash(&mut hasher);
    (hasher.finish() % 1_000) as f64 / 1_000.0
}

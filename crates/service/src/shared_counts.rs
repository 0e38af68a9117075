//! Counts what is too frequent to wait for a round trip each time, together with other processes. Each process admits by
//! its own limiter at once and reports what it admitted a moment later; the answer says what all of them admitted, and
//! the own limiter takes that over. So several processes admit together what one does, and what happens between two
//! reports.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::limits::{REPORTED_AT_ONCE, REPORTED_KEYS};
use crate::ports::{Rate, SharedLimits};
use crate::shared_throttle::shared_key;

/// What counts, and takes over what all processes counted.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Reports what was admitted since the last time.
    async fn report(&self, to: &dyn SharedLimits, now: Timestamp);
}

/// All that this process counts together with others; nothing if they share no counter.
pub struct SharedCounts {
    to: Option<Arc<dyn SharedLimits>>,
    clock: Arc<dyn Clock>,
    from: Mutex<Vec<Arc<dyn Reports>>>,
}

impl SharedCounts {
    /// Creates the list, without anything that counts. Ignores a counter that is too expensive for every action.
    pub fn new(to: Option<Arc<dyn SharedLimits>>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let to = to.filter(|to| to.is_cheap());
        Arc::new(SharedCounts { to, clock, from: Mutex::default() })
    }

    /// Returns whether there is a counter to report to.
    pub fn is_shared(&self) -> bool {
        self.to.is_some()
    }

    /// Adds something that counts.
    pub fn add(&self, from: Arc<dyn Reports>) {
        if self.is_shared() {
            self.from.lock().push(from);
        }
    }

    /// Reports everything that was admitted since the last time.
    pub async fn report(&self) {
        let Some(to) = &self.to else { return };
        let (from, now) = (self.from.lock().clone(), self.clock.now());
        join_all(from.iter().map(|from| from.report(&**to, now))).await;
    }
}

impl fmt::Debug for SharedCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCounts").field("is_shared", &self.is_shared()).finish_non_exhaustive()
    }
}

/// How often each key did something since the last report. Bounded: what does not fit is counted by this process alone.
#[derive(Debug)]
pub struct Unreported<K>(Mutex<HashMap<K, u32>>);

impl<K> Default for Unreported<K> {
    fn default() -> Self {
        Unreported(Mutex::default())
    }
}

impl<K: Eq + Hash + ToString> Unreported<K> {
    /// Counts one more.
    pub fn add(&self, key: K) {
        let mut counts = self.0.lock();
        if counts.len() < REPORTED_KEYS || counts.contains_key(&key) {
            *counts.entry(key).or_default() += 1;
        }
    }

    /// Reports all counts under the name of a limit. Calls `owe` with each key and how long until its full count is
    /// available again.
    pub async fn report(
        &self,
        to: &dyn SharedLimits,
        limit: &str,
        rate: Rate,
        now: Timestamp,
        owe: impl Fn(K, Duration),
    ) {
        let counts = std::mem::take(&mut *self.0.lock());
        let reports = counts.into_iter().map(async |(key, count)| {
            let debt = to.add(&shared_key(limit, &key.to_string()), rate, count, now).await;
            debt.map(|debt| (key, debt))
        });
        let answers = futures_util::stream::iter(reports).buffer_unordered(REPORTED_AT_ONCE);
        answers.for_each(async |answer| answer.into_iter().for_each(|(key, debt)| owe(key, debt))).await;
    }
}

#[cfg(test)]
mod tests {
    use domain::Gcra;

    use super::*;

    const RATE: Rate = Rate { count: 10, period: Duration::from_secs(60) };

    /// A counter of one key, whose time stands still.
    struct Counter(Mutex<Gcra>);

    #[async_trait]
    impl SharedLimits for Counter {
        async fn take(&self, _: &str, _: Rate, _: Timestamp) -> Option<Result<(), Duration>> {
            unreachable!("it is only reported to")
        }

        async fn give_back(&self, _: &str, _: Rate, _: Timestamp) {}

        async fn add(&self, key: &str, rate: Rate, count: u32, _: Timestamp) -> Option<Duration> {
            assert!(key.starts_with("calls.") && !key.contains("ada"), "{key}");
            let mut counter = self.0.lock();
            counter.owe(Duration::ZERO, count, rate.period);
            Some(counter.even())
        }
    }

    #[tokio::test]
    async fn what_another_node_admitted_is_owed_here() {
        let counter = Counter(Mutex::new(Gcra::new(RATE.count, RATE.period)));
        let (here, there) = (Unreported::default(), Unreported::default());
        (0..3).for_each(|_| here.add("ada"));
        (0..4).for_each(|_| there.add("ada"));
        let owed = Mutex::new(Vec::new());
        for node in [&here, &there] {
            let owe = |key, debt: Duration| owed.lock().push((key, debt.as_secs()));
            node.report(&counter, "calls", RATE, Timestamp(7), owe).await;
        }
        assert_eq!(*owed.lock(), [("ada", 18), ("ada", 42)]);
        here.report(&counter, "calls", RATE, Timestamp(7), |_, _| panic!("nothing is reported twice")).await;
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let many = Unreported::default();
        (0..2 * REPORTED_KEYS).for_each(|key| many.add(key));
        assert_eq!(many.0.lock().len(), REPORTED_KEYS);
        many.add(0);
        assert_eq!(many.0.lock().get(&0), Some(&2), "a known key counts on");
    }
}

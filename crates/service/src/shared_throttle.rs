//! Limits how often a key may do something, counted by all processes together where they share a counter, and by this
//! process in any case: whatever happens to the counter, no key may do more on this process than it says.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::ports::{Rate, SharedLimits};
use crate::throttle::Throttle;

/// Bytes of the hash that stands for a key in the shared counter.
const KEY_BYTES: usize = 16;

/// A [`Throttle`] whose count other processes share.
pub struct SharedThrottle {
    /// Separates the keys of this limit from those of others in the shared counter.
    name: &'static str,
    rate: Rate,
    own: Throttle<String>,
    shared: Option<Arc<dyn SharedLimits>>,
    clock: Arc<dyn Clock>,
}

impl SharedThrottle {
    /// Creates a throttle for at most twice `capacity` keys in this process; a count of 0 is no limit.
    pub fn new(
        name: &'static str,
        rate: Rate,
        capacity: usize,
        shared: Option<Arc<dyn SharedLimits>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let own = Throttle::new(rate.count, rate.period, capacity);
        SharedThrottle { name, rate, own, shared: shared.filter(|_| rate.count > 0), clock }
    }

    /// Takes one place, or returns how long until there is one.
    pub async fn take(&self, key: &str) -> Result<(), Duration> {
        self.own.take(key.to_owned(), self.clock.elapsed())?;
        let Some(shared) = &self.shared else { return Ok(()) };
        let taken = shared.take(&shared_key(self.name, key), self.rate, self.clock.now()).await.unwrap_or(Ok(()));
        if taken.is_err() {
            self.own.give_back(&key.to_owned());
        }
        taken
    }

    /// Like [`SharedThrottle::take`], for a place that may be given back.
    pub async fn take_place(&self, key: String) -> Result<Place<'_>, Duration> {
        self.take(&key).await?;
        Ok(Place { throttle: self, key })
    }

    /// Gives a place back that was taken.
    pub async fn give_back(&self, key: &str) {
        self.own.give_back(&key.to_owned());
        if let Some(shared) = &self.shared {
            shared.give_back(&shared_key(self.name, key), self.rate, self.clock.now()).await;
        }
    }
}

/// A place of a throttle that was taken. It counts unless it is given back.
#[must_use]
pub struct Place<'t> {
    throttle: &'t SharedThrottle,
    key: String,
}

impl Place<'_> {
    /// Gives the place back.
    pub async fn give_back(self) {
        self.throttle.give_back(&self.key).await;
    }
}

/// Returns a key for the shared counter, without what it was made of: an address or the name that somebody typed.
pub fn shared_key(limit: &str, key: &str) -> String {
    format!("{limit}.{}", hex::encode(&Sha256::digest(key)[..KEY_BYTES]))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use domain::{Gcra, Timestamp};
    use parking_lot::Mutex;

    use super::*;
    use crate::clock::ManualClock;

    const RATE: Rate = Rate { count: 3, period: Duration::from_secs(60) };

    /// One counter for whatever key; none while `up` is false.
    struct Counter {
        gcra: Mutex<Gcra>,
        up: bool,
    }

    #[async_trait]
    impl SharedLimits for Counter {
        async fn take(&self, key: &str, _: Rate, _: Timestamp) -> Option<Result<(), Duration>> {
            assert!(key.starts_with("test.") && !key.contains("ada"), "{key}");
            self.up.then(|| self.gcra.lock().take(Duration::ZERO, 1))
        }

        async fn give_back(&self, _: &str, _: Rate, _: Timestamp) {
            self.gcra.lock().give_back(1);
        }

        async fn add(&self, _: &str, _: Rate, _: u32, _: Timestamp) -> Option<Duration> {
            None
        }
    }

    fn two_nodes(up: bool) -> [SharedThrottle; 2] {
        let counter = Arc::new(Counter { gcra: Mutex::new(Gcra::new(RATE.count, RATE.period)), up });
        let clock = Arc::new(ManualClock::new(Timestamp(7)));
        [0, 1].map(|_| SharedThrottle::new("test", RATE, 10, Some(counter.clone()), clock.clone()))
    }

    async fn taken(nodes: &[SharedThrottle; 2], times: usize) -> usize {
        let mut taken = 0;
        for turn in 0..times {
            taken += usize::from(nodes[turn % 2].take("ada").await.is_ok());
        }
        taken
    }

    #[tokio::test]
    async fn two_nodes_admit_together_what_one_admits() {
        let nodes = two_nodes(true);
        assert_eq!(taken(&nodes, 10).await, 3);
        nodes[0].give_back("ada").await;
        assert_eq!(taken(&nodes, 10).await, 1);
    }

    #[tokio::test]
    async fn without_the_counter_each_node_counts() {
        assert_eq!(taken(&two_nodes(false), 10).await, 6);
    }
}

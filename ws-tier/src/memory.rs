//! Bounds the memory of all socket queues of a node together. With only a bound per socket, ten thousand slow clients
//! could fill the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::connections::ConnectionRegistry;

/// The share of the budget from which caches shrink.
const SHRINK_AT: f64 = 0.6;
/// The share of the budget from which ephemeral frames are dropped.
const EPHEMERAL_AT: f64 = 0.7;
/// The share of the budget from which no new socket is admitted.
const ADMIT_BELOW: f64 = 0.9;
/// How often the budget is checked.
const INTERVAL: Duration = Duration::from_millis(250);

/// The memory that queued frames use, and their limit.
pub(crate) struct MemoryBudget {
    limit: usize,
    /// From how many bytes ephemeral frames are dropped.
    ephemeral_at: usize,
    used: AtomicUsize,
}

impl MemoryBudget {
    /// Returns an unused budget of `limit` bytes.
    pub fn new(limit: usize) -> Arc<MemoryBudget> {
        let ephemeral_at = (limit as f64 * EPHEMERAL_AT) as usize;
        Arc::new(MemoryBudget { limit, ephemeral_at, used: AtomicUsize::new(0) })
    }

    /// Records that a queue changed its size from `before` to `after` bytes.
    pub fn resized(&self, before: usize, after: usize) {
        match after >= before {
            true => self.used.fetch_add(after - before, Ordering::Relaxed),
            false => self.used.fetch_sub(before - after, Ordering::Relaxed),
        };
    }

    /// Returns whether ephemeral frames should be dropped.
    pub fn drops_ephemeral(&self) -> bool {
        self.used.load(Ordering::Relaxed) >= self.ephemeral_at
    }

    /// Returns whether another socket may be admitted.
    pub fn admits(&self) -> bool {
        self.share() < ADMIT_BELOW
    }

    fn share(&self) -> f64 {
        self.used.load(Ordering::Relaxed) as f64 / self.limit as f64
    }

    /// Enforces the budget until the node ends: shrinks caches, and over the budget closes the sockets with the most
    /// queued bytes.
    pub async fn keep(self: Arc<Self>, connections: Arc<ConnectionRegistry>, shrink_caches: impl Fn() + Send) {
        let mut shrunk = false;
        loop {
            tokio::time::sleep(INTERVAL).await;
            let used = self.used.load(Ordering::Relaxed);
            metrics::gauge!("palaver_queued_bytes").set(used as f64);

            let shrinks = self.share() >= SHRINK_AT;
            if shrinks && !shrunk {
                tracing::warn!(used, limit = self.limit, "socket queues use much memory, shrinking caches");
                shrink_caches();
            }
            shrunk = shrinks;
            if used > self.limit {
                self.close_largest(&connections, used);
            }
        }
    }

    fn close_largest(&self, connections: &ConnectionRegistry, used: usize) {
        let mut queues = connections.by_queued_bytes();
        let (mut left, mut closed) = (used, 0_u64);
        // Their shards discard the queues a moment later.
        while left as f64 / self.limit as f64 >= ADMIT_BELOW
            && let Some(connection) = queues.pop()
        {
            left = left.saturating_sub(connection.level().bytes());
            connection.abandon();
            closed += 1;
        }
        metrics::counter!("palaver_sockets_closed_for_memory_total").increment(closed);
        tracing::warn!(closed, limit = self.limit, "socket queues exceeded their memory, closed the largest");
    }
}

#[cfg(test)]
mod tests;

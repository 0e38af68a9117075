//! The bus's counters, for Prometheus and for its owner.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the process started.
#[derive(Debug, Default)]
pub struct Figures {
    published: AtomicU64,
    received: AtomicU64,
    lost: AtomicU64,
    reconnects: AtomicU64,
}

impl Figures {
    pub fn published(&self, n: usize) {
        self.published.fetch_add(n as u64, Ordering::Relaxed);
        metrics::counter!("palaver_bus_published_total").increment(n as u64);
    }

    pub fn received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("palaver_bus_received_total").increment(1);
    }

    /// Counts lost messages. `why` is `down` (the bus was down when it was to be published), `full` (the publish queue
    /// was full), `failed` (Redis did not accept it) or `slow` (this node did not read fast enough).
    pub fn lost(&self, why: &'static str, n: usize) {
        self.lost.fetch_add(n as u64, Ordering::Relaxed);
        metrics::counter!("palaver_bus_lost_total", "why" => why).increment(n as u64);
    }

    pub fn up(&self, up: bool, again: bool) {
        metrics::gauge!("palaver_bus_up").set(if up { 1.0 } else { 0.0 });
        if up && again {
            self.reconnects.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("palaver_bus_reconnects_total").increment(1);
        }
    }

    /// Returns the counters: published, received, lost, reconnects.
    pub fn read(&self) -> [u64; 4] {
        [&self.published, &self.received, &self.lost, &self.reconnects].map(|figure| figure.load(Ordering::Relaxed))
    }
}

//! The figures of the bus: for Prometheus, and for those who hold it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted since the process began.
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

    /// `why`: `down` (it was to be published while the bus was down), `full` (too much waited to be published),
    /// `failed` (Redis did not take it), `slow` (this node did not listen fast enough).
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

    /// A copy: published, received, lost, reconnects.
    pub fn read(&self) -> [u64; 4] {
        [&self.published, &self.received, &self.lost, &self.reconnects].map(|figure| figure.load(Ordering::Relaxed))
    }
}

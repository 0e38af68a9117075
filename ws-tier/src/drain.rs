//! Limits a node's sockets, and drains them when it shuts down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::Gcra;
use parking_lot::Mutex;
use realtime::protocol::CloseCode;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::limits::{ADMISSION_PERIOD, ADMISSIONS};
use crate::memory::MemoryBudget;
use crate::shards::Shards;

/// The share of its grace over which a drain spreads the clients' departure.
const SPREAD: f64 = 0.6;
/// How long cut sockets have to leave hub and presence.
const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// Counts a node's open sockets, and drains them.
pub(crate) struct Drain {
    limit: usize,
    memory: Arc<MemoryBudget>,
    /// How fast sockets are admitted: a client that is refused retries with jitter.
    rate: Mutex<Gcra>,
    open: AtomicUsize,
    one_less: Notify,
    draining: AtomicBool,
}

impl Drain {
    /// Returns the state of a node that serves at most `limit` sockets, and admits no more while its memory is short.
    pub fn new(limit: usize, memory: Arc<MemoryBudget>) -> Drain {
        let (open, one_less) = (AtomicUsize::new(0), Notify::new());
        let rate = Mutex::new(Gcra::new(ADMISSIONS, ADMISSION_PERIOD));
        Drain { limit, memory, rate, open, one_less, draining: AtomicBool::new(false) }
    }

    /// Returns a permit for another socket, or why the node admits none.
    pub fn admit(self: &Arc<Self>, elapsed: Duration) -> Result<ConnectionPermit, CloseCode> {
        if self.is_draining() {
            return Err(CloseCode::Drained);
        }
        if !self.memory.admits() || self.rate.lock().take(elapsed, 1).is_err() {
            metrics::counter!("palaver_sockets_refused_total").increment(1);
            return Err(CloseCode::Overloaded);
        }
        let admitted =
            self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < self.limit).then_some(open + 1));
        admitted.map(|_| ConnectionPermit(self.clone())).map_err(|_| CloseCode::Overloaded)
    }

    /// Returns how many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Returns whether no new socket is admitted, because the node shuts down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Makes all sockets leave within `grace`. Sockets that are still open then, such as those of clients that do not
    /// read, are cut. Returns at most a second later.
    pub async fn run(&self, grace: Duration, shards: &Shards) {
        let end = Instant::now() + grace;
        self.draining.store(true, Ordering::Release);
        shards.depart(grace.mul_f64(SPREAD));
        if timeout_at(end, self.all_closed()).await.is_err() {
            tracing::warn!(
                open = self.open_sockets(),
                "sockets were still open when the grace period ended, cutting them"
            );
            shards.cut();
            let _ = timeout(LEAVE_WAIT, self.all_closed()).await;
        }
    }

    /// Returns once no socket is open.
    async fn all_closed(&self) {
        while self.open_sockets() > 0 {
            let one_less = self.one_less.notified();
            tokio::pin!(one_less);
            one_less.as_mut().enable();
            if self.open_sockets() > 0 {
                one_less.await;
            }
        }
    }
}

/// A permit for one open socket.
pub(crate) struct ConnectionPermit(Arc<Drain>);

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
        self.0.one_less.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_admitted_at_a_bounded_rate() {
        let drain = Arc::new(Drain::new(usize::MAX, MemoryBudget::new(usize::MAX)));
        let now = Duration::from_secs(1_000);
        let permits: Vec<_> = (0..ADMISSIONS).map(|_| drain.admit(now)).collect();
        assert!(permits.iter().all(Result::is_ok));
        assert_eq!(drain.admit(now).map(drop), Err(CloseCode::Overloaded));
        assert_eq!(drain.admit(now + ADMISSION_PERIOD / ADMISSIONS).map(drop), Ok(()));
        assert_eq!(drain.open_sockets(), permits.len());
    }
}

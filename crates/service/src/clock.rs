//! The clock. The only module of the service that reads one; all others get the time as an argument.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::{Now, Timestamp};

/// When this process first asked for the elapsed time.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Tells the time of day.
pub trait Clock: Send + Sync {
    /// Returns the current time. May stand still or step back; nothing that must be correct depends on it.
    fn now(&self) -> Timestamp;

    /// Returns the time since some start in this process. Never goes back; timers use it.
    fn elapsed(&self) -> Duration {
        STARTED.elapsed()
    }

    /// Returns both times, for a state machine.
    fn present(&self) -> Now {
        Now { wall: self.now(), elapsed: self.elapsed() }
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that moves only when a test moves it.
#[derive(Debug, Default)]
pub struct ManualClock {
    wall: AtomicI64,
    elapsed_ms: AtomicI64,
}

impl ManualClock {
    /// Returns a clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        ManualClock { wall: AtomicI64::new(now.0), elapsed_ms: AtomicI64::new(0) }
    }

    /// Advances the time.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.elapsed_ms.fetch_add(by, Ordering::SeqCst);
        self.step(by);
    }

    /// Steps the wall clock, forward or back, without elapsed time.
    pub fn step(&self, by_ms: i64) {
        self.wall.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.wall.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms.load(Ordering::SeqCst).try_into().unwrap_or_default())
    }
}

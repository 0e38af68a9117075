//! Implements the one rate limiter: the generic cell rate algorithm (ITU-T I.371), whose whole state is one moment.
//! Reads no clock and never waits: the caller passes the time and decides what a refusal means.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Admits `count` at once, then one more each `period / count`.
///
/// The time is a [`Duration`] since any start that stays fixed while the limiter exists: the start of the process, or
/// 1970 if another process loads what this one saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gcra {
    count: u32,
    period_ns: u64,
    /// The moment at which everything admitted so far is paid off (the algorithm's theoretical arrival time).
    even_ns: u64,
}

impl Gcra {
    /// Returns a limiter that has admitted nothing yet. A `count` of 0 never admits anything.
    pub const fn new(count: u32, period: Duration) -> Gcra {
        Gcra { count, period_ns: nanoseconds(period), even_ns: 0 }
    }

    /// Returns a limiter whose full burst is available again at `even`; for one that was stored in another form.
    pub const fn even_at(count: u32, period: Duration, even: Duration) -> Gcra {
        Gcra { even_ns: nanoseconds(even), ..Gcra::new(count, period) }
    }

    /// Takes `cost`, or returns the wait after which it would be admitted. A refusal changes nothing, and a clock that
    /// steps back admits nothing. A cost above `count` is never admitted; its wait is the whole period.
    pub fn take(&mut self, now: Duration, cost: u32) -> Result<(), Duration> {
        if cost > self.count {
            return Err(Duration::from_nanos(self.period_ns));
        }

        let now_ns = nanoseconds(now);
        let next_ns = self.even_ns.max(now_ns).saturating_add(self.price_ns(cost));
        let wait_ns = next_ns.saturating_sub(now_ns.saturating_add(self.period_ns));
        if wait_ns > 0 {
            return Err(Duration::from_nanos(wait_ns));
        }
        self.even_ns = next_ns;
        Ok(())
    }

    /// Takes `cost` even if it is not available, as a debt that ends `most` from now at the latest.
    pub fn owe(&mut self, now: Duration, cost: u32, most: Duration) {
        let now_ns = nanoseconds(now);
        let next_ns = self.even_ns.max(now_ns).saturating_add(self.price_ns(cost));
        self.even_ns = next_ns.min(now_ns.saturating_add(nanoseconds(most))).max(self.even_ns);
    }

    /// Takes over that the full burst is available only at `even`, if that is later.
    pub fn raise(&mut self, even: Duration) {
        self.even_ns = self.even_ns.max(nanoseconds(even));
    }

    /// Gives back a `cost` that was taken. Never more than the full burst is available afterwards.
    pub fn give_back(&mut self, cost: u32) {
        self.even_ns = self.even_ns.saturating_sub(self.price_ns(cost));
    }

    /// Returns whether the full burst is available: such a limiter equals a new one and need not be kept.
    pub const fn is_even(&self, now: Duration) -> bool {
        self.even_ns <= nanoseconds(now)
    }

    /// Returns the count that it admits in a period.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Returns the moment from which the full burst is available.
    pub const fn even(&self) -> Duration {
        Duration::from_nanos(self.even_ns)
    }

    /// Rounds down, so that `count` single takes never cost more than the period.
    fn price_ns(&self, cost: u32) -> u64 {
        let price = u128::from(self.period_ns) * u128::from(cost) / u128::from(self.count.max(1));
        u64::try_from(price).unwrap_or(u64::MAX)
    }
}

/// Enough for the years until 2554, counted from 1970.
const fn nanoseconds(time: Duration) -> u64 {
    let nanoseconds = time.as_nanos();
    if nanoseconds > u64::MAX as u128 { u64::MAX } else { nanoseconds as u64 }
}

#[cfg(test)]
mod tests;

//! How many frames a socket may send: a bucket that refills with time.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Refills evenly over [`Budget::PERIOD_MS`]. Holds as many as the period allows, so a burst is fine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Budget {
    allowed: u32,
    /// In thousandths of a frame, so that short spans count.
    left_milli: u64,
    at: Timestamp,
}

impl Budget {
    const PERIOD_MS: u64 = 60_000;

    /// A full bucket.
    pub fn new(allowed: u32, now: Timestamp) -> Budget {
        Budget { allowed, left_milli: u64::from(allowed) * 1_000, at: now }
    }

    /// Takes one frame out; false when there is none.
    pub fn take(&mut self, now: Timestamp) -> bool {
        self.take_many(1, now)
    }

    /// Takes so many out, or none; false when there are fewer.
    pub fn take_many(&mut self, count: usize, now: Timestamp) -> bool {
        let elapsed_ms = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX).min(Self::PERIOD_MS);
        let full = u64::from(self.allowed) * 1_000;
        self.left_milli = (self.left_milli + elapsed_ms * full / Self::PERIOD_MS).min(full);
        self.at = self.at.max(now);
        let wanted = (count as u64).saturating_mul(1_000);
        let left = self.left_milli.checked_sub(wanted);
        self.left_milli = left.unwrap_or(self.left_milli);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_must_wait() {
        let start = Timestamp(0);
        let mut budget = Budget::new(3, start);
        assert_eq!([(); 4].map(|()| budget.take(start)), [true, true, true, false]);
        let later = start + Duration::from_secs(20);
        assert_eq!([(); 2].map(|()| budget.take(later)), [true, false], "a third of the period, a third of the frames");
        let much_later = later + Duration::from_secs(3_600);
        assert_eq!(
            [(); 4].map(|()| budget.take(much_later)),
            [true, true, true, false],
            "never more than the period's"
        );
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing() {
        let mut budget = Budget::new(1, Timestamp(1_000_000));
        assert!(budget.take(Timestamp(1_000_000)));
        assert!(!budget.take(Timestamp(0)));
        assert!(!budget.take(Timestamp(1_000_000)));
    }
}

//! How many frames a socket may send: a bucket that refills with time.

use std::time::Duration;

use stored::BudgetRecord;

use super::saved::{duration, milliseconds};

/// Refills evenly over [`Budget::PERIOD`]. Holds as many as the period allows, so a burst is fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Budget {
    allowed: u32,
    /// In thousandths of a frame, so that short spans count.
    left_milli: u64,
    at: Duration,
}

impl Budget {
    const PERIOD: Duration = Duration::from_secs(60);

    /// Returns a full bucket.
    pub fn new(allowed: u32, elapsed: Duration) -> Budget {
        Budget { allowed, left_milli: u64::from(allowed) * 1_000, at: elapsed }
    }

    /// Takes one frame out; false when there is none.
    pub fn take(&mut self, elapsed: Duration) -> bool {
        self.take_many(1, elapsed)
    }

    /// Takes so many out, or none; false when there are fewer.
    pub fn take_many(&mut self, count: usize, elapsed: Duration) -> bool {
        let period = Self::PERIOD.as_millis() as u64;
        let passed = u64::try_from(elapsed.saturating_sub(self.at).as_millis()).unwrap_or(u64::MAX).min(period);
        let full = u64::from(self.allowed) * 1_000;
        self.left_milli = (self.left_milli + passed * full / period).min(full);
        self.at = self.at.max(elapsed);

        let wanted = (count as u64).saturating_mul(1_000);
        let left = self.left_milli.checked_sub(wanted);
        self.left_milli = left.unwrap_or(self.left_milli);
        left.is_some()
    }

    pub fn save(&self) -> BudgetRecord {
        BudgetRecord { allowed: self.allowed, left_milli: self.left_milli, at: milliseconds(self.at) }
    }

    pub fn restore(record: &BudgetRecord) -> Budget {
        Budget { allowed: record.allowed, left_milli: record.left_milli, at: duration(record.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_must_wait() {
        let start = Duration::ZERO;
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
}

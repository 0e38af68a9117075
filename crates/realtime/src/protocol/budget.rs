//! Limits how many frames a socket may send: a [`Gcra`], and the record in which a saved protocol stores it.

use std::time::Duration;

use domain::Gcra;
use stored::BudgetRecord;

use super::saved::{duration, milliseconds};

/// Admits a burst of one period's frames, and refills evenly over the period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Budget(Gcra);

impl Budget {
    const PERIOD: Duration = Duration::from_secs(60);

    /// Returns a full bucket.
    pub fn new(allowed: u32, elapsed: Duration) -> Budget {
        Budget(Gcra::even_at(allowed, Self::PERIOD, elapsed))
    }

    /// Takes one frame out; false if there is none.
    pub fn take(&mut self, elapsed: Duration) -> bool {
        self.take_many(1, elapsed)
    }

    /// Takes this many out, or none; false if there are fewer.
    pub fn take_many(&mut self, count: usize, elapsed: Duration) -> bool {
        self.0.take(elapsed, u32::try_from(count).unwrap_or(u32::MAX)).is_ok()
    }

    /// Returns the record of a bucket, which says how full it was at some moment: here one period before it is full, so
    /// that it was empty then, or at the start if that is later.
    pub fn save(&self) -> BudgetRecord {
        let even = milliseconds(self.0.even() + Duration::from_nanos(999_999));
        let period = milliseconds(Self::PERIOD);
        let at = (even - period).max(0);
        let left_milli = (at + period - even) * i64::from(self.0.count()) * 1_000 / period;
        BudgetRecord { allowed: self.0.count(), left_milli: left_milli.max(0) as u64, at }
    }

    /// Returns the bucket of a record.
    pub fn restore(record: &BudgetRecord) -> Budget {
        let full = u64::from(record.allowed) * 1_000;
        let missing = full.saturating_sub(record.left_milli);
        let refill = Self::PERIOD.as_nanos() * u128::from(missing) / u128::from(full.max(1));
        let even = duration(record.at) + Duration::from_nanos(u64::try_from(refill).unwrap_or(u64::MAX));
        Budget(Gcra::even_at(record.allowed, Self::PERIOD, even))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_admitted_and_the_rest_must_wait() {
        let start = Duration::ZERO;
        let mut budget = Budget::new(3, start);
        assert_eq!([(); 4].map(|()| budget.take(start)), [true, true, true, false]);
        let later = start + Duration::from_secs(20);
        assert_eq!([(); 2].map(|()| budget.take(later)), [true, false], "a third of the period, a third of the frames");
        let much_later = later + Duration::from_secs(3_600);
        assert_eq!(
            [(); 4].map(|()| budget.take(much_later)),
            [true, true, true, false],
            "never more than one period's frames"
        );
    }

    #[test]
    fn a_record_of_an_earlier_release_continues_where_it_stopped() {
        let start = Duration::from_millis(1_795_983_762_714);
        let mut budget = Budget::restore(&BudgetRecord { allowed: 400, left_milli: 2_500, at: milliseconds(start) });
        assert_eq!([(); 3].map(|()| budget.take(start)), [true, true, false], "half a frame is not one");

        let mut budget = Budget::restore(&budget.save());
        assert!(!budget.take(start + Duration::from_millis(74)));
        assert!(budget.take(start + Duration::from_millis(76)), "the other half came in 75 ms");
    }

    #[test]
    fn a_budget_that_is_saved_soon_after_the_start_keeps_what_is_left() {
        let mut budget = Budget::new(60, Duration::ZERO);
        assert!(budget.take_many(20, Duration::from_secs(1)));
        let mut restored = Budget::restore(&budget.save());
        assert!(restored.take_many(40, Duration::from_secs(1)));
        assert!(!restored.take(Duration::from_secs(1)));
    }
}

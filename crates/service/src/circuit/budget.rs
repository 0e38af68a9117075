//! Limits how many retries a failing server may cause. Pure.

use crate::limits::{ANSWERS_PER_RETRY, RETRIES_SAVED};

/// A budget of retries. A number of answers earns one retry, so that in the long run retries add at most that share to
/// the load, however many callers would retry.
#[derive(Debug)]
pub struct RetryBudget {
    /// The remaining budget, counted in answers.
    left: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        RetryBudget { left: RETRIES_SAVED * ANSWERS_PER_RETRY }
    }
}

impl RetryBudget {
    /// Records an answer.
    pub fn deposit(&mut self) {
        self.left = (self.left + 1).min(RETRIES_SAVED * ANSWERS_PER_RETRY);
    }

    /// Takes a retry, if one is left.
    pub fn take(&mut self) -> bool {
        let left = self.left.checked_sub(ANSWERS_PER_RETRY);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(budget: &mut RetryBudget) -> u32 {
        (0..1_000).filter(|_| budget.take()).count() as u32
    }

    #[test]
    fn retries_end_when_none_is_left_and_answers_earn_new_ones() {
        let mut budget = RetryBudget::default();
        assert_eq!(taken(&mut budget), RETRIES_SAVED);
        (0..ANSWERS_PER_RETRY).for_each(|_| budget.deposit());
        assert_eq!(taken(&mut budget), 1);
        (0..1_000_000).for_each(|_| budget.deposit());
        assert_eq!(taken(&mut budget), RETRIES_SAVED, "the budget is limited");
    }
}

//! How many retries a server's trouble may cause. Pure.

use crate::limits::{ANSWERS_PER_RETRY, RETRIES_SAVED};

/// Retries that may be made: so many answers earn one, so that retries add at most that share to the load for long, however
/// many callers would retry.
#[derive(Debug)]
pub struct RetryBudget {
    /// In answers.
    left: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        RetryBudget { left: RETRIES_SAVED * ANSWERS_PER_RETRY }
    }
}

impl RetryBudget {
    /// Notes an answer.
    pub fn deposit(&mut self) {
        self.left = (self.left + 1).min(RETRIES_SAVED * ANSWERS_PER_RETRY);
    }

    /// Takes a retry, if there is one left.
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
        assert_eq!(taken(&mut budget), RETRIES_SAVED, "they are not saved without end");
    }
}

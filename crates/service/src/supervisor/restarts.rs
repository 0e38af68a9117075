//! Tracks how often a task has failed recently, and decides what follows. Pure: time and jitter are arguments.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{TASK_FAILURE_WINDOW, TASK_FAILURES, TASK_RESTART_FIRST, TASK_RESTART_LONGEST};

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Restart the task after this pause.
    RestartAfter(Duration),
    /// The task failed too often.
    GiveUp,
}

/// The failures of one task.
#[derive(Debug, Default)]
pub struct Restarts {
    /// When it failed, within [`TASK_FAILURE_WINDOW`].
    failures: VecDeque<Duration>,
}

impl Restarts {
    /// Records a failure at `now`, counted from any start. `jitter`, from 0 to 1, spreads tasks that failed together
    /// over the second half of their pause.
    pub fn failed(&mut self, now: Duration, jitter: f64) -> Verdict {
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.saturating_sub(*first) >= TASK_FAILURE_WINDOW) {
            self.failures.pop_front();
        }
        if self.failures.len() >= TASK_FAILURES {
            return Verdict::GiveUp;
        }
        let doubled = TASK_RESTART_FIRST.saturating_mul(1 << (self.failures.len() - 1).min(16));
        Verdict::RestartAfter(doubled.min(TASK_RESTART_LONGEST).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_fifth_failure_within_ten_minutes_is_the_last() {
        let mut restarts = Restarts::default();
        let pauses = [0, 100, 200, 300].map(|second| restarts.failed(at(second), 1.0));
        let doubled = [1, 2, 4, 8].map(|times| Verdict::RestartAfter(TASK_RESTART_FIRST * times));
        assert_eq!(pauses, doubled);
        assert_eq!(restarts.failed(at(599), 1.0), Verdict::GiveUp);
    }

    #[test]
    fn old_failures_are_forgotten() {
        let mut restarts = Restarts::default();
        for second in (0..100).map(|times| times * 150) {
            assert_ne!(restarts.failed(at(second), 0.0), Verdict::GiveUp, "four in ten minutes are tolerated forever");
        }
    }
}

//! The circuit breaker's state. Pure: time (since any start) and jitter are arguments.

use std::time::Duration;

use crate::limits::{CIRCUIT_FAILURES, CIRCUIT_PAUSE_FIRST, CIRCUIT_PAUSE_LONGEST, CIRCUIT_PROBE_LIFE};

/// Closed: calls go through. Open: they fail at once. Half open: one goes through, and its outcome decides.
#[derive(Debug, Default)]
pub struct Breaker {
    /// Consecutive failures, without an answer in between.
    failures: u32,
    open: Option<OpenUntil>,
}

#[derive(Debug, Clone, Copy)]
struct OpenUntil {
    /// When the next probe may be made, or, while one is under way, when it counts as lost.
    probe_at: Duration,
    /// Whether a probe is under way.
    probing: bool,
    /// The number of failed probes.
    probes: u32,
}

/// What changed for other calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Calls fail at once, for about this long.
    Opened(Duration),
    /// Calls go through again.
    Closed,
}

impl Breaker {
    /// Asks whether a call may be made; if not, returns how long until the next one may. The first call to an open
    /// circuit after the pause is the probe. A probe whose outcome is never reported (its caller left) is replaced
    /// after a while.
    pub fn admit(&mut self, now: Duration) -> Result<(), Duration> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if now < open.probe_at {
            return Err(open.probe_at - now);
        }
        open.probing = true;
        open.probe_at = now + CIRCUIT_PROBE_LIFE;
        Ok(())
    }

    /// Records an answer, including that of a call which began before the circuit opened: the server is reachable.
    pub fn answered(&mut self) -> Option<Change> {
        self.failures = 0;
        self.open.take().map(|_| Change::Closed)
    }

    /// Records a failure. `jitter`, from 0 to 1, spreads the nodes that lost the server together over the second half
    /// of the pause.
    pub fn failed(&mut self, now: Duration, jitter: f64) -> Option<Change> {
        self.failures = self.failures.saturating_add(1);
        let probes = match self.open {
            None if self.failures < CIRCUIT_FAILURES => return None,
            None => 0,
            Some(open) if open.probing => open.probes + 1,
            // One of many calls that were under way when the circuit opened.
            Some(_) => return None,
        };
        let was_closed = self.open.is_none();
        let doubled = CIRCUIT_PAUSE_FIRST.saturating_mul(1 << probes.min(16)).min(CIRCUIT_PAUSE_LONGEST);
        let pause = doubled.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        self.open = Some(OpenUntil { probe_at: now + pause, probing: false, probes });
        was_closed.then_some(Change::Opened(pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn opened(now: Duration) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 1..CIRCUIT_FAILURES {
            assert_eq!(breaker.failed(now, 1.0), None);
        }
        assert_eq!(breaker.failed(now, 1.0), Some(Change::Opened(CIRCUIT_PAUSE_FIRST)));
        breaker
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            for _ in 1..CIRCUIT_FAILURES {
                assert_eq!((breaker.failed(NONE, 1.0), breaker.admit(NONE)), (None, Ok(())));
            }
            assert_eq!(breaker.answered(), None, "it was never open");
        }
    }

    #[test]
    fn after_the_pause_one_probe_goes_through_and_its_answer_closes_it() {
        let mut breaker = opened(NONE);
        assert_eq!(breaker.admit(NONE), Err(CIRCUIT_PAUSE_FIRST));
        let now = CIRCUIT_PAUSE_FIRST;
        assert_eq!(breaker.admit(now), Ok(()), "the probe");
        assert_eq!(breaker.admit(now), Err(CIRCUIT_PROBE_LIFE), "one at a time");
        assert_eq!(breaker.answered(), Some(Change::Closed));
        assert_eq!(breaker.admit(now), Ok(()));
        assert_eq!(breaker.failed(now, 1.0), None, "the count starts again");
    }

    #[test]
    fn a_probe_that_fails_doubles_the_pause_up_to_a_bound() {
        let mut breaker = opened(NONE);
        let (mut now, mut pauses) = (CIRCUIT_PAUSE_FIRST, Vec::new());
        for _ in 0..8 {
            assert_eq!(breaker.admit(now), Ok(()));
            assert_eq!(breaker.failed(now, 1.0), None, "it was open before");
            let pause = breaker.admit(now).expect_err("it is open");
            pauses.push(pause);
            now += pause;
        }
        assert_eq!(pauses[0], CIRCUIT_PAUSE_FIRST * 2);
        assert_eq!(pauses[7], CIRCUIT_PAUSE_LONGEST);
    }

    #[test]
    fn a_probe_without_a_reported_outcome_is_replaced() {
        let mut breaker = opened(NONE);
        assert_eq!(breaker.admit(CIRCUIT_PAUSE_FIRST), Ok(()));
        assert_eq!(breaker.admit(CIRCUIT_PAUSE_FIRST + CIRCUIT_PROBE_LIFE), Ok(()));
    }

    #[test]
    fn calls_that_were_under_way_neither_prolong_it_nor_keep_it_open() {
        let mut breaker = opened(NONE);
        assert_eq!(breaker.failed(CIRCUIT_PAUSE_FIRST / 2, 1.0), None);
        assert_eq!(breaker.admit(CIRCUIT_PAUSE_FIRST), Ok(()));
        let mut breaker = opened(NONE);
        assert_eq!(breaker.answered(), Some(Change::Closed));
    }
}

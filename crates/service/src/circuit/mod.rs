//! A circuit breaker for a server that this process depends on: while the server does not answer, calls fail at once
//! instead of each waiting for its time-out, and one probe at a time finds out when it is back. Beside it, a budget for
//! retries.
//!
//! Adapters place it around their requests, since they alone can tell a server that does not answer from one that refuses.

mod breaker;
mod budget;

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::Rng as _;

pub use breaker::{Breaker, Change};
pub use budget::RetryBudget;

/// The circuit to one server.
#[derive(Debug)]
pub struct Circuit {
    server: &'static str,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    breaker: Breaker,
    budget: RetryBudget,
    /// Why the last call failed.
    why: String,
}

/// The error of a call that was not made, because the server did not answer earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Why the last call failed.
    pub why: String,
    /// Milliseconds after which a call may be made again.
    pub retry_ms: u64,
}

impl Circuit {
    /// Returns a closed circuit. `server` names it in the log and in `palaver_circuit_open`.
    pub fn new(server: &'static str) -> Circuit {
        metrics::gauge!("palaver_circuit_open", "server" => server).set(0.0);
        Circuit { server, began: Instant::now(), state: Mutex::default() }
    }

    /// Asks whether a call may be made now.
    pub fn admit(&self) -> Result<(), Open> {
        let now = self.began.elapsed();
        let mut state = self.state.lock();
        let wait = state.breaker.admit(now).err();
        wait.map_or(Ok(()), |wait| Err(Open { why: state.why.clone(), retry_ms: millis(wait) }))
    }

    /// Records that the server answered, whatever it said.
    pub fn answered(&self) {
        let mut state = self.state.lock();
        state.budget.deposit();
        if state.breaker.answered() == Some(Change::Closed) {
            metrics::gauge!("palaver_circuit_open", "server" => self.server).set(0.0);
            tracing::info!(server = self.server, "server answers again, calls go through");
        }
    }

    /// Records that the server did not answer, or said that it cannot. A slow or refused query is no such failure.
    pub fn failed(&self, why: &str) {
        let now = self.began.elapsed();
        let mut state = self.state.lock();
        why.clone_into(&mut state.why);
        if let Some(Change::Opened(pause)) = state.breaker.failed(now, rand::rng().random()) {
            metrics::gauge!("palaver_circuit_open", "server" => self.server).set(1.0);
            tracing::warn!(
                server = self.server,
                why,
                pause_ms = millis(pause),
                "server does not answer, calls fail at once"
            );
        }
    }

    /// Takes a retry from the budget. Without one the caller gives up: more retries would only add to the load.
    pub fn may_retry(&self) -> bool {
        self.state.lock().budget.take()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CIRCUIT_FAILURES;

    #[test]
    fn an_open_circuit_says_why_and_when_to_retry() {
        let circuit = Circuit::new("test");
        for _ in 0..CIRCUIT_FAILURES {
            assert_eq!(circuit.admit(), Ok(()));
            circuit.failed("connection refused");
        }
        let open = circuit.admit().expect_err("it does not answer");
        assert_eq!(open.why, "connection refused");
        assert!((1..=1_000).contains(&open.retry_ms), "{open:?}");
        circuit.answered();
        assert_eq!(circuit.admit(), Ok(()));
    }
}

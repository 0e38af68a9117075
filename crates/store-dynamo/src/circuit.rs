//! Requests behind the circuit breaker: while DynamoDB does not answer, they fail at once.

use std::time::Duration;

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use domain::Backoff;
use service::circuit::Open;
use service::ports::{StoreError, StoreResult};
use tokio::time::Instant;

use crate::error::Fault;
use crate::table_store::{TableStore, jitter};

impl TableStore {
    /// Asks whether it makes sense to send a request now.
    pub fn admit(&self) -> StoreResult<()> {
        self.circuit.admit().map_err(|Open { why, retry_ms }| StoreError::Unavailable { why, retry_ms })
    }

    /// Records whether DynamoDB answered a read, after the SDK's own retries.
    pub fn noted<T, E, R>(&self, answer: Result<T, SdkError<E, R>>) -> Result<T, SdkError<E, R>>
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match &answer {
            // A refusal is an answer: throttling, a missing table, a key that is too long.
            Ok(_) | Err(SdkError::ServiceError(_) | SdkError::ConstructionFailure(_)) => self.circuit.answered(),
            Err(error) => self.circuit.failed(&DisplayErrorContext(error).to_string()),
        }
        answer
    }

    /// Returns the pause before a write is retried after this fault. Returns `None` if it is not retried any more: its
    /// tries then count as one call, or a single one could open the circuit.
    pub fn retry_pause(&self, fault: &Fault, backoff: &mut Backoff, until: Instant) -> Option<Duration> {
        let pause = backoff.next_delay(jitter());
        if self.may_retry(fault) && Instant::now() + pause < until {
            return Some(pause);
        }
        if let Fault::Unclear(why) = fault {
            self.circuit.failed(why);
        }
        None
    }

    /// Returns whether the budget allows a retry of a write after this fault. A write that met another one got an
    /// answer, and its retry is not charged to the budget.
    fn may_retry(&self, fault: &Fault) -> bool {
        match fault {
            Fault::Contended => true,
            Fault::Throttled(_) | Fault::Unclear(_) => self.circuit.may_retry(),
            Fault::Refused(_) | Fault::Rejected(_) => false,
        }
    }
}

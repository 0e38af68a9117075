//! Requests behind the circuit breaker: while DynamoDB does not answer, they fail at once.

use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use service::circuit::Open;
use service::ports::{StoreError, StoreResult};

use crate::error::Fault;
use crate::table_store::TableStore;

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

    /// Returns whether the budget allows a retry of a write after this fault. A write that met another one got an
    /// answer, and its retry is not charged to the budget.
    pub fn may_retry(&self, fault: &Fault) -> bool {
        match fault {
            Fault::Contended => true,
            Fault::Throttled(_) | Fault::Unclear(_) => self.circuit.may_retry(),
            Fault::Refused(_) | Fault::Rejected(_) => false,
        }
    }

    /// Records that a write is not retried any more. Its tries count as one call, or a single one could open the
    /// circuit.
    pub fn gave_up(&self, fault: &Fault) {
        if let Fault::Unclear(why) = fault {
            self.circuit.failed(why);
        }
    }
}

//! Errors: why a table did not open, and what a failed request means to its caller.
//!
//! The one question that matters about a failed write is whether it may have been committed all the same.

use aws_sdk_dynamodb::error::{BoxError, DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use service::ports::StoreError;

use crate::item::Item;

/// Milliseconds after which a retry makes sense when DynamoDB throttles.
pub const THROTTLED_MS: u64 = 200;
/// Milliseconds after which a retry makes sense when DynamoDB does not answer.
pub const AWAY_MS: u64 = 500;
/// Milliseconds after which a retry makes sense for a failure that does not end within moments.
pub const BROKEN_MS: u64 = 1_000;

/// An error of opening or creating a table.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The table was written by a later release.
    #[error(
        "the table {table} was written by a newer release (schema {found}, this release knows up to {known}): \
         start that release or a later one"
    )]
    Newer {
        /// The table's name.
        table: String,
        /// The version of its schema.
        found: u64,
        /// The latest version that this release knows.
        known: u64,
    },
    /// There is no such table.
    #[error("there is no table {0}: create it with `palaver bootstrap`")]
    NoTable(String),
    /// A table of another program has this name.
    #[error("the table {0} is not a Palaver table (its key is not pk, sk): name another one")]
    Foreign(String),
    /// A copy into the table was not finished.
    #[error("the table {0} holds a copy that was not finished: run `palaver copy` again, which begins it anew")]
    Incomplete(String),
    /// The table has no stream.
    #[error("the table {0} has no stream: add one with `palaver bootstrap`")]
    NoStream(String),
    /// A request failed.
    #[error("the table {table} cannot be {what}: {source}")]
    Request {
        /// The table's name.
        table: String,
        /// What was tried.
        what: &'static str,
        /// The cause.
        #[source]
        source: BoxError,
    },
    /// An answer could not be used.
    #[error("the table {table} cannot be opened: {source}")]
    Store {
        /// The table's name.
        table: String,
        /// The cause.
        #[source]
        source: StoreError,
    },
}

/// Why one write request failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Conditions did not hold: the indexes of the operations, and the items found there. Nothing was written.
    Refused(Vec<(usize, Option<Item>)>),
    /// Another transaction was writing one of the items. Nothing was written.
    Contended,
    /// There were too many requests. Nothing was written.
    Throttled(String),
    /// DynamoDB does not accept this request, now or later. Nothing was written.
    Rejected(String),
    /// There was no answer, or one that leaves the outcome open: it may have been committed.
    Unclear(String),
}

/// Why a write failed.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteError {
    /// Conditions did not hold: the indexes of the operations, and the items found there.
    Refused(Vec<(usize, Option<Item>)>),
    /// The store is not available. The write may have been committed all the same, if a condition guards it.
    Store(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> WriteError {
        WriteError::Store(error)
    }
}

impl WriteError {
    /// Returns `refused` if conditions did not hold, otherwise the store's error.
    pub fn or(self, refused: StoreError) -> StoreError {
        match self {
            WriteError::Refused(_) => refused,
            WriteError::Store(error) => error,
        }
    }
}

/// Returns a port's error for a write that failed for another reason than its conditions.
pub fn unavailable(why: impl Into<String>, retry_ms: u64) -> StoreError {
    StoreError::Unavailable { why: why.into(), retry_ms }
}

/// Returns the error of a failed read, after the SDK's own retries.
pub fn read_error<E, R>(error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let retry_ms = match error.as_service_error().map(|error| kind(error.code().unwrap_or_default())) {
        Some(Kind::Throttled) => THROTTLED_MS,
        Some(Kind::Other) => BROKEN_MS,
        _ => AWAY_MS,
    };
    unavailable(DisplayErrorContext(&error).to_string(), retry_ms)
}

/// Classifies a failed write; `reasons` are those of a cancelled transaction, `old` the item that failed a single
/// write's condition.
pub fn fault<E, R>(error: &SdkError<E, R>, details: impl FnOnce(&E) -> Details) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let why = || DisplayErrorContext(error).to_string();
    let service = match error {
        SdkError::ServiceError(service) => service.err(),
        // The request did not leave this process.
        SdkError::ConstructionFailure(_) => return Fault::Rejected(why()),
        _ => return Fault::Unclear(why()),
    };
    match kind(service.code().unwrap_or_default()) {
        Kind::Refused => match details(service) {
            Details::Old(old) => Fault::Refused(vec![(0, old)]),
            _ => Fault::Refused(vec![(0, None)]),
        },
        Kind::Cancelled => match details(service) {
            Details::Reasons(reasons) => cancelled(&reasons).unwrap_or_else(|| Fault::Rejected(why())),
            _ => Fault::Unclear(why()),
        },
        Kind::Contended => Fault::Contended,
        Kind::Throttled => Fault::Throttled(why()),
        Kind::Unclear => Fault::Unclear(why()),
        Kind::Other => Fault::Rejected(why()),
    }
}

/// What the error of an operation contains besides its code.
pub enum Details {
    /// Nothing.
    None,
    /// The item for which a condition did not hold.
    Old(Option<Item>),
    /// Why a transaction was cancelled, operation by operation.
    Reasons(Vec<CancellationReason>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Refused,
    Cancelled,
    Contended,
    Throttled,
    Unclear,
    Other,
}

fn kind(code: &str) -> Kind {
    match code {
        "ConditionalCheckFailedException" | "ConditionalCheckFailed" => Kind::Refused,
        "TransactionCanceledException" => Kind::Cancelled,
        "TransactionConflictException" | "TransactionConflict" => Kind::Contended,
        "ThrottlingException"
        | "Throttling"
        | "ThrottlingError"
        | "ProvisionedThroughputExceededException"
        | "ProvisionedThroughputExceeded"
        | "RequestLimitExceeded"
        | "LimitExceededException" => Kind::Throttled,
        // Errors inside DynamoDB say nothing about the outcome, and neither does a transaction still under way.
        ""
        | "InternalServerError"
        | "InternalFailure"
        | "InternalServerErrorException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "TransactionInProgressException"
        | "RequestTimeout" => Kind::Unclear,
        _ => Kind::Other,
    }
}

/// Classifies a cancelled transaction. A condition that did not hold matters most: a conflict beside it may be the very
/// write that broke it.
fn cancelled(reasons: &[CancellationReason]) -> Option<Fault> {
    let with = |wanted: Kind| {
        let of = move |reason: &CancellationReason| reason.code().is_some_and(|code| kind(code) == wanted);
        reasons.iter().enumerate().filter(move |(_, reason)| of(reason))
    };
    let refused: Vec<_> = with(Kind::Refused).map(|(index, reason)| (index, reason.item.clone().map(Item))).collect();
    if !refused.is_empty() {
        return Some(Fault::Refused(refused));
    }
    if with(Kind::Contended).next().is_some() {
        return Some(Fault::Contended);
    }
    with(Kind::Throttled).next().map(|_| Fault::Throttled("a transaction was throttled".into()))
}

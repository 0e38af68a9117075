//! The one place where an error of the store becomes a refusal that a user can read.

use std::time::Instant;

use domain::{Code, Refusal};

use crate::log_throttle::LogThrottle;
use crate::ports::{BlobError, StoreError};

/// What a user is told while the store does not answer.
pub(crate) const STORE_AWAY: &str = "The server cannot reach its store right now. It is tried again.";

/// After how many milliseconds a repeat makes sense when nobody knows better.
pub(crate) const RETRY_MS: u64 = 1_000;

/// A queue is full.
pub(crate) fn overloaded() -> Refusal {
    Refusal::new(Code::Overloaded, "Too much happens in this room right now. It is tried again.").retry_in(RETRY_MS)
}

/// After how many milliseconds a client may ask again for what cannot be decoded.
const UNREADABLE_RETRY_MS: u64 = 60_000;

/// The store belongs to another epoch than the caller.
pub(crate) fn other_epoch() -> Refusal {
    Refusal::unavailable("The server was restored from a backup. Connect again.", RETRY_MS)
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        match error {
            StoreError::NotFound => Refusal::not_found("It is not there."),
            StoreError::Taken(what) => {
                Refusal::new(Code::Conflict, format!("This {what} is taken; choose another one."))
            }
            StoreError::Unavailable { why, retry_ms } => {
                static LINE: LogThrottle = LogThrottle::new();
                if let Some(repeated) = LINE.admit(&why, Instant::now()) {
                    tracing::warn!(why, repeated, "store unavailable");
                }
                Refusal::unavailable(STORE_AWAY, retry_ms)
            }
            // Noted where it was read. A repeat does not help until a release that can decode it runs.
            StoreError::Unreadable { .. } => Refusal::unavailable(
                "This cannot be read by the running version of the server. Ask its operator to look at the log.",
                UNREADABLE_RETRY_MS,
            ),
            StoreError::OtherEpoch => other_epoch(),
        }
    }
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Refusal {
        match error {
            BlobError::NotFound => Refusal::not_found("The file is not there."),
            BlobError::TooLarge(limit) => {
                Refusal::new(Code::TooLarge, format!("The file has more than {limit} bytes."))
            }
            BlobError::Interrupted(_) => Refusal::bad_request("The upload broke off. Send the file again."),
            BlobError::Unavailable(why) => {
                static LINE: LogThrottle = LogThrottle::new();
                if let Some(repeated) = LINE.admit(&why, Instant::now()) {
                    tracing::warn!(why, repeated, "blob store unavailable");
                }
                Refusal::unavailable("The file store does not work right now. Try again later.", RETRY_MS)
            }
        }
    }
}

//! Turns errors of the stores into refusals that a user can read. No other module does.

use std::time::Instant;

use domain::{Code, Refusal};

use crate::log_throttle::LogThrottle;
use crate::ports::{BlobError, StoreError};

/// The text that a user sees while the store does not answer.
pub(crate) const STORE_AWAY: &str = "The server cannot reach its database right now. Please retry in a moment.";

/// The text that a user sees while the disk of the store, or of the files, is full.
const DISK_FULL: &str =
    "The server's disk is full, so nothing new can be stored. Tell the operator; this works again once there is space.";

/// Milliseconds after which a retry makes sense while a disk is full: somebody has to make room.
const FULL_RETRY_MS: u64 = 5_000;

/// Returns the refusal of a change that does not fit on the disk.
pub(crate) fn disk_full() -> Refusal {
    Refusal::unavailable(DISK_FULL, FULL_RETRY_MS)
}

/// Milliseconds after which a retry makes sense, where nothing better is known.
pub(crate) const RETRY_MS: u64 = 1_000;

/// Returns the refusal of a change whose queue is full.
pub(crate) fn overloaded() -> Refusal {
    Refusal::new(Code::Overloaded, "This room is too busy right now. Please retry in a moment.").retry_in(RETRY_MS)
}

/// Milliseconds after which a client may ask again for a record that cannot be decoded.
const UNREADABLE_RETRY_MS: u64 = 60_000;

/// Returns the refusal of a call whose epoch is not the store's.
pub(crate) fn other_epoch() -> Refusal {
    Refusal::restored(RETRY_MS)
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        match error {
            StoreError::NotFound => Refusal::not_found("Not found."),
            StoreError::Taken(what) => {
                Refusal::new(Code::Conflict, format!("This {what} is already taken. Choose another one."))
            }
            StoreError::LastAdmin => Refusal::new(
                Code::Conflict,
                "This is the only admin who can sign in. Make another account an admin first.",
            ),
            StoreError::Unavailable { why, retry_ms } => {
                static LINE: LogThrottle = LogThrottle::new();
                if let Some(repeated) = LINE.admit(&why, Instant::now()) {
                    tracing::warn!(why, repeated, "store unavailable");
                }
                Refusal::unavailable(STORE_AWAY, retry_ms)
            }
            StoreError::Full { why } => {
                log_full(&why);
                disk_full()
            }
            // Logged where it was read. A retry does not help until a release that can decode it runs.
            StoreError::Unreadable { .. } => Refusal::unavailable(
                "This version of the server cannot read this data. Ask the operator to check the server's log.",
                UNREADABLE_RETRY_MS,
            ),
            StoreError::OtherEpoch => other_epoch(),
        }
    }
}

fn log_full(why: &str) {
    static LINE: LogThrottle = LogThrottle::new();
    if let Some(repeated) = LINE.admit(why, Instant::now()) {
        tracing::error!(why, repeated, "no space is left, make room on the disk of the data or of the database");
    }
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Refusal {
        match error {
            BlobError::NotFound => Refusal::not_found("This file does not exist."),
            BlobError::TooLarge(limit) => {
                Refusal::new(Code::TooLarge, format!("The file is larger than {}.", file_size(limit)))
            }
            BlobError::Interrupted(_) => {
                Refusal::bad_request("The upload was interrupted. Please upload the file again.")
            }
            BlobError::Full(why) => {
                log_full(&why);
                disk_full()
            }
            BlobError::Unavailable(why) => {
                static LINE: LogThrottle = LogThrottle::new();
                if let Some(repeated) = LINE.admit(&why, Instant::now()) {
                    tracing::warn!(why, repeated, "blob store unavailable");
                }
                Refusal::unavailable("The file storage is not available right now. Please retry later.", RETRY_MS)
            }
        }
    }
}

/// Writes a size as people read it: `25 MiB`, `1.5 KiB`, `900 bytes`. Rounds down, so that a limit is never exceeded.
pub(crate) fn file_size(bytes: u64) -> String {
    let units = [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} bytes");
    };
    let (whole, tenth) = (bytes / unit, bytes % unit * 10 / unit);
    if tenth == 0 { format!("{whole} {name}") } else { format!("{whole}.{tenth} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_written_in_binary_units() {
        for (bytes, shown) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (25 << 20, "25 MiB"),
            ((1 << 30) - 1, "1023.9 MiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ] {
            assert_eq!(file_size(bytes), shown);
        }
    }
}

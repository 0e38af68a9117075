//! Limits of a copy: what it holds in memory, and how long it waits for a store.

use std::time::Duration;

/// Logs of which one page of the list holds the names.
pub const LOG_PAGE: usize = 256;
/// Logs that are copied at once.
pub const LOGS_AT_ONCE: usize = 8;
/// Bytes of entries that one log has in memory.
pub const ENTRY_BYTES: usize = 256 * 1024;
/// Entries that one write has.
pub const ENTRIES: usize = 1_000;
/// Records that one write has.
pub const RECORDS: usize = 500;
/// Files whose bytes are copied at once.
pub const FILES_AT_ONCE: usize = 4;
/// Differences and unreadable records that a report names; it counts all of them.
pub const NAMED: usize = 20;
/// How long a store may not answer before the copy fails.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often progress is printed.
pub const PROGRESS: Duration = Duration::from_secs(2);

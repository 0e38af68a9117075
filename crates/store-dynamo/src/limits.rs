//! Limits of what the store caches.

/// The number of logs whose end a store caches, to save a read before an append.
pub const LOGS_REMEMBERED: usize = 20_000;
/// Rows of a deleted account that are read at once, to be removed.
pub const ERASED_ROWS: usize = 100;
/// Rows of a deleted account that are removed concurrently.
pub const ERASED_AT_ONCE: usize = 8;

//! Limits of what the store caches.

/// The number of logs whose end a store caches, to save a read before an append.
pub const LOGS_REMEMBERED: usize = 20_000;

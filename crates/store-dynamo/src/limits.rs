//! Limits of what the store remembers.

/// Logs of which a store remembers where they end, to save a read before an append.
pub const LOGS_REMEMBERED: usize = 20_000;

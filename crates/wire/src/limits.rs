//! Limits of what is parsed.

/// Depth of nested JSON.
pub const JSON_DEPTH: usize = 32;

//! The limits of the parsers.

/// The maximum depth of nested JSON.
pub const JSON_DEPTH: usize = 32;

//! The limits of the parsers.

/// The maximum depth of nested JSON.
pub const JSON_DEPTH: usize = 32;

/// Characters of a parser's error that a client is sent. It may quote a part of what the client sent.
pub const EXPLAINED_CHARS: usize = 300;

//! The limits of the parsers.

/// The maximum depth of nested JSON.
pub const JSON_DEPTH: usize = 32;

/// Characters that a client is sent of what a type says about a value that it does not accept.
pub const EXPLAINED_CHARS: usize = 300;

/// Characters of a value or a name that an error quotes.
pub const QUOTED_CHARS: usize = 60;

/// Fields that a frame may have for an error to name the one that is wrong: each is tried. No frame needs as many.
pub const PROBED_FIELDS: usize = 32;

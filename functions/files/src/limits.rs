//! The limits of uploads.

/// The files that arrive before their room is known, at the same time: each is kept on disk until its form ends.
pub const SPOOLED_AT_ONCE: usize = 4;

/// The bytes that are read from such a file at once.
pub const SPOOL_CHUNK: usize = 64 * 1024;

/// The bytes of a form around an uploaded file: its other fields and the boundaries.
pub const MULTIPART_OVERHEAD: usize = 64 * 1024;

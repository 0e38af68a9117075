//! The limits of uploads.

/// The bytes of a form around an uploaded file: its other fields and the boundaries.
pub const MULTIPART_OVERHEAD: usize = 64 * 1024;

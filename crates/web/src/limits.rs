//! Limits of HTTP requests.

/// Maximum size of a JSON request body, in bytes.
pub const JSON_BODY: usize = 256 * 1024;

//! Limits of HTTP requests.

/// Maximum size of a JSON request body, in bytes.
pub const JSON_BODY: usize = 256 * 1024;
/// How much of a node's capacity is in use, in percent, from which on the caps of addresses apply.
pub const CAPS_APPLY_ABOVE_PERCENT: usize = 70;

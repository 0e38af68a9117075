//! Limits of what a call may carry.

/// A JSON body of a REST call, in bytes.
pub const JSON_BODY: usize = 256 * 1024;

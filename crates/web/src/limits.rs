//! Limits of HTTP requests.

use std::time::Duration;

/// Maximum size of a JSON request body, in bytes.
pub const JSON_BODY: usize = 256 * 1024;
/// The largest rest of a body, in bytes, that is read after its call was answered.
pub const UNREAD_BODY: u64 = 64 * 1024;
/// How long such a rest may take to arrive.
pub const UNREAD_BODY_TIME: Duration = Duration::from_secs(1);
/// The most that a closed connection still reads, in bytes: a client that is still sending would otherwise see a reset
/// instead of its answer.
pub const LINGER_BYTES: usize = 1024 * 1024;
/// How long a closed connection still reads.
pub const LINGER_TIME: Duration = Duration::from_secs(1);
/// How much of a node's capacity is in use, in percent, from which on the caps of addresses apply.
pub const CAPS_APPLY_ABOVE_PERCENT: usize = 70;
/// Characters of a header that a log line or an error quotes.
pub const SHOWN_CHARS: usize = 128;

//! Limits of a shard.

use std::time::Duration;

/// The size of the buffer that all sockets of a shard read into, and the most that one socket may send before the others
/// have their turn, in bytes.
pub const READ_BUFFER: usize = 64 * 1024;
/// How many frames one system call writes.
pub const FRAMES_PER_WRITE: usize = 64;
/// How many events one poll returns.
pub const EVENTS_PER_POLL: usize = 1_024;
/// How long the client has to answer a close frame. Bytes that the client never reads would turn the close into a reset,
/// and the reason would be lost.
pub const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// How many buffers a client may still send after its socket was closed.
pub const READS_AFTER_CLOSE: usize = 64;

//! Limits of one socket and of the logs that it follows.

use std::time::Duration;

/// Maximum number of rooms in one `rooms` frame.
pub const ROOMS_PER_FRAME: usize = 100;
/// Maximum number of logs whose heads one ping names.
pub const HEADS_PER_PING: usize = 200;
/// Maximum size of a client's frame before it has signed in, in bytes.
pub const FRAME_BEFORE_AUTH: usize = 4 * 1024;
/// Maximum number of fragments of a client's message.
pub const FRAGMENTS: u32 = 16;
/// Bytes waiting for one socket from which ephemeral frames are dropped.
pub const BACKLOG_SOFT_BYTES: usize = 256 * 1024;
/// Bytes waiting for one socket from which it is closed as `lagged`.
pub const BACKLOG_HARD_BYTES: usize = 1024 * 1024;
/// Maximum number of a socket's frames in flight; the next is read when one is answered.
pub const FRAMES_IN_FLIGHT: usize = 64;
/// Maximum requests of one socket in sixty seconds besides [`domain::limits::Limits::frames_per_60s`]: `pong`, `fill`,
/// and each log of a `resume`. Far more than a client with many rooms needs; less than a flood.
pub const PACED_PER_60S: u32 = 20_000;
/// Maximum number of replay pages read at once for one socket; further ones wait their turn.
pub const REPLAYS_IN_FLIGHT: usize = 4;
/// Maximum number of logs that one step of a resume looks up together; further ones wait their turn.
pub const LOGS_PER_RESUME: usize = 100;
/// Maximum number of logs in one `resume` frame.
pub const CURSORS_PER_RESUME: usize = 2_000;
/// Maximum number of logs that one socket may follow.
pub const LOGS_PER_SOCKET: usize = 2_000;
/// How long before its access token expires a client is warned.
pub const EXPIRING_BEFORE: Duration = Duration::from_secs(60);
/// How long a log stays subscribed after the last socket stopped following it.
pub const LOG_LINGER: Duration = Duration::from_secs(30);
/// How long after a connection's first frame its `hello` must arrive.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long checking a credential may take before the socket is closed.
pub const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum number of log reads that the hub requests at once; further ones wait.
pub const LOG_READS_AT_ONCE: usize = 64;

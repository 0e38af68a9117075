//! Limits of one socket and of what it follows.

use std::time::Duration;

/// Rooms of one `rooms` frame.
pub const ROOMS_PER_FRAME: usize = 100;
/// Logs whose heads one ping names.
pub const HEADS_PER_PING: usize = 200;
/// A client's frame before it has signed in, in bytes.
pub const FRAME_BEFORE_AUTH: usize = 4 * 1024;
/// Bytes waiting for one socket before ephemeral frames are dropped.
pub const BACKLOG_SOFT_BYTES: usize = 256 * 1024;
/// Bytes waiting for one socket before it is closed as `lagged`.
pub const BACKLOG_HARD_BYTES: usize = 1024 * 1024;
/// Frames of one socket that are being answered; the next is read when one is done.
pub const FRAMES_IN_FLIGHT: usize = 64;
/// What one socket may ask in sixty seconds beside [`domain::limits::Limits::frames_per_60s`]: `pong`, `fill`, and each log of a
/// `resume`. Far more than a client of many rooms needs; less than a flood.
pub const PACED_PER_60S: u32 = 20_000;
/// Replay pages that one socket is being read at once; further ones wait their turn.
pub const REPLAYS_IN_FLIGHT: usize = 4;
/// Logs of one `resume` frame.
pub const CURSORS_PER_RESUME: usize = 2_000;
/// Logs that one socket may follow.
pub const LOGS_PER_SOCKET: usize = 2_000;
/// How long before its end a client is told that its access token ends.
pub const EXPIRING_BEFORE: Duration = Duration::from_secs(60);
/// How long a log that no socket follows any more stays subscribed.
pub const LOG_LINGER: Duration = Duration::from_secs(30);
/// How long after the first frame of a connection the `hello` must have come.
pub const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long checking a credential may take before the socket is closed.
pub const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(15);
/// Reads of logs that the hub asks for at once; further ones wait.
pub const LOG_READS_AT_ONCE: usize = 64;

//! Limits of one node of the tier.

use std::time::Duration;

/// Names that typing shows, per room and second.
pub const TYPING_PER_SECOND: usize = 3;
/// Bytes of a forward, and of its answer.
pub const FORWARD_BYTES: usize = 4 * 1024 * 1024;
/// How often a node sends its heartbeat, and looks which other nodes are alive.
pub const NODE_HEARTBEAT: Duration = Duration::from_secs(4);
/// Bytes that another program may post to a socket at once.
pub const POST_BYTES: usize = 128 * 1024;
/// How far the clock of a request's signer may differ from this node's.
pub const SIGNATURE_SKEW: Duration = Duration::from_secs(300);
/// Typing and marks of other nodes that wait to be shown; more are dropped.
pub const EPHEMERAL_QUEUE: usize = 1_024;
/// Commits that wait to be encoded for this node's sockets; more are read from the log.
pub const DELIVERY_QUEUE: usize = 4_096;
/// Commands that wait for one shard; when there are more, its sockets are closed as `lagged`.
pub const SHARD_QUEUE: usize = 16_384;
/// Replay pages that one node reads at once: bounds the memory when many clients reconnect together.
pub const REPLAYS_PER_NODE: usize = 64;
/// How often a node refreshes the presence of its sockets.
pub const PRESENCE_REFRESH: Duration = Duration::from_secs(10);
/// How often a socket gets the presence of all users that it watches.
pub const PRESENCE_FULL: Duration = Duration::from_secs(60);
/// How often a node asks which logs changed while the bus is down.
pub const CHANGES_INTERVAL_DOWN: Duration = Duration::from_secs(1);
/// How often each followed log is checked, whatever else was heard.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(600);
/// How long the body of a request to the private port may take to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Sockets that a node admits within [`ADMISSION_PERIOD`]: when many clients reconnect at once, their sign-ins are spread.
pub const ADMISSIONS: u32 = 4_000;
/// See [`ADMISSIONS`].
pub const ADMISSION_PERIOD: Duration = Duration::from_secs(4);

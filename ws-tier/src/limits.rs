//! Limits of one node of the tier.

use std::time::Duration;

/// Names that typing shows, per room and second.
pub const TYPING_PER_SECOND: usize = 3;
/// Bytes of a forward, and of its answer.
pub const FORWARD_BYTES: usize = 4 * 1024 * 1024;
/// How often a node says that it lives, and looks who else does.
pub const NODE_BEAT: Duration = Duration::from_secs(4);
/// Bytes that another program may post to a socket at once.
pub const POST_BYTES: usize = 128 * 1024;
/// How far the clock of who signs a request may differ from ours.
pub const SIGNATURE_SKEW: Duration = Duration::from_secs(300);
/// Typing and marks that one node has heard and not yet shown; more are dropped.
pub const PASSING_QUEUE: usize = 1_024;
/// Commits that wait to be encoded for this node's sockets; more are read from the log.
pub const DELIVERY_QUEUE: usize = 4_096;
/// Hand-overs that wait for one shard; when there are more its sockets are closed as `lagged`.
pub const SHARD_QUEUE: usize = 16_384;
/// Replay pages that one node is reading at once: bounds the memory of many who come back together.
pub const REPLAYS_PER_NODE: usize = 64;
/// How often a node refreshes the presence of its sockets.
pub const PRESENCE_REFRESH: Duration = Duration::from_secs(10);
/// How often watchers get all of whom they watch.
pub const PRESENCE_FULL: Duration = Duration::from_secs(60);
/// See [`CHANGES_INTERVAL`].
pub const CHANGES_INTERVAL_DOWN: Duration = Duration::from_secs(1);
/// How often each followed log is checked, whatever else was heard.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(600);

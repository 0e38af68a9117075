//! Limits of one node of the tier.

use std::time::Duration;

/// Maximum number of names that typing shows, per room and second.
pub const TYPING_PER_SECOND: usize = 3;
/// Maximum size of a forward, and of its answer, in bytes.
pub const FORWARD_BYTES: usize = 4 * 1024 * 1024;
/// How often a node sends its heartbeat, and checks which other nodes are alive.
pub const NODE_HEARTBEAT: Duration = Duration::from_secs(4);
/// Maximum size of one post by another program to a socket, in bytes.
pub const POST_BYTES: usize = 128 * 1024;
/// Maximum difference between the clock of a request's signer and this node's.
pub const SIGNATURE_SKEW: Duration = Duration::from_secs(300);
/// Capacity of the queue for typing and marks from other nodes. Overflow is dropped.
pub const EPHEMERAL_QUEUE: usize = 1_024;
/// Capacity of the queue of commits to encode for this node's sockets. Overflow is read from the log.
pub const DELIVERY_QUEUE: usize = 4_096;
/// A room with at least this many live sockets is hot while its commits follow each other within [`HOT_GAP`].
pub const HOT_SOCKETS: usize = 100;
/// See [`HOT_SOCKETS`].
pub const HOT_GAP: Duration = Duration::from_millis(50);
/// How long the messages of a hot room wait for further ones.
pub const HOT_WAIT: Duration = Duration::from_millis(3);
/// Maximum number of large rooms whose last commit is remembered, per queue, unless more of them are hot.
pub const HOT_ROOMS: usize = 1_024;
/// Capacity of one shard's command queue. On overflow its sockets are closed as `lagged`.
pub const SHARD_QUEUE: usize = 16_384;
/// Maximum number of replay pages that one node reads at once: bounds the memory when many clients reconnect together.
pub const REPLAYS_PER_NODE: usize = 64;
/// The pause before a failed read of a log or a page is retried, unless the refusal names a longer one.
pub const READ_RETRY: Duration = Duration::from_millis(250);
/// How often a node refreshes the presence of its sockets.
pub const PRESENCE_REFRESH: Duration = Duration::from_secs(10);
/// How often a socket gets the presence of all users that it watches.
pub const PRESENCE_FULL: Duration = Duration::from_secs(60);
/// How often a node asks which logs changed while the bus is down.
pub const CHANGES_INTERVAL_DOWN: Duration = Duration::from_secs(1);
/// How often each followed log is checked, whatever was reported meanwhile.
pub const CHECK_INTERVAL: Duration = Duration::from_secs(600);
/// How long the body of a request to the private port may take to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of sockets that a node admits within [`ADMISSION_PERIOD`]: spreads the sign-ins when many clients
/// reconnect at once.
pub const ADMISSIONS: u32 = 4_000;
/// See [`ADMISSIONS`].
pub const ADMISSION_PERIOD: Duration = Duration::from_secs(4);
/// When a client whose address has too many sockets may retry.
pub const OVER_CAP_RETRY: Duration = Duration::from_secs(30);
/// The time between the answer of a Socket.IO client and the next ping, unless the heartbeat is shorter.
pub const ENGINE_PING_INTERVAL: Duration = Duration::from_secs(25);
/// How long a Socket.IO client may take to answer a ping.
pub const ENGINE_PING_TIMEOUT: Duration = Duration::from_secs(20);
/// Maximum size of a message of a Socket.IO client's transport, and of the body of one POST, in bytes. The messages of a chat are
/// limited like frames of the native protocol.
pub const ENGINE_PAYLOAD: usize = 1_000_000;
/// How often a Socket.IO client gets the event `heartbeat`.
pub const SOCKETIO_HEARTBEAT: Duration = Duration::from_secs(15);
/// Maximum number of Socket.IO clients that are being told why the node does not admit them; others get an HTTP error.
pub const REFUSED_SESSIONS: usize = 1_000;
/// How long such a client may take to connect.
pub const REFUSED_SESSION: Duration = Duration::from_secs(10);

//! The limits of the bus and of presence.

use std::time::Duration;

/// Capacity of a node's inbound bus queue. Overflow is dropped and recovered from the log.
pub const BUS_QUEUE: usize = 4_096;
/// Capacity of a node's publish queue. Overflow is dropped and recovered from the log.
pub const BUS_PUBLISH_QUEUE: usize = 8_192;
/// Capacity of that queue in bytes.
pub const BUS_PUBLISH_BYTES: usize = 32 * 1024 * 1024;
/// Messages published in one write.
pub const BUS_BATCH: usize = 128;
/// Bytes of one message on the bus; of a larger commit only the head is sent.
pub const BUS_MESSAGE_BYTES: usize = 256 * 1024;
/// How long the bus's server may take to answer before it counts as down.
pub const BUS_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a node checks that the bus's server answers.
pub const BUS_PING: Duration = Duration::from_millis(500);
/// The longest pause between two attempts to reach the bus's server.
pub const BUS_BACKOFF: Duration = Duration::from_secs(2);
/// Users without a connection whose last time online is kept.
pub const PRESENCE_REMEMBERED: usize = 100_000;
/// How long no user is declared offline after the presence of other nodes was lost: they refresh theirs meanwhile.
pub const PRESENCE_HOLD: Duration = Duration::from_secs(45);
/// Users or connections in one call to the presence server.
pub const PRESENCE_BATCH: usize = 250;

//! Limits of the bus and of presence.

use std::time::Duration;

/// What one node has heard on the bus and not yet read; more is lost, and found in the log.
pub const BUS_QUEUE: usize = 4_096;
/// What one node has published and Redis has not yet taken; more is lost, and found in the log.
pub const BUS_PUBLISH_QUEUE: usize = 8_192;
/// Bytes of it.
pub const BUS_PUBLISH_BYTES: usize = 32 * 1024 * 1024;
/// Messages that are published in one write.
pub const BUS_BATCH: usize = 128;
/// Bytes of one message on the bus; of a larger commit only the head is told.
pub const BUS_MESSAGE_BYTES: usize = 256 * 1024;
/// How long an answer of the bus's server may take before it counts as down.
pub const BUS_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a node makes sure that the bus's server is there.
pub const BUS_PING: Duration = Duration::from_millis(500);
/// The longest pause between two tries to reach the bus's server.
pub const BUS_BACKOFF: Duration = Duration::from_secs(2);
/// Users without a connection whose last time is remembered.
pub const PRESENCE_REMEMBERED: usize = 100_000;
/// How long nobody is declared offline after the presence of other nodes was lost: they refresh theirs meanwhile.
pub const PRESENCE_HOLD: Duration = Duration::from_secs(45);
/// Users or connections that one call to the presence's server names.
pub const PRESENCE_BATCH: usize = 250;

//! Stores what the event feed remembers: how far each consumer has come in each room, and which process may go on.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Seq, Timestamp};

use super::StoreResult;

/// A fencing token. Rises with each holder of a lease, so that a process that lost the lease can no longer write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub u64);

/// How far a consumer has come in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedCursor {
    /// The consumer's name.
    pub consumer: String,
    /// The last entry that it has processed.
    pub seq: Seq,
}

/// What one step of the sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// The rooms that are behind, each with its head, in order.
    pub rooms: Vec<(RoomId, Seq)>,
    /// The room where the next step begins, or `None` if all rooms were examined.
    pub next: Option<RoomId>,
}

impl Behind {
    /// Returns the result of a store that examines all rooms until it has found `limit`.
    pub fn up_to(limit: usize, rooms: Vec<(RoomId, Seq)>) -> Behind {
        let next = rooms.last().filter(|_| rooms.len() == limit).map(|(room, _)| *room);
        Behind { rooms, next }
    }
}

/// Stores cursors and leases.
#[async_trait]
pub trait FeedStore: Send + Sync {
    /// Returns the cursors of all consumers in a room.
    async fn cursors(&self, room: RoomId) -> StoreResult<Vec<FeedCursor>>;

    /// Raises a cursor, unless `fence` is older than the one that wrote last. Does nothing for a lower seq.
    async fn advance(&self, room: RoomId, consumer: &str, fence: Fence, seq: Seq) -> StoreResult<()>;

    /// Takes or renews a lease until `now + life`. Returns `None` while another owner holds it. A new holder, and one
    /// that renewed too late, gets a higher fence.
    async fn lease(&self, name: &str, owner: &str, now: Timestamp, life: Duration) -> StoreResult<Option<Fence>>;

    /// Releases a lease, if `owner` holds it.
    async fn release(&self, name: &str, owner: &str) -> StoreResult<()>;

    /// Returns rooms whose head is above `consumer`'s cursor, each with its head, after `after` in order of room id:
    /// one step of the sweep. Bounded: a step may find few rooms or none although more are behind.
    async fn behind(&self, consumer: &str, after: Option<RoomId>, limit: usize) -> StoreResult<Behind>;
}

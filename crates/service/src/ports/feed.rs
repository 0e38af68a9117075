//! The event feed's memory: how far each consumer has come in each room, and who may go on.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Seq, Timestamp};

use super::StoreResult;

/// Rises with each holder of a lease, so that one that lost it cannot write any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub u64);

/// How far a consumer has come in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedCursor {
    /// The consumer's name.
    pub consumer: String,
    /// The last entry it has dealt with.
    pub seq: Seq,
}

/// What one step of the sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// Rooms that are behind, each with its head, in order.
    pub rooms: Vec<(RoomId, Seq)>,
    /// Where the next step begins; none when all rooms were looked at.
    pub next: Option<RoomId>,
}

impl Behind {
    /// What a store found that looks at all rooms until it has `limit`.
    pub fn up_to(limit: usize, rooms: Vec<(RoomId, Seq)>) -> Behind {
        let next = rooms.last().filter(|_| rooms.len() == limit).map(|(room, _)| *room);
        Behind { rooms, next }
    }
}

/// Cursors and leases.
#[async_trait]
pub trait FeedStore: Send + Sync {
    /// The cursors of all consumers in a room.
    async fn cursors(&self, room: RoomId) -> StoreResult<Vec<FeedCursor>>;

    /// Raises a cursor, if `fence` is not older than the one that wrote last (else nothing happens); a
    /// lower seq moves nothing.
    async fn advance(&self, room: RoomId, consumer: &str, fence: Fence, seq: Seq) -> StoreResult<()>;

    /// Takes or renews a lease until `now + life`; none while another holds it. A new
    /// holder, and one that was late to renew, gets a higher fence.
    async fn lease(&self, name: &str, owner: &str, now: Timestamp, life: Duration) -> StoreResult<Option<Fence>>;

    /// Gives a lease back, if `owner` holds it.
    async fn release(&self, name: &str, owner: &str) -> StoreResult<()>;

    /// Room logs whose head is above `consumer`'s cursor, each with its head, after `after` in order of
    /// room: one step of the sweep. It is bounded: it may find few or none, and yet there are more.
    async fn behind(&self, consumer: &str, after: Option<RoomId>, limit: usize) -> StoreResult<Behind>;
}

//! Stores read marks: how far a user has read a room.

use async_trait::async_trait;
use domain::{RoomId, Seq, UserId};

use super::StoreResult;

/// A user's mark in a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkRow {
    /// The seq up to which the user has read.
    pub read_seq: Seq,
    /// The `n` of that entry.
    pub read_n: u64,
    /// The seqs of unread messages that mention the user.
    pub mentions: Vec<Seq>,
}

/// Stores read marks. One row write each; the caller coalesces them (at most one a minute per user and room).
#[async_trait]
pub trait MarkStore: Send + Sync {
    /// Raises the mark and removes the mentions up to it. A lower mark changes nothing. Creates no row: returns
    /// `NotFound` for a user who has none in this room.
    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> StoreResult<MarkRow>;

    /// Adds an unread mention, if it is above the mark and the limit is not reached. Idempotent. Does nothing for a
    /// user without a row.
    async fn add_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()>;

    /// Removes an unread mention, whose message was deleted or no longer mentions the user. Idempotent. Does nothing if
    /// there is no such mention.
    async fn drop_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()>;

    /// Returns the marks of these users in a room. Users without a row are left out.
    async fn marks(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<(UserId, MarkRow)>>;
}

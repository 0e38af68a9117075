//! Read marks: how far a user has read a room.

use async_trait::async_trait;
use domain::{RoomId, Seq, UserId};

use super::StoreResult;

/// A user's mark in a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkRow {
    /// Up to where they have read.
    pub read_seq: Seq,
    /// The `n` of that entry.
    pub read_n: u64,
    /// Unread messages that mention them.
    pub mentions: Vec<Seq>,
}

/// Read marks. One row write each; the caller coalesces them (at most one a minute, user and room).
#[async_trait]
pub trait MarkStore: Send + Sync {
    /// Raises the mark; a lower one changes nothing. Removes the mentions up to it. Makes no row: one
    /// who has none in this room has nothing to mark, and gets `NotFound`.
    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> StoreResult<MarkRow>;

    /// Adds an unread mention, if it is above the mark and there is room for it; idempotent. Nothing to
    /// do for one who has no row.
    async fn add_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()>;

    /// Removes an unread mention, whose message was deleted or does not mention the user any more; idempotent. Nothing to
    /// do where there is none.
    async fn drop_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()>;

    /// The marks of these users in a room; those without a row are left out.
    async fn marks(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<(UserId, MarkRow)>>;
}

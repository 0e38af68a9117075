//! Rooms and members: rows that follow the logs.

use async_trait::async_trait;
use domain::name::Slug;
use domain::text::Emoji;
use domain::{Member, Room, RoomId, Seq, Timestamp, UserId, UserRoom};

use super::StoreResult;

/// The head of a log, as a hint for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The seq of the last entry.
    pub seq: Seq,
    /// Messages so far.
    pub n: u64,
    /// When the last entry was made.
    pub at: Timestamp,
}

/// One line of a user's room list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRoomRow {
    /// The user's row, marks and settings included.
    pub row: UserRoom,
    /// The room.
    pub room: Room,
    /// Its head; on stores where it costs a read of its own it may be up to a minute old.
    pub head: Head,
}

/// One line of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRoom {
    /// The room.
    pub room: Room,
    /// Its head.
    pub head: Head,
    /// How many are in.
    pub members: u64,
}

/// Rooms, members, the rooms of a user. Rows are written by appends only (see `domain::RowWrite`).
/// Reads are strong unless said otherwise.
#[async_trait]
pub trait RoomStore: Send + Sync {
    /// A room. One read by key.
    async fn room(&self, room: RoomId) -> StoreResult<Option<Room>>;

    /// The room that has this slug.
    async fn room_by_slug(&self, slug: &Slug) -> StoreResult<Option<Room>>;

    /// A member row, whatever its state. One read by key.
    async fn member(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>>;

    /// The member rows of these users, in one read.
    async fn members_of(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<Member>>;

    /// The user's member rows of these rooms, whatever their state, in one read.
    async fn memberships(&self, user: UserId, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Member)>>;

    /// Member rows of all states in order of the user's id, after `after`.
    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> StoreResult<Vec<Member>>;

    /// How many are in. Cost may grow with the number of members.
    async fn member_count(&self, room: RoomId) -> StoreResult<u64>;

    /// The rooms where the user is joined or invited, in order of room id, after `after`.
    async fn user_rooms(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<UserRoomRow>>;

    /// One row of a user's rooms, whatever its state.
    async fn user_room(&self, user: UserId, room: RoomId) -> StoreResult<Option<UserRoom>>;

    /// How many rooms the user is in. Invitations do not count: anybody may send them.
    async fn user_room_count(&self, user: UserId) -> StoreResult<u64>;

    /// Whether two users are both joined in some room. Bounded: may read the rooms of one of them.
    async fn share_a_room(&self, a: UserId, b: UserId) -> StoreResult<bool>;

    /// The heads of logs of these rooms, as hints; a log with no entry is left out.
    async fn head_hints(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>>;

    /// Public rooms that are not archived, whose slug or (folded) name begins with `prefix` as it was
    /// typed (the store folds it), in order of slug, after `after`. Those without a slug are not listed.
    async fn directory(&self, prefix: &str, after: Option<&Slug>, limit: usize) -> StoreResult<Vec<DirectoryRoom>>;

    /// The seqs of a room's pinned messages, in order; at most `domain::limits::PINS_PER_ROOM`.
    async fn pins(&self, room: RoomId) -> StoreResult<Vec<Seq>>;

    /// Users beyond those in the message, in order of id, after `after`.
    async fn reactors(
        &self,
        room: RoomId,
        seq: Seq,
        emoji: &Emoji,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<UserId>>;

    /// Which of these users have a reactor row (beyond the message) of this emoji.
    async fn has_reacted(&self, room: RoomId, seq: Seq, emoji: &Emoji, user: UserId) -> StoreResult<bool>;

    /// The seqs of the messages of a thread, in order, after `after`.
    async fn thread(&self, room: RoomId, root: Seq, after: Seq, limit: usize) -> StoreResult<Vec<Seq>>;
}

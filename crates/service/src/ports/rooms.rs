//! Stores rooms and members: rows that are derived from the logs.

use async_trait::async_trait;
use domain::name::Slug;
use domain::text::Emoji;
use domain::{Member, Room, RoomId, RoomKind, Seq, Timestamp, UserId, UserRoom};

use super::StoreResult;

/// The head of a log, as a hint for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The seq of the last entry.
    pub seq: Seq,
    /// The number of messages so far.
    pub n: u64,
    /// When the last entry was made.
    pub at: Timestamp,
}

/// A line of a user's room list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRoomRow {
    /// The user's row, including mark and settings.
    pub row: UserRoom,
    /// The room.
    pub room: Room,
    /// The head of the room's log. May be up to a minute old on stores where it costs a separate read.
    pub head: Head,
}

/// A line of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRoom {
    /// The room.
    pub room: Room,
    /// The head of the room's log.
    pub head: Head,
    /// The number of members.
    pub members: u64,
}

/// Stores rooms, members, and the rooms of a user. Only appends write the rows (see `domain::RowWrite`). Reads are
/// strong unless stated otherwise.
#[async_trait]
pub trait RoomStore: Send + Sync {
    /// Returns a room. One read by key.
    async fn room(&self, room: RoomId) -> StoreResult<Option<Room>>;

    /// Returns the id of the room that has this slug.
    async fn room_by_slug(&self, slug: &Slug) -> StoreResult<Option<Room>>;

    /// Returns a member row, whatever its state. One read by key.
    async fn member(&self, room: RoomId, user: UserId) -> StoreResult<Option<Member>>;

    /// Returns the member rows of these users, in one read.
    async fn members_of(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<Member>>;

    /// Returns the user's member rows of these rooms, whatever their state, in one read.
    async fn memberships(&self, user: UserId, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Member)>>;

    /// Returns member rows of all states in order of user id, after `after`.
    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> StoreResult<Vec<Member>>;

    /// Returns the number of members. The cost may grow with it.
    async fn member_count(&self, room: RoomId) -> StoreResult<u64>;

    /// Returns the rooms where the user is joined or invited, in order of room id, after `after`. Ignored
    /// requests are left out.
    async fn user_rooms(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<UserRoomRow>>;

    /// Returns one row of a user's rooms, whatever its state.
    async fn user_room(&self, user: UserId, room: RoomId) -> StoreResult<Option<UserRoom>>;

    /// Returns the number of rooms the user has joined. Invitations and requests do not count, since any user can send
    /// them.
    async fn user_room_count(&self, user: UserId) -> StoreResult<u64>;

    /// Returns the pending requests of a user with their times, the oldest first. The service keeps them few: see
    /// [`domain::limits::REQUESTS_LISTED`].
    async fn requests(&self, user: UserId) -> StoreResult<Vec<(RoomId, Timestamp)>>;

    /// Returns whether two users are both joined in some room, of this kind if one is given. A room does not count
    /// while it is a request to one of them. Bounded: may read the rooms of both of them.
    async fn share_a_room(&self, a: UserId, b: UserId, kind: Option<RoomKind>) -> StoreResult<bool>;

    /// Returns the heads of these rooms' logs, as hints. Logs without entries are left out.
    async fn head_hints(&self, rooms: &[RoomId]) -> StoreResult<Vec<(RoomId, Head)>>;

    /// Returns public rooms that are not archived and whose slug or (folded) name begins with `prefix` as typed (the
    /// store folds it), in order of slug, after `after`. Rooms without a slug are not listed.
    async fn directory(&self, prefix: &str, after: Option<&Slug>, limit: usize) -> StoreResult<Vec<DirectoryRoom>>;

    /// Returns the seqs of a room's pinned messages, in order; at most `domain::limits::PINS_PER_ROOM`.
    async fn pins(&self, room: RoomId) -> StoreResult<Vec<Seq>>;

    /// Returns the users who reacted and are not listed in the message itself, in order of id, after `after`.
    async fn reactors(
        &self,
        room: RoomId,
        seq: Seq,
        emoji: &Emoji,
        after: Option<UserId>,
        limit: usize,
    ) -> StoreResult<Vec<UserId>>;

    /// Returns which of these users have a reactor row (beyond the message) for this emoji.
    async fn has_reacted(&self, room: RoomId, seq: Seq, emoji: &Emoji, user: UserId) -> StoreResult<bool>;

    /// Returns the seqs of the messages of a thread, in order, after `after`.
    async fn thread(&self, room: RoomId, root: Seq, after: Seq, limit: usize) -> StoreResult<Vec<Seq>>;
}

//! Who is there: state with a time to live, made of all connections of a user.

use async_trait::async_trait;
use domain::{PresenceStatus, RoomId, Timestamp, UserId};

/// A user's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPresence {
    /// Who.
    pub user: UserId,
    /// The best of their connections.
    pub status: PresenceStatus,
    /// When they were last there.
    pub last_seen: Option<Timestamp>,
}

/// Presence and typing. State, not log: lost with the process or the Redis, and rebuilt by refreshes.
#[async_trait]
pub trait PresenceStore: Send + Sync {
    /// Refreshes these connections for `domain::limits::PRESENCE_LIFE`: `(user, connection id, status)`.
    async fn refresh(&self, now: Timestamp, connections: &[(UserId, String, PresenceStatus)]);

    /// A connection is gone.
    async fn remove(&self, now: Timestamp, user: UserId, connection: &str);

    /// All connections of a user are gone (they said so).
    async fn remove_user(&self, now: Timestamp, user: UserId);

    /// Users whose status changed since the last call of this node, those whose time ran out included.
    async fn changed(&self, now: Timestamp) -> Vec<UserPresence>;

    /// The presence of these users; unknown ones are offline. None when it cannot be told: the state does not answer, and
    /// this node, which never asked what changed, does not know by itself.
    async fn get(&self, now: Timestamp, users: &[UserId]) -> Option<Vec<UserPresence>>;

    /// How many users are not offline.
    async fn online(&self, now: Timestamp) -> u64;

    /// Somebody types in a room for `domain::limits::TYPING_LIFE`, or stopped.
    async fn set_typing(&self, now: Timestamp, room: RoomId, user: UserId, on: bool);

    /// Who types in a room.
    async fn typing(&self, now: Timestamp, room: RoomId) -> Vec<UserId>;

    /// Whether the state can be reached: for `/health`.
    async fn check(&self) -> bool;
}

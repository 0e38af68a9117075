//! Stores presence: state with a time to live, derived from all connections of a user.

use async_trait::async_trait;
use domain::{PresenceStatus, RoomId, Timestamp, UserId};

/// A user's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPresence {
    /// The user's id.
    pub user: UserId,
    /// The most present status among the user's connections.
    pub status: PresenceStatus,
    /// When the user was last online.
    pub last_seen: Option<Timestamp>,
}

/// Stores presence and typing. State, not log: it is lost with the process or Redis, and rebuilt by refreshes.
#[async_trait]
pub trait PresenceStore: Send + Sync {
    /// Refreshes these connections for `domain::limits::PRESENCE_LIFE`: `(user, connection id, status)`.
    async fn refresh(&self, now: Timestamp, connections: &[(UserId, String, PresenceStatus)]);

    /// Removes a connection that was closed.
    async fn remove(&self, now: Timestamp, user: UserId, connection: &str);

    /// Removes all connections of a user who signed off.
    async fn remove_user(&self, now: Timestamp, user: UserId);

    /// Returns the users whose status changed since this node last called it, including those that expired.
    async fn changed(&self, now: Timestamp) -> Vec<UserPresence>;

    /// Returns the presence of these users; unknown ones are offline. Returns `None` if the state does not answer and
    /// this node has no copy, because it never asked for changes.
    async fn get(&self, now: Timestamp, users: &[UserId]) -> Option<Vec<UserPresence>>;

    /// Returns how many users are not offline.
    async fn online(&self, now: Timestamp) -> u64;

    /// Records that a user types in a room, for `domain::limits::TYPING_LIFE`, or has stopped.
    async fn set_typing(&self, now: Timestamp, room: RoomId, user: UserId, on: bool);

    /// Returns the users who are typing in a room.
    async fn typing(&self, now: Timestamp, room: RoomId) -> Vec<UserId>;

    /// Checks whether the state can be reached. For `/health`.
    async fn check(&self) -> bool;
}

//! Stores which nodes are alive, and which sockets they hold.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Timestamp, UserId};

use super::StoreResult;

/// A node's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// The node's name.
    pub node: String,
    /// The node's internal address, for pushes and forwards.
    pub endpoint: String,
    /// When its last heartbeat was received.
    pub at: Timestamp,
}

/// A socket of a user, held by a node (or by API Gateway).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The socket's id.
    pub id: String,
    /// The id of the user who opened it.
    pub user: UserId,
    /// The node that holds it.
    pub node: String,
    /// The room it follows; only for the gateway function, whose sockets follow rooms by row.
    pub room: Option<RoomId>,
    /// When the row may be removed.
    pub expires_at: Timestamp,
}

/// The state of a socket, for a process that does not live as long as its sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketState {
    /// The socket's id.
    pub id: String,
    /// The state, as its owner wrote it; opaque to the store.
    pub state: String,
    /// When the state may be removed.
    pub expires_at: Timestamp,
}

/// Stores nodes and connections.
#[async_trait]
pub trait NodeStore: Send + Sync {
    /// Records a heartbeat of a node.
    async fn beat(&self, node: &NodeRow) -> StoreResult<()>;

    /// Removes a node: it is no longer among [`NodeStore::nodes`].
    async fn leave(&self, node: &str) -> StoreResult<()> {
        // A heartbeat from long ago marks the node as dead.
        self.beat(&NodeRow { node: node.to_owned(), endpoint: String::new(), at: Timestamp(0) }).await
    }

    /// Returns the nodes whose last heartbeat is at most `within` before `now`.
    async fn nodes(&self, now: Timestamp, within: Duration) -> StoreResult<Vec<NodeRow>>;

    /// Returns the sockets of a user.
    async fn connections(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Connection>>;

    /// Returns the sockets in a room (gateway function only).
    async fn connections_in(&self, room: RoomId, now: Timestamp) -> StoreResult<Vec<Connection>>;

    /// Records that a socket is open.
    async fn put_connection(&self, connection: &Connection) -> StoreResult<()>;

    /// Records that a socket was closed.
    async fn drop_connection(&self, user: UserId, id: &str) -> StoreResult<()>;

    /// Stores the state of a socket in place of the state `was`, or of any state if that is `None` (gateway function
    /// only, like the next two). Returns whether it was stored: not if the state is no longer `was`. One write.
    async fn keep_socket(&self, socket: &SocketState, was: Option<&str>) -> StoreResult<bool>;

    /// Returns the state of a socket, unless it has expired. One strong read by key.
    async fn socket(&self, id: &str, now: Timestamp) -> StoreResult<Option<SocketState>>;

    /// Removes the state of a socket. Succeeds if there is none.
    async fn forget_socket(&self, id: &str) -> StoreResult<()>;

    /// Removes the rows of expired sockets, and of nodes without a heartbeat for a day, and returns how many. Stores
    /// whose rows expire by themselves have nothing to do.
    async fn sweep(&self, now: Timestamp) -> StoreResult<u64> {
        let _ = now;
        Ok(0)
    }
}

//! Which nodes live, and which sockets they hold.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Timestamp, UserId};

use super::StoreResult;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Its name.
    pub node: String,
    /// Its internal address, for pushes and forwards.
    pub endpoint: String,
    /// When it was last heard of.
    pub at: Timestamp,
}

/// A socket of a user, held by a node (or by API Gateway).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The socket's id.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// The node that holds it.
    pub node: String,
    /// The room it is in; only for the gateway function, whose sockets follow rooms by row.
    pub room: Option<RoomId>,
    /// When the row may go.
    pub expires_at: Timestamp,
}

/// What a process that does not live as long as its sockets remembers of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketState {
    /// The socket's id.
    pub id: String,
    /// Its state, as its owner wrote it; opaque to the store.
    pub state: String,
    /// When it may go.
    pub expires_at: Timestamp,
}

/// Nodes and connections.
#[async_trait]
pub trait NodeStore: Send + Sync {
    /// The node lives.
    async fn beat(&self, node: &NodeRow) -> StoreResult<()>;

    /// The node goes: it is no longer among [`Nodes::nodes`].
    async fn leave(&self, node: &str) -> StoreResult<()> {
        // A row of a moment long ago is of no living node.
        self.beat(&NodeRow { node: node.to_owned(), endpoint: String::new(), at: Timestamp(0) }).await
    }

    /// The nodes heard of within `within` before `now`.
    async fn nodes(&self, now: Timestamp, within: Duration) -> StoreResult<Vec<NodeRow>>;

    /// The sockets of a user.
    async fn connections(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Connection>>;

    /// The sockets in a room (gateway function only).
    async fn connections_in(&self, room: RoomId, now: Timestamp) -> StoreResult<Vec<Connection>>;

    /// A socket is there.
    async fn put_connection(&self, connection: &Connection) -> StoreResult<()>;

    /// A socket is gone.
    async fn drop_connection(&self, user: UserId, id: &str) -> StoreResult<()>;

    /// Keeps the state of a socket (gateway function only, as the next two): in place of the state `was`, or of whatever
    /// there is. Whether it is kept now: not when another state than `was` is there by then, or none. One write.
    async fn keep_socket(&self, socket: &SocketState, was: Option<&str>) -> StoreResult<bool>;

    /// The state of a socket, unless it is over. One strong read by key.
    async fn socket(&self, id: &str, now: Timestamp) -> StoreResult<Option<SocketState>>;

    /// Forgets a socket; none to forget is fine.
    async fn forget_socket(&self, id: &str) -> StoreResult<()>;

    /// Removes the rows of sockets that are over, and of nodes that were not heard of for a day; how many.
    /// Stores that forget by themselves have nothing to do.
    async fn sweep(&self, now: Timestamp) -> StoreResult<u64> {
        let _ = now;
        Ok(0)
    }
}

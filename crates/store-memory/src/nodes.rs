//! `Nodes` in memory.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Timestamp, UserId};
use service::ports::{Connection, NodeRow, NodeStore, SocketState, StoreResult};

use crate::MemoryStore;

#[async_trait]
impl NodeStore for MemoryStore {
    async fn beat(&self, node: &NodeRow) -> StoreResult<()> {
        self.up()?.nodes.insert(node.node.clone(), node.clone());
        Ok(())
    }

    async fn nodes(&self, now: Timestamp, within: Duration) -> StoreResult<Vec<NodeRow>> {
        let state = self.up()?;
        Ok(state.nodes.values().filter(|node| now.since(node.at) <= within).cloned().collect())
    }

    async fn connections(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Connection>> {
        let state = self.up()?;
        Ok(state.connections.values().filter(|row| row.user == user && row.expires_at > now).cloned().collect())
    }

    async fn connections_in(&self, room: RoomId, now: Timestamp) -> StoreResult<Vec<Connection>> {
        let state = self.up()?;
        Ok(state.connections.values().filter(|row| row.room == Some(room) && row.expires_at > now).cloned().collect())
    }

    async fn put_connection(&self, connection: &Connection) -> StoreResult<()> {
        self.up()?.connections.insert((connection.user, connection.id.clone()), connection.clone());
        Ok(())
    }

    async fn drop_connection(&self, user: UserId, id: &str) -> StoreResult<()> {
        self.up()?.connections.remove(&(user, id.to_owned()));
        Ok(())
    }

    async fn keep_socket(&self, socket: &SocketState, was: Option<&str>) -> StoreResult<bool> {
        let sockets = &mut self.up()?.sockets;
        let is_so = was.is_none_or(|was| sockets.get(&socket.id).is_some_and(|kept| kept.state == was));
        if is_so {
            sockets.insert(socket.id.clone(), socket.clone());
        }
        Ok(is_so)
    }

    async fn socket(&self, id: &str, now: Timestamp) -> StoreResult<Option<SocketState>> {
        Ok(self.up()?.sockets.get(id).filter(|socket| socket.expires_at > now).cloned())
    }

    async fn forget_socket(&self, id: &str) -> StoreResult<()> {
        self.up()?.sockets.remove(id);
        Ok(())
    }
}

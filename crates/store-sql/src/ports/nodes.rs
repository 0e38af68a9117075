//! Implements `Nodes`.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Timestamp, UserId};
use service::ports::{Connection, NodeRow, NodeStore, SocketState, StoreResult};

use crate::connections::SqlConnections;
use crate::database::Row;
use crate::sql;

/// How long after its last heartbeat a node's row is removed. A node does not come back under its name after that.
const FORGOTTEN_MS: i64 = 24 * 3_600_000;

#[async_trait]
impl NodeStore for SqlConnections {
    async fn beat(&self, node: &NodeRow) -> StoreResult<()> {
        let node = node.clone();
        let beat = self.execute(move || {
            let sql = "INSERT INTO node (node, endpoint, at) VALUES ($1, $2, $3)
                       ON CONFLICT (node) DO UPDATE SET endpoint = excluded.endpoint, at = excluded.at";
            sql::query(sql).bind(node.node.clone()).bind(node.endpoint.clone()).bind(node.at.0)
        });
        beat.await.map(|_| ())
    }

    async fn nodes(&self, now: Timestamp, within: Duration) -> StoreResult<Vec<NodeRow>> {
        let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
        let query = sql::query("SELECT node, endpoint, at FROM node WHERE at >= $1 ORDER BY node");
        let rows = self.all(query.bind(now.0.saturating_sub(within))).await?;
        let node =
            |row: &Row| Ok(NodeRow { node: row.get("node")?, endpoint: row.get("endpoint")?, at: row.time("at")? });
        rows.iter().map(node).collect()
    }

    async fn connections(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Connection>> {
        let query = "SELECT id, user_id, node, room, expires FROM conn WHERE user_id = $1 AND expires > $2";
        let rows = self.all(sql::query(query).bind(user.to_string()).bind(now.0)).await?;
        rows.iter().map(connection).collect()
    }

    async fn connections_in(&self, room: RoomId, now: Timestamp) -> StoreResult<Vec<Connection>> {
        let query = "SELECT id, user_id, node, room, expires FROM conn WHERE room = $1 AND expires > $2";
        let rows = self.all(sql::query(query).bind(room.to_string()).bind(now.0)).await?;
        rows.iter().map(connection).collect()
    }

    async fn put_connection(&self, connection: &Connection) -> StoreResult<()> {
        let new = connection.clone();
        let put = self.execute(move || {
            let sql = "INSERT INTO conn (user_id, id, node, room, expires) VALUES ($1, $2, $3, $4, $5)
                       ON CONFLICT (user_id, id) DO UPDATE SET node = excluded.node, room = excluded.room,
                       expires = excluded.expires";
            let query = sql::query(sql).bind(new.user.to_string()).bind(new.id.clone()).bind(new.node.clone());
            query.bind(new.room.map(|room| room.to_string())).bind(new.expires_at.0)
        });
        put.await.map(|_| ())
    }

    async fn drop_connection(&self, user: UserId, id: &str) -> StoreResult<()> {
        let id = id.to_owned();
        let sql = "DELETE FROM conn WHERE user_id = $1 AND id = $2";
        self.execute(move || sql::query(sql).bind(user.to_string()).bind(id.clone())).await.map(|_| ())
    }

    async fn keep_socket(&self, socket: &SocketState, was: Option<&str>) -> StoreResult<bool> {
        let SocketState { id, state, expires_at } = socket.clone();
        let was = was.map(str::to_owned);
        let kept = self.execute(move || {
            let sql = match was {
                Some(_) => "UPDATE socket SET state = $2, expires = $3 WHERE id = $1 AND state = $4",
                None => {
                    "INSERT INTO socket (id, state, expires) VALUES ($1, $2, $3)
                     ON CONFLICT (id) DO UPDATE SET state = excluded.state, expires = excluded.expires"
                }
            };
            let statement = sql::query(sql).bind(id.clone()).bind(state.clone()).bind(expires_at.0);
            match &was {
                Some(was) => statement.bind(was.clone()),
                None => statement,
            }
        });
        Ok(kept.await? > 0)
    }

    async fn socket(&self, id: &str, now: Timestamp) -> StoreResult<Option<SocketState>> {
        let query = "SELECT id, state, expires FROM socket WHERE id = $1 AND expires > $2";
        let rows = self.all(sql::query(query).bind(id.to_owned()).bind(now.0)).await?;
        let socket = |row: &Row| {
            Ok(SocketState { id: row.get("id")?, state: row.get("state")?, expires_at: row.time("expires")? })
        };
        rows.first().map(socket).transpose()
    }

    async fn forget_socket(&self, id: &str) -> StoreResult<()> {
        let id = id.to_owned();
        self.execute(move || sql::query("DELETE FROM socket WHERE id = $1").bind(id.clone())).await.map(|_| ())
    }

    async fn sweep(&self, now: Timestamp) -> StoreResult<u64> {
        let connections = self.execute(move || sql::query("DELETE FROM conn WHERE expires <= $1").bind(now.0));
        let long_ago = now.0.saturating_sub(FORGOTTEN_MS);
        let nodes = self.execute(move || sql::query("DELETE FROM node WHERE at < $1").bind(long_ago));
        let sockets = self.execute(move || sql::query("DELETE FROM socket WHERE expires <= $1").bind(now.0));
        Ok(connections.await? + sockets.await? + nodes.await?)
    }
}

fn connection(row: &Row) -> StoreResult<Connection> {
    let room = if row.get::<Option<String>>("room")?.is_some() { Some(row.parsed("room")?) } else { None };
    Ok(Connection {
        id: row.get("id")?,
        user: row.parsed("user_id")?,
        node: row.get("node")?,
        room,
        expires_at: row.time("expires")?,
    })
}

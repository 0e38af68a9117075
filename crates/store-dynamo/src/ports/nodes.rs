//! Implements `Nodes`.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Timestamp, UserId};
use service::ports::{Connection, NodeRow, NodeStore, SocketState, StoreResult};

use crate::error::{THROTTLED_MS, unavailable};
use crate::item::{BODY, Item, id, text, time};
use crate::keys;
use crate::op::{Op, When};
use crate::table_store::{Range, TableStore, WriteError};

/// How long a node's row stays after its last heartbeat.
const NODE_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How often a change of a socket's room is decided again if the row changed meanwhile.
const ATTEMPTS: usize = 5;

/// A node is `nd` name, `ep` endpoint, `at` last heartbeat; a socket is `cn` id, `us` user, `nd` node, `rm` room, `ex`
/// its expiry; the state of a socket is `bd` and `ex`. All expire by the table's time to live too.
///
/// Costs, besides one read or write: a socket that follows a room by row 4 WRU and a read, 6 if it leaves another room
/// for it; removing such a socket a read and 4.
#[async_trait]
impl NodeStore for TableStore {
    async fn beat(&self, node: &NodeRow) -> StoreResult<()> {
        let row = Item::at(keys::node(&node.node))
            .with("nd", text(&node.node))
            .with("ep", text(&node.endpoint))
            .with("at", time(node.at))
            .expires(node.at + NODE_LIFE);
        self.put(row).await
    }

    async fn nodes(&self, now: Timestamp, within: Duration) -> StoreResult<Vec<NodeRow>> {
        let node = |row: &Item| {
            Ok(NodeRow { node: row.text("nd")?.to_owned(), endpoint: row.text("ep")?.to_owned(), at: row.time("at")? })
        };
        let rows = self.query(Range::all(keys::NODES)).await?;
        let mut nodes = rows.iter().map(node).collect::<StoreResult<Vec<_>>>()?;
        nodes.retain(|node| now.since(node.at) <= within);
        Ok(nodes)
    }

    async fn connections(&self, user: UserId, now: Timestamp) -> StoreResult<Vec<Connection>> {
        self.open_connections(keys::user_rows(user), now).await
    }

    async fn connections_in(&self, room: RoomId, now: Timestamp) -> StoreResult<Vec<Connection>> {
        self.open_connections(keys::room_rows(room), now).await
    }

    async fn put_connection(&self, connection: &Connection) -> StoreResult<()> {
        let key = keys::user_connection(connection.user, &connection.id);
        let mut old = None;
        for _ in 0..ATTEMPTS {
            let row = item(Item::at(key.clone()), connection);
            let mut ops = vec![Op::Put(row, When::same("rm", old.map(|room: RoomId| id(room.0))))];
            if let Some(room) = old.filter(|room| connection.room != Some(*room)) {
                let followed = keys::room_connection(room, connection.user, &connection.id);
                ops.push(Op::Delete(followed, When::Always));
            }
            if let Some(room) = connection.room {
                let follows = keys::room_connection(room, connection.user, &connection.id);
                ops.push(Op::Put(item(Item::at(follows), connection), When::Always));
            }
            match self.write(ops).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Store(error)) => return Err(error),
                // It follows another room than expected: the first try expects none.
                Err(WriteError::Refused(_)) => old = self.room_of(connection.user, &connection.id).await?,
            }
        }
        Err(unavailable("a socket's row kept changing", THROTTLED_MS))
    }

    async fn drop_connection(&self, user: UserId, connection: &str) -> StoreResult<()> {
        let key = keys::user_connection(user, connection);
        let mut old = None;
        for _ in 0..ATTEMPTS {
            let mut ops = vec![Op::Delete(key.clone(), When::same("rm", old.map(|room: RoomId| id(room.0))))];
            if let Some(room) = old {
                ops.push(Op::Delete(keys::room_connection(room, user, connection), When::Always));
            }
            match self.write(ops).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Store(error)) => return Err(error),
                Err(WriteError::Refused(_)) => old = self.room_of(user, connection).await?,
            }
        }
        Err(unavailable("a socket's row kept changing", THROTTLED_MS))
    }

    async fn keep_socket(&self, socket: &SocketState, was: Option<&str>) -> StoreResult<bool> {
        let row = Item::at(keys::socket(&socket.id))
            .with(BODY, text(&socket.state))
            .with("ex", time(socket.expires_at))
            .expires(socket.expires_at);
        let when = was.map_or(When::Always, |was| When::Is(BODY, text(was)));
        match self.write(vec![Op::Put(row.clone(), when)]).await {
            Ok(()) => Ok(true),
            // An earlier try of this write was committed without an answer.
            Err(WriteError::Refused(found)) => Ok(found.iter().any(|(_, item)| item.as_ref() == Some(&row))),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn socket(&self, id: &str, now: Timestamp) -> StoreResult<Option<SocketState>> {
        let Some(row) = self.get(keys::socket(id)).await? else { return Ok(None) };
        let state = row.text(BODY)?.to_owned();
        let socket = SocketState { id: id.to_owned(), state, expires_at: row.time("ex")? };
        Ok(Some(socket).filter(|socket| socket.expires_at > now))
    }

    async fn forget_socket(&self, id: &str) -> StoreResult<()> {
        self.delete(keys::socket(id)).await.map(|_| ())
    }
}

impl TableStore {
    async fn open_connections(&self, pk: String, now: Timestamp) -> StoreResult<Vec<Connection>> {
        let rows = self.query(Range::beginning(pk, keys::CONNECTIONS)).await?;
        let mut open = rows.iter().map(connection).collect::<StoreResult<Vec<_>>>()?;
        open.retain(|connection| connection.expires_at > now);
        Ok(open)
    }

    /// Returns the room that a socket follows, if any.
    async fn room_of(&self, user: UserId, connection: &str) -> StoreResult<Option<RoomId>> {
        let row = self.get(keys::user_connection(user, connection)).await?;
        Ok(row.as_ref().map(self::connection).transpose()?.and_then(|connection| connection.room))
    }
}

fn item(at: Item, connection: &Connection) -> Item {
    at.with("cn", text(&connection.id))
        .with("us", id(connection.user.0))
        .with("nd", text(&connection.node))
        .with_some("rm", connection.room.map(|room| id(room.0)))
        .with("ex", time(connection.expires_at))
        .expires(connection.expires_at)
}

fn connection(row: &Item) -> StoreResult<Connection> {
    Ok(Connection {
        id: row.text("cn")?.to_owned(),
        user: UserId(row.id("us")?),
        node: row.text("nd")?.to_owned(),
        room: if row.has("rm") { Some(RoomId(row.id("rm")?)) } else { None },
        expires_at: row.time("ex")?,
    })
}

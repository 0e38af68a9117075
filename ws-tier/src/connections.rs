//! The sockets that this node holds, by their ids: other programs may post to them, query them and close them. Never
//! decides which program may: that is up to the private port.
//!
//! They are not stored: the bus brings entries to a node's sockets, so storing a row for each socket would only cost.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::Timestamp;
use parking_lot::Mutex;
use realtime::connection::PostError;
use realtime::hub::SocketId;
use realtime::protocol::CloseCode;
use service::Ids;
use tokio::sync::oneshot;
use web::AddressPermit;

use crate::send_queue::QueueLevel;
use crate::shards::{Command, Shards};

/// All sockets of the node.
#[derive(Default)]
pub(crate) struct ConnectionRegistry {
    by_id: Mutex<HashMap<Arc<str>, Arc<RegisteredConnection>>>,
}

/// The client's end of a socket.
pub(crate) struct RemoteAddress {
    /// The address that the nearest trusted proxy reports.
    pub address: IpAddr,
    /// The user agent that the client reports.
    pub user_agent: String,
}

/// One socket.
pub(crate) struct RegisteredConnection {
    socket: SocketId,
    shards: Shards,
    level: Arc<QueueLevel>,
    peer: RemoteAddress,
    connected_at: Timestamp,
    active_at: AtomicI64,
    /// Its place among the sockets of guests at its address, if it is one.
    guest: OnceLock<AddressPermit>,
}

/// Returns an id that cannot be guessed, because a program that knows it may be allowed to post to it.
pub fn new_id(node: &str, ids: &Ids) -> Arc<str> {
    format!("{node}-{:032x}", u128::from_be_bytes(ids.random())).into()
}

impl ConnectionRegistry {
    /// Returns the sockets for which frames are queued, the one with the most bytes last.
    pub fn by_queued_bytes(&self) -> Vec<Arc<RegisteredConnection>> {
        let mut queued: Vec<_> =
            self.by_id.lock().values().map(|connection| (connection.level.bytes(), connection.clone())).collect();
        queued.retain(|(bytes, _)| *bytes > 0);
        queued.sort_by_key(|(bytes, _)| *bytes);
        queued.into_iter().map(|(_, connection)| connection).collect()
    }

    /// Returns the socket of this id.
    pub fn get(&self, id: &str) -> Option<Arc<RegisteredConnection>> {
        self.by_id.lock().get(id).cloned()
    }

    pub fn insert(&self, id: Arc<str>, connection: Arc<RegisteredConnection>) {
        self.by_id.lock().insert(id, connection);
    }

    pub fn remove(&self, id: &str) {
        self.by_id.lock().remove(id);
    }
}

impl RegisteredConnection {
    pub fn new(
        socket: SocketId,
        shards: Shards,
        level: Arc<QueueLevel>,
        peer: RemoteAddress,
        now: Timestamp,
    ) -> RegisteredConnection {
        RegisteredConnection {
            socket,
            shards,
            level,
            peer,
            connected_at: now,
            active_at: AtomicI64::new(now.0),
            guest: OnceLock::new(),
        }
    }

    /// Returns the level of the socket's queue.
    pub fn level(&self) -> &QueueLevel {
        &self.level
    }

    /// Asks the socket's shard to do something.
    pub fn command(&self, command: Command) {
        self.shards.send(self.socket, command);
    }

    /// Puts a frame into the socket's queue, unchanged. At most once.
    pub async fn post(&self, payload: Bytes) -> Result<(), PostError> {
        let (answer, posted) = oneshot::channel();
        self.command(Command::Post(self.socket, payload, answer));
        posted.await.unwrap_or(Err(PostError::Gone))
    }

    /// Closes the socket; its client reconnects.
    pub fn close(&self) {
        self.command(Command::Close(self.socket, CloseCode::Drained));
    }

    /// Closes the socket as lagged and discards its queue.
    pub fn abandon(&self) {
        self.command(Command::Abandon(self.socket));
    }

    pub fn address(&self) -> IpAddr {
        self.peer.address
    }

    /// Keeps the permit of a guest's socket until the socket ends.
    pub fn set_guest(&self, permit: AddressPermit) {
        let _ = self.guest.set(permit);
    }

    pub fn user_agent(&self) -> &str {
        &self.peer.user_agent
    }

    pub fn connected_at(&self) -> Timestamp {
        self.connected_at
    }

    /// Returns when its client last sent something.
    pub fn active_at(&self) -> Timestamp {
        Timestamp(self.active_at.load(Ordering::Relaxed))
    }

    pub fn set_active(&self, now: Timestamp) {
        self.active_at.store(now.0, Ordering::Relaxed);
    }
}

//! The sockets that this node holds, by the ids that their clients were told: what another program may post to, ask
//! about and close. Never decides who may: that is the private port's.
//!
//! No store knows of them: entries reach a node's sockets by the bus, so a row for each would cost and serve nobody.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use domain::Timestamp;

use super::send_queue::{PostError, SendQueue};
use realtime::protocol::CloseCode;

/// All sockets of the node.
#[derive(Default)]
pub(crate) struct Connections {
    by_id: Mutex<HashMap<String, Arc<Connection>>>,
}

/// Where a socket comes from.
pub(crate) struct RemoteAddress {
    /// As the nearest trusted proxy says.
    pub address: IpAddr,
    /// As the client says.
    pub user_agent: String,
}

/// One socket.
pub(crate) struct Connection {
    send_queue: Arc<SendQueue>,
    peer: RemoteAddress,
    connected_at: Timestamp,
    active_at: AtomicI64,
}

/// An id that nobody can guess: whoever knows one may be told to post to it.
pub(super) fn new_id(node: &str) -> String {
    format!("{node}-{:032x}", rand::random::<u128>())
}

impl Connections {
    /// The socket of this id.
    pub fn get(&self, id: &str) -> Option<Arc<Connection>> {
        self.by_id().get(id).cloned()
    }

    pub(super) fn insert(
        &self,
        id: String,
        send_queue: Arc<SendQueue>,
        peer: RemoteAddress,
        now: Timestamp,
    ) -> Arc<Connection> {
        let connection = Arc::new(Connection { send_queue, peer, connected_at: now, active_at: AtomicI64::new(now.0) });
        self.by_id().insert(id, connection.clone());
        connection
    }

    pub(super) fn remove(&self, id: &str) {
        self.by_id().remove(id);
    }

    /// No code panics while it holds this lock.
    fn by_id(&self) -> MutexGuard<'_, HashMap<String, Arc<Connection>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Puts a frame into the backlog, as it is. At most once.
    pub fn post(&self, text: Utf8Bytes) -> Result<(), PostError> {
        self.send_queue.post(text)
    }

    /// Lets the socket go; its client connects again.
    pub fn close(&self) {
        self.send_queue.close(CloseCode::Drained);
    }

    pub fn address(&self) -> IpAddr {
        self.peer.address
    }

    pub fn user_agent(&self) -> &str {
        &self.peer.user_agent
    }

    pub fn connected_at(&self) -> Timestamp {
        self.connected_at
    }

    /// When its client last said something.
    pub fn active_at(&self) -> Timestamp {
        Timestamp(self.active_at.load(Ordering::Relaxed))
    }

    pub(super) fn is_active(&self, now: Timestamp) {
        self.active_at.store(now.0, Ordering::Relaxed);
    }
}

//! Socket.IO at `/socket.io/`: sessions of Engine.IO whose messages are those of a connection, like any socket's.
//!
//! The codec decides what an event means; here sessions are admitted, and join the node's shards as one more shard.

mod peer;
mod shard;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use realtime::codec::CodecKind;
use realtime::connection::Connection;

use crate::backend::SocketBackend;
use crate::connections::{RegisteredConnection, new_id};
use crate::engine_io::{self, App, EngineSettings, NotOpened, Peer, Sessions, Signals, Visitor};
use crate::limits::{ENGINE_PAYLOAD, ENGINE_PING_INTERVAL, ENGINE_PING_TIMEOUT};
use crate::node::Node;
use crate::send_queue::SendQueue;
use peer::SocketIoPeer;
pub(crate) use shard::SessionShard;

/// Returns the route of Socket.IO.
pub(crate) fn router(node: Arc<Node>) -> Router {
    let heartbeat = Duration::from_millis(node.settings.limits.heartbeat_ms);
    let settings = EngineSettings {
        path: "/socket.io",
        // An answer to a ping shows the connection that its client is alive.
        ping_interval: ENGINE_PING_INTERVAL.min(heartbeat),
        ping_timeout: ENGINE_PING_TIMEOUT.min(heartbeat),
        max_payload: ENGINE_PAYLOAD,
    };
    engine_io::router(Sessions::new(settings, Arc::new(Chat { node })))
}

struct Chat {
    node: Arc<Node>,
}

impl App for Chat {
    fn open(&self, _: &Arc<str>, signals: Arc<Signals>, visitor: Visitor) -> Result<Arc<dyn Peer>, NotOpened> {
        let (node, now) = (&self.node, self.node.now());
        let Visitor { remote } = visitor;
        let permit = node.drain.admit(remote.address, now.elapsed).map_err(|refused| NotOpened {
            code: "SERVER_FULL",
            message: refused.refusal.map_or_else(
                || "This server takes no further connections now. Try again in a moment.".to_owned(),
                |refusal| refusal.message,
            ),
        })?;
        let (id, sessions) = node.next_session().expect("the route exists only with a shard of sessions");
        let conn = new_id(&node.settings.node, &node.services.ids);
        let codec = codec(&remote.user_agent);
        let connection = Connection::new(node.settings.clone(), conn.clone(), None, now);
        let queue = SendQueue::new(codec, node.memory.clone());
        let level = queue.level().clone();
        let registered = Arc::new(RegisteredConnection::new(id, node.shards.clone(), level, remote, now.wall));
        node.connections.insert(conn.clone(), registered.clone());
        let backend = Arc::new(SocketBackend::new(node.clone(), id, conn, registered));
        let peer = SocketIoPeer::new(connection, queue, backend, signals, sessions.clone(), permit);
        sessions.open(id, &peer);
        Ok(peer)
    }
}

/// Returns the protocol of a client. Clients in Python pass the offset of an event to its handler, which takes one argument, and
/// do not use it.
fn codec(user_agent: &str) -> CodecKind {
    match user_agent.to_ascii_lowercase().contains("python") {
        true => CodecKind::SocketIoPlain,
        false => CodecKind::SocketIo,
    }
}

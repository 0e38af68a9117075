//! Socket.IO at `/socket.io/`: sessions of Engine.IO whose messages are those of a connection, like any socket's.
//!
//! The codec decides what an event means; here sessions are admitted, and join the node's shards as one more shard.

mod peer;
mod refused;
mod shard;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::{Code, Refusal};
use realtime::codec::CodecKind;
use realtime::connection::Connection;

use crate::backend::SocketBackend;
use crate::connections::{RegisteredConnection, new_id};
use crate::engine_io::{self, App, EngineSettings, NotOpened, Peer, Sessions, Signals, Visitor};
use crate::limits::{ENGINE_PAYLOAD, ENGINE_PING_INTERVAL, ENGINE_PING_TIMEOUT};
use crate::node::Node;
use crate::send_queue::SendQueue;
use peer::SocketIoPeer;
use refused::RefusedSessions;
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
    engine_io::router(Sessions::new(settings, Arc::new(Chat { node, refused: RefusedSessions::default() })))
}

/// What a client reads that the node does not admit.
const FULL: &str = "This server takes no further connections now. Try again in a moment.";
/// When it may try again, in milliseconds.
const RETRY_MS: u64 = 5_000;

struct Chat {
    node: Arc<Node>,
    refused: RefusedSessions,
}

impl App for Chat {
    fn open(&self, _: &Arc<str>, signals: Arc<Signals>, visitor: Visitor) -> Result<Arc<dyn Peer>, NotOpened> {
        let (node, now) = (&self.node, self.node.now());
        let Visitor { remote, query } = visitor;
        let permit = match node.drain.admit(remote.address, now.elapsed) {
            Ok(permit) => permit,
            Err(refused) => {
                let refusal =
                    refused.refusal.unwrap_or_else(|| Refusal::new(Code::Overloaded, FULL).retry_in(RETRY_MS));
                return match self.refused.open(refusal, signals) {
                    Some(peer) => Ok(peer),
                    None => Err(NotOpened { code: "SERVER_FULL", message: FULL.to_owned() }),
                };
            }
        };
        let (id, sessions) = node.next_session().expect("the route exists only with a shard of sessions");
        let conn = new_id(&node.settings.node, &node.services.ids);
        let codec = codec(&remote.user_agent, &query);
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

/// Returns the protocol of a client. `python-socketio` does not use the offset of an event, and passes it to the event's handler,
/// which takes one argument. It names itself only where its HTTP library does, but always names its transport before the version.
fn codec(user_agent: &str, query: &str) -> CodecKind {
    let names_transport_first = query.find("transport=").is_some_and(|at| query[at..].contains("EIO="));
    match names_transport_first || user_agent.to_ascii_lowercase().contains("python") {
        true => CodecKind::SocketIoPlain,
        false => CodecKind::SocketIo,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clients_that_store_offsets_get_them() {
        let browser = "EIO=4&transport=polling&t=abc";
        assert_eq!(codec("Mozilla/5.0", browser), CodecKind::SocketIo);
        assert_eq!(codec("", "EIO=4&transport=websocket"), CodecKind::SocketIo);
        assert_eq!(codec("", "transport=websocket&EIO=4&t=1.2"), CodecKind::SocketIoPlain);
        assert_eq!(codec("Python/3.11 aiohttp/3.9", browser), CodecKind::SocketIoPlain);
    }
}

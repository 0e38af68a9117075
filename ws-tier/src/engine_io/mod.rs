//! Engine.IO v4: sessions over HTTP long-polling and WebSockets, with upgrades and heartbeats.
//!
//! Carries the messages of an [`App`] and knows nothing of chat. A session's [`Peer`] holds what waits for the client, so
//! that its limits hold between two polls as well; a transport takes it when it can be written.

mod answer;
mod heartbeat;
mod http;
mod polling;
mod session;
mod table;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use realtime::{Class, Frame};
use socketio::engine::Packet;
use tokio::sync::Notify;

use crate::connections::RemoteAddress;

pub use http::router;
pub use table::Sessions;

/// The settings of a server.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// The path, such as `/socket.io`.
    pub path: &'static str,
    /// The time between a client's answer and the next ping.
    pub ping_interval: Duration,
    /// How long a client may take to answer a ping.
    pub ping_timeout: Duration,
    /// Maximum size of a client's message, and of the body of one POST, in bytes.
    pub max_payload: usize,
}

/// What sessions carry messages for.
pub trait App: Send + Sync + 'static {
    /// Returns what handles a new session. It uses `signals` whenever something changes that a transport waits for.
    fn open(&self, sid: &Arc<str>, signals: Arc<Signals>, visitor: Visitor) -> Result<Arc<dyn Peer>, NotOpened>;
}

/// The client of a new session.
pub struct Visitor {
    pub(crate) remote: RemoteAddress,
    /// The query of its request.
    pub(crate) query: String,
}

impl Visitor {
    /// Returns the user agent that the client reports.
    pub fn user_agent(&self) -> &str {
        &self.remote.user_agent
    }
}

/// Why no session is opened: what the client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOpened {
    /// The code.
    pub code: &'static str,
    /// What the client can do.
    pub message: String,
}

/// The server's end of a session.
pub trait Peer: Send + Sync {
    /// Returns whether another message may be passed in. A transport reads none before.
    fn reads(&self) -> bool;

    /// Handles a message of the client.
    fn on_message(&self, message: Incoming<'_>);

    /// Handles a packet without a message. A client may send as many as its budget allows.
    fn on_control(&self);

    /// Handles bytes that break the rules of the transport.
    fn on_breach(&self);

    /// Returns what to write next: about `max` bytes. [`Peer::written`] is called after it.
    fn next(&self, max: usize) -> Next;

    /// Records that these bytes left the process.
    fn written(&self, bytes: usize);

    /// Returns how long until [`Peer::on_tick`] is due.
    fn next_tick(&self) -> Option<Duration>;

    /// Handles the passing of time.
    fn on_tick(&self);

    /// Handles the end of the session. Called once.
    fn on_end(&self);
}

/// A message that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

/// What a peer has for the client.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Write these, in order.
    Write(Vec<Piece>),
    /// Everything is written: close the session.
    Close {
        /// The code of a WebSocket's close frame.
        code: u16,
        /// Its reason.
        reason: &'static str,
    },
    /// Nothing waits.
    Idle,
}

/// Something to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// One or more packets of text, in the form of a payload: divided by [`socketio::engine::SEPARATOR`].
    Packets(Frame),
    /// A message of bytes.
    Binary(Bytes),
}

impl Piece {
    /// Returns a message of text.
    pub fn text(message: &str) -> Piece {
        let packet = Packet::Text(message.into());
        Piece::Packets(Frame::new(Class::Durable, packet.text()))
    }

    /// Returns the number of bytes that [`Peer::written`] counts.
    pub fn len(&self) -> usize {
        match self {
            Piece::Packets(frame) => frame.len(),
            Piece::Binary(bytes) => bytes.len(),
        }
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Wakes what waits for a session's peer.
#[derive(Debug, Default)]
pub struct Signals {
    output: Notify,
    reads: Notify,
    timer: Notify,
}

impl Signals {
    /// Signals that something waits for the client, or that the session is to be closed.
    pub fn has_output(&self) {
        self.output.notify_one();
    }

    /// Signals that another message may be passed in.
    pub fn may_read(&self) {
        self.reads.notify_one();
    }

    /// Signals that [`Peer::next_tick`] has changed.
    pub fn has_new_tick(&self) {
        self.timer.notify_one();
    }
}

//! What the hub is told and what it asks for.

use std::sync::Arc;

use domain::{LogId, Seq, SessionId, UserId};

use crate::frame::Frame;
use crate::protocol::CloseCode;

/// A socket of this node. Its shard is the remainder by the number of shards.
pub type SocketId = u64;

/// A socket's request for a page of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub socket: SocketId,
    /// For what.
    pub log: LogId,
    /// Which of its requests for this log: only the newest counts.
    pub(super) generation: u64,
}

/// An entry, encoded for sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its place.
    pub seq: Seq,
    /// The `event` frame.
    pub frame: Frame,
    /// An edit: the message that it changes, and the `event` frame without its text, for those whose past
    /// does not reach down to that message.
    pub cut: Option<(Seq, Frame)>,
    /// Whose membership it ends: they get this entry and nothing after it.
    pub removes: Option<UserId>,
    /// Own log: which sockets of the user it closes.
    pub ends: Option<Ending>,
}

/// Which sockets of a user an entry of their own log closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Those of a session that is over.
    Session(SessionId),
    /// All: the user is banned.
    Ban,
    /// All: what they may do has changed, and an open session knows it from its sign-in. They come again.
    Rights,
}

/// What the hub asks its driver to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Give these frames to these sockets, which all belong to one shard.
    Enqueue {
        /// Whose sockets they are.
        shard: usize,
        /// Which.
        to: Arc<Vec<SocketId>>,
        /// What, in order.
        frames: Arc<[Frame]>,
    },
    /// Follow the log's channel, then read its head and call `started`.
    Subscribe(LogId),
    /// No longer follow it.
    Unsubscribe(LogId),
    /// Read the log after this seq and call `read_done`.
    Read {
        /// Which.
        log: LogId,
        /// The last entry that was delivered.
        after: Seq,
    },
    /// Close a socket, after what was enqueued to it.
    Close {
        /// Which.
        socket: SocketId,
        /// Why.
        code: CloseCode,
    },
}

impl Effect {
    /// A frame for one socket, behind all that was enqueued for it before.
    pub fn enqueue_one(socket: SocketId, shards: usize, frame: Frame) -> Effect {
        Effect::Enqueue {
            shard: (socket % shards as u64) as usize,
            to: Arc::new(vec![socket]),
            frames: Arc::new([frame]),
        }
    }
}

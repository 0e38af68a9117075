//! The inputs of the hub, and the effects that its driver carries out.

use std::sync::Arc;

use domain::{LogId, Seq, SessionId, UserId};

use crate::message::{Delivery, Outgoing};
use crate::protocol::CloseCode;

/// A socket of this node. Its shard is its number modulo the number of shards.
pub type SocketId = u64;

/// A socket's request for a page of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The socket that asks.
    pub socket: SocketId,
    /// The log.
    pub log: LogId,
    /// The number of the request: only the newest one for a log counts.
    pub(super) generation: u64,
}

/// An entry of a log, ready for sockets.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryDelivery {
    /// The entry's seq.
    pub seq: Seq,
    /// The event.
    pub event: Arc<Delivery>,
    /// For an edit: the message that it changes, and the event without its text, for users whose visible history starts
    /// after that message.
    pub cut: Option<(Seq, Arc<Delivery>)>,
    /// The user whose membership it ends: they get this entry and nothing after it.
    pub removes: Option<UserId>,
    /// In a user log: which sockets of the user it closes.
    pub ends: Option<Ending>,
}

/// The sockets that an entry of a user log closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The sockets of a session that ended.
    Session(SessionId),
    /// All: the user is banned.
    Ban,
    /// All: the user's rights have changed, and a socket has those of its sign-in. Clients sign in again.
    Rights,
}

/// What the hub asks its driver to do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Queue these messages for these sockets, which all belong to one shard.
    Enqueue {
        /// The shard that owns the sockets.
        shard: usize,
        /// The sockets.
        to: Arc<Vec<SocketId>>,
        /// The messages, in order.
        messages: Arc<[Outgoing]>,
    },
    /// Subscribe to the log's channel, then read its head and call `started`.
    Subscribe(LogId),
    /// Unsubscribe from the log's channel.
    Unsubscribe(LogId),
    /// Read the log after this seq and call `read_done`.
    Read {
        /// The log.
        log: LogId,
        /// The last entry that was delivered.
        after: Seq,
    },
    /// Close a socket, after everything that was queued for it.
    Close {
        /// The socket.
        socket: SocketId,
        /// The close code.
        code: CloseCode,
    },
}

impl Effect {
    /// Queues a message for one socket, after everything queued for it before.
    pub fn enqueue_one(socket: SocketId, shards: usize, message: Outgoing) -> Effect {
        Effect::Enqueue {
            shard: (socket % shards as u64) as usize,
            to: Arc::new(vec![socket]),
            messages: Arc::new([message]),
        }
    }
}

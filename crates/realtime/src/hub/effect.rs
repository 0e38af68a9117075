//! What goes into the hub, and what it asks its driver to do.

use std::sync::Arc;

use domain::{LogId, Seq, SessionId, UserId};

use crate::message::{Delivery, Outgoing};
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

/// An entry of a log, ready for sockets.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryDelivery {
    /// Its place in the log.
    pub seq: Seq,
    /// The event.
    pub event: Arc<Delivery>,
    /// Of an edit: the message that it changes, and the event without its text, for users whose past does not reach down
    /// to that message.
    pub cut: Option<(Seq, Arc<Delivery>)>,
    /// The user whose membership it ends: they get this entry and nothing after it.
    pub removes: Option<UserId>,
    /// In a user's own log: which sockets of the user it closes.
    pub ends: Option<Ending>,
}

/// Which sockets of a user an entry of their own log closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Those of a session that ended.
    Session(SessionId),
    /// All: the user is banned.
    Ban,
    /// All: the user's rights have changed, and a socket knows them from its sign-in. Clients sign in again.
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
    /// Queues a message for one socket, behind all that was queued for it before.
    pub fn enqueue_one(socket: SocketId, shards: usize, message: Outgoing) -> Effect {
        Effect::Enqueue {
            shard: (socket % shards as u64) as usize,
            to: Arc::new(vec![socket]),
            messages: Arc::new([message]),
        }
    }
}

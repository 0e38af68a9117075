//! Carries hints between nodes. Whatever is lost here is recovered from the log.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{EditTexts, Entry, Epoch, LogId, RoomId, Seq, UserId};
use tokio::sync::{mpsc, watch};

/// Entries that are durable, in order and without gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The log they belong to.
    pub log: LogId,
    /// The epoch of the store.
    pub epoch: Epoch,
    /// The entries, at least one.
    pub entries: Arc<[Entry]>,
    /// The texts of the edits among them.
    pub texts: EditTexts,
}

/// A user started or stopped typing.
#[derive(Debug, Clone, PartialEq)]
pub struct Typing {
    /// The room's id.
    pub room: RoomId,
    /// The id of the user who types.
    pub user: UserId,
    /// Whether the user started (true) or stopped typing.
    pub on: bool,
}

/// A user's read mark rose.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// The room's id.
    pub room: RoomId,
    /// The id of the user whose mark rose.
    pub user: UserId,
    /// The seq up to which the user has read.
    pub seq: Seq,
    /// The `n` of that entry.
    pub n: u64,
    /// The seqs of the mentions that are still unread.
    pub mentions: Vec<Seq>,
}

/// A message on the bus.
#[derive(Debug, Clone, PartialEq)]
pub enum BusMessage {
    /// New entries of a log.
    Committed(Committed),
    /// The head of a log is at least this. The receiver reads the entries itself.
    Head {
        /// The log's id.
        log: LogId,
        /// The epoch of the store.
        epoch: Epoch,
        /// The seq of the head.
        head: Seq,
    },
    /// Typing, on the room's channel.
    Typing(Typing),
    /// A read mark, on the user's channel, and on the room's in small rooms.
    Mark(Mark),
}

/// A message that a node received.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The channel on which it arrived.
    pub log: LogId,
    /// The message.
    pub message: BusMessage,
}

/// The state of the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusStatus {
    /// Messages are delivered.
    Up,
    /// Messages are not delivered, so nodes read `changes` every second.
    Down,
}

/// The bus, as one node sees it. Delivers at most once and in no order: everything durable can be read from the log.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends a message to the other nodes that follow `log`, never back to this one. A failure is counted and not
    /// returned, since the receivers recover from the log.
    async fn publish(&self, log: LogId, message: BusMessage);

    /// Follows a log's channel. Returns once the bus has confirmed it, or at once while the bus is down.
    async fn subscribe(&self, log: LogId);

    /// Stops following a log's channel.
    async fn unsubscribe(&self, log: LogId);

    /// Returns the queue of received messages, once. The queue is bounded: when the node is slow, messages are dropped.
    fn listen(&self) -> Option<mpsc::Receiver<Heard>>;

    /// Waits until everything published so far has left this process or is lost; bounded by a time-out. For processes
    /// that are frozen after an answer; a long-lived process does not need it.
    async fn flush(&self) {}

    /// Returns the state of the bus, now and as it changes.
    fn status(&self) -> watch::Receiver<BusStatus>;
}

//! What nodes tell each other. A hint only: whatever is lost here is found in the log.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Entry, Epoch, LogId, RoomId, Seq, UserId};
use tokio::sync::{mpsc, watch};

/// Entries that are durable now, in order and without holes. An edit carries its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// The log.
    pub log: LogId,
    /// The epoch of the store.
    pub epoch: Epoch,
    /// At least one.
    pub entries: Arc<[Entry]>,
}

/// Somebody types, or stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct Typing {
    /// Where.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// Began or stopped.
    pub on: bool,
}

/// A user's mark rose.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where.
    pub room: RoomId,
    /// Whose.
    pub user: UserId,
    /// Up to here.
    pub seq: Seq,
    /// The `n` of that entry.
    pub n: u64,
    /// Mentions that are still unread.
    pub mentions: Vec<Seq>,
}

/// What travels on the bus.
#[derive(Debug, Clone, PartialEq)]
pub enum BusMessage {
    /// Entries of a log.
    Committed(Committed),
    /// A log's head is at least this; its entries are to be read.
    Head {
        /// The log.
        log: LogId,
        /// The epoch of the store.
        epoch: Epoch,
        /// The head.
        head: Seq,
    },
    /// Typing, on the room's channel.
    Typing(Typing),
    /// A mark: on the user's channel, and in small rooms on the room's.
    Mark(Mark),
}

/// What a node hears.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The channel it came on.
    pub log: LogId,
    /// What.
    pub message: BusMessage,
}

/// Whether the bus works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusStatus {
    /// Messages travel.
    Up,
    /// They do not; nodes read `changes` each second.
    Down,
}

/// The bus, as one node sees it. At most once, in no order: everything durable is found in the log.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Tells the other nodes that follow `log`; never comes back to this one. Failure is no error: it is
    /// counted, and the log tells later.
    async fn publish(&self, log: LogId, message: BusMessage);

    /// Follows a log's channel; returns once the bus confirmed it, or at once while the bus is down.
    async fn subscribe(&self, log: LogId);

    /// No longer follows it.
    async fn unsubscribe(&self, log: LogId);

    /// What this node hears; can be taken once. Bounded: when the node is slow, messages are lost.
    fn listen(&self) -> Option<mpsc::Receiver<Heard>>;

    /// Waits until everything published so far left this process or is lost; bounded by a time-out. For processes
    /// that are frozen after an answer; whoever lives on has no need of it.
    async fn flush(&self) {}

    /// Whether it works, now and later.
    fn status(&self) -> watch::Receiver<BusStatus>;
}

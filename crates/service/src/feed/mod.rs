//! The event feed: passes every entry of every room, in order, to the consumers that derive something from it.
//!
//! One reader per room serves all consumers. It is woken by this node's own commits and by `RoomLog::changes`; a sweep
//! finds rooms whose wake-up was lost. A wake-up is never trusted: the log is read from the cursor on. Rooms are spread
//! over shards, each held by one node under a lease.
//!
//! Never the only protection against doing something twice: a consumer may see an entry again (after a crash, or while
//! two nodes both believe they hold a lease), so its writes must be idempotent.

mod catch_up;
mod due;
mod notify;
mod own_rooms;
mod reader;
mod requests;
mod room;
pub mod scheduler;
mod task;
mod troubles;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::limits::FEED_QUEUE;
use async_trait::async_trait;
use domain::{Change, Entry, Epoch, LogId, OwnChange, Refusal, RoomId, Seq, UserId};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::log::{CommitListener, Logs};
use crate::ports::{Committed, Store};
use crate::supervisor::{Policy, Supervised, Supervisor};

pub use catch_up::CatchUp;
pub use notify::Notify;
pub use own_rooms::OwnRooms;
pub use requests::Requests;
pub use troubles::Trouble;
use troubles::Troubles;

/// Derives something from a room's entries.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Returns the name of its cursors. Must never change, or the consumer starts from the beginning.
    fn name(&self) -> &'static str;

    /// Processes the next entries of a room, in order. May receive an entry again.
    async fn consume(&self, batch: &Batch<'_>) -> Result<(), Stopped>;
}

/// Entries of a room, in order. Only those that cannot be read are missing.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The room's id.
    pub room: RoomId,
    /// The epoch of the store that they were read from.
    pub epoch: Epoch,
    /// The entries. Their messages may have changed since.
    pub entries: &'a [Entry],
}

/// A consumer could not go on. It is called again later, from `done` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// The seq of the last entry that it processed, or the seq before the batch.
    pub done: Seq,
    /// The reason.
    pub refusal: Refusal,
}

/// Settings of the feed.
#[derive(Debug, Clone)]
pub struct FeedSettings {
    /// The owner of the leases: the node's id. Two nodes must never have the same. If only one process uses the store,
    /// it keeps its id across restarts, or a killed feed would wait until its own lease expires.
    pub owner: String,
    /// How often `changes` is asked for rooms that other nodes wrote to.
    pub changes_every: Duration,
}

/// The feed of one node.
pub struct Feed {
    wakes: mpsc::Sender<Committed>,
    missed: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    parts: task::FeedParts,
    running: Mutex<Option<Supervised>>,
}

impl Feed {
    /// Creates a feed that is idle until [`Feed::start`]. Consumers receive each entry in this order.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        consumers: Vec<Arc<dyn Consumer>>,
        settings: FeedSettings,
    ) -> Arc<Self> {
        let (wakes, woken) = mpsc::channel(FEED_QUEUE);
        let (stop, stopped) = watch::channel(false);
        let missed = Arc::new(AtomicBool::new(false));
        let parts = task::FeedParts {
            store,
            clock,
            consumers: consumers.into(),
            settings,
            woken: Arc::new(tokio::sync::Mutex::new(woken)),
            missed: missed.clone(),
            stopped,
            troubles: Arc::default(),
        };
        Arc::new(Feed { wakes, missed, stop, parts, running: Mutex::default() })
    }

    /// Starts the feed, once: it receives what `logs` commits, and continues from the cursors. A feed that fails is
    /// restarted, and knows only what was saved.
    pub fn start(self: &Arc<Self>, logs: &Logs, supervisor: &Supervisor) {
        let mut running = self.running.lock();
        if running.is_some() || *self.stop.borrow() {
            return;
        }
        logs.add_listener(self.clone());
        let parts = self.parts.clone();
        *running = Some(supervisor.supervise("feed", Policy::Restart, move || task::run(parts.clone())));
    }

    /// Returns the rooms that have been stopped for a while in spite of retries.
    pub fn troubles(&self) -> Vec<Trouble> {
        self.parts.troubles.lasting(Instant::now())
    }

    /// Stops the feed: runs under way finish, cursors are saved, leases released.
    pub async fn stop(&self) {
        let running = self.running.lock().take();
        if let Some(running) = &running {
            running.may_end();
        }
        self.stop.send_replace(true);
        if let Some(running) = running {
            running.ended().await;
        }
    }
}

impl CommitListener for Feed {
    fn committed(&self, committed: &Committed) {
        if committed.log.room().is_some() && self.wakes.try_send(committed.clone()).is_err() {
            // The queue is full. The sweep will find the room.
            self.missed.store(true, Ordering::Relaxed);
        }
    }
}

/// Appends to a user log what a room's entry means for that user. Done when it is durable, was there already, or can
/// never succeed: a final refusal is logged and skipped, so that one entry never stops a room.
async fn announce(
    logs: &Arc<Logs>,
    batch: &Batch<'_>,
    entry: &Entry,
    user: UserId,
    change: OwnChange,
) -> Result<(), Refusal> {
    let id = change.id_of(batch.room, entry.by, entry.id);
    let intent = domain::Intent::Own(change);
    let change = Change { by: domain::Actor::SYSTEM, id, seen: None, epoch: Some(batch.epoch), intent };
    match logs.submit(LogId::User(user), change).await {
        Ok(_) => Ok(()),
        Err(refusal) if refusal.code.is_transient() => Err(refusal),
        Err(refusal) => {
            tracing::warn!(room = %batch.room, seq = entry.seq, code = ?refusal.code, "feed skipped an entry after a final refusal");
            Ok(())
        }
    }
}

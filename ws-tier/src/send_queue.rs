//! The queue of one socket, and what other threads may know of it.
//!
//! The socket's shard owns the queue; [`Backlog`] does the accounting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use realtime::codec::{Codec, CodecKind};
use realtime::connection::{Backlog, is_short};
use tokio::sync::Notify;

use crate::memory::MemoryBudget;

/// The queue of one socket.
pub(crate) struct SendQueue {
    codec: CodecKind,
    backlog: Backlog,
    level: Arc<QueueLevel>,
    memory: Arc<MemoryBudget>,
}

/// How much waits in a socket's queue.
#[derive(Default)]
pub(crate) struct QueueLevel {
    bytes: AtomicUsize,
    /// Signals that the queue became short.
    eased: Notify,
}

impl SendQueue {
    /// Returns an empty queue for a socket that speaks this protocol.
    pub fn new(codec: CodecKind, memory: Arc<MemoryBudget>) -> SendQueue {
        SendQueue::with(codec.open(), memory)
    }

    /// Returns an empty queue for a socket with this codec.
    pub fn with(codec: Box<dyn Codec>, memory: Arc<MemoryBudget>) -> SendQueue {
        SendQueue { codec: codec.kind(), backlog: Backlog::new(codec), level: Arc::default(), memory }
    }

    /// Returns the queue's level, which other threads may watch.
    pub fn level(&self) -> &Arc<QueueLevel> {
        &self.level
    }

    /// Returns the socket's protocol.
    pub fn codec(&self) -> CodecKind {
        self.codec
    }

    /// Returns whether nothing waits, nothing is being written, and frames need not be dropped: a message may be written
    /// without being queued.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.backlog.bytes() == 0 && self.backlog.closing().is_none() && !self.memory.drops_ephemeral()
    }

    /// Returns the backlog.
    pub fn backlog(&self) -> &Backlog {
        &self.backlog
    }

    /// Changes the backlog, and records the memory that it uses.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut Backlog) -> R) -> R {
        let before = self.backlog.bytes();
        self.backlog.save_memory(self.memory.drops_ephemeral());
        let answer = change(&mut self.backlog);
        let after = self.backlog.bytes();
        if before != after {
            self.memory.resized(before, after);
            self.level.set(after);
        }
        answer
    }
}

impl Drop for SendQueue {
    fn drop(&mut self) {
        self.memory.resized(self.backlog.bytes(), 0);
        // Nobody waits for a socket that has ended.
        self.level.set(0);
    }
}

impl QueueLevel {
    /// Returns how many bytes wait or are being written.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Returns once there is room for another page, so that replays alone never fill the queue.
    pub async fn eased(&self) {
        loop {
            let eased = self.eased.notified();
            tokio::pin!(eased);
            eased.as_mut().enable();
            if is_short(self.bytes()) {
                return;
            }
            eased.await;
        }
    }

    fn set(&self, bytes: usize) {
        let before = self.bytes.swap(bytes, Ordering::Relaxed);
        if !is_short(before) && is_short(bytes) {
            self.eased.notify_waiters();
        }
    }
}

//! The queue of one socket: filled by its shard and by its own task, emptied by its task.
//!
//! Never waits for the client and never decides what is dropped: [`Backlog`] does the accounting.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use realtime::codec::{Codec, CodecKind};
use realtime::connection::{Backlog, Next, PostError};
use realtime::message::{Message, Outgoing};
use realtime::protocol::CloseCode;
use realtime::{Class, Frame};
use tokio::sync::Notify;

use crate::memory::MemoryBudget;

/// The queue of one socket.
pub(crate) struct SendQueue {
    backlog: Mutex<Backlog>,
    memory: Arc<MemoryBudget>,
    /// Signals that a frame should be written, or the socket closed.
    ready: Notify,
    /// Signals that the backlog became short.
    eased: Notify,
}

impl SendQueue {
    /// Returns an empty queue for a socket that speaks this protocol.
    pub fn new(codec: CodecKind, memory: Arc<MemoryBudget>) -> SendQueue {
        let backlog = Mutex::new(Backlog::new(codec.open()));
        SendQueue { backlog, memory, ready: Notify::new(), eased: Notify::new() }
    }

    /// Changes the backlog, and records the memory that it uses.
    fn change<R>(&self, change: impl FnOnce(&mut Backlog) -> R) -> R {
        let mut backlog = self.backlog.lock();
        let before = backlog.bytes();
        let answer = change(&mut backlog);
        self.memory.resized(before, backlog.bytes());
        answer
    }

    /// Accepts another program's frame, if there is room.
    pub fn post(&self, payload: Bytes) -> Result<(), PostError> {
        self.change(|backlog| backlog.post(payload))?;
        self.ready.notify_one();
        Ok(())
    }

    /// Queues messages, drops them, or closes the socket.
    pub fn push_all(&self, messages: &[Outgoing]) {
        let saves_memory = self.memory.drops_ephemeral();
        self.change(|backlog| {
            backlog.save_memory(saves_memory);
            messages.iter().for_each(|message| backlog.push(message));
        });
        self.ready.notify_one();
    }

    /// Queues a message for this socket alone.
    pub fn push_own(&self, message: &Message) {
        self.change(|backlog| backlog.push_own(message));
        self.ready.notify_one();
    }

    /// Closes the socket after its queue is written. The first code counts.
    pub fn close(&self, code: CloseCode) {
        self.backlog.lock().close(code);
        self.ready.notify_one();
    }

    /// Closes the socket as lagged and discards its queue.
    pub fn abandon(&self) {
        self.change(Backlog::abandon);
        self.ready.notify_one();
    }

    /// Returns how many bytes wait or are being written.
    pub fn bytes(&self) -> usize {
        self.backlog.lock().bytes()
    }

    /// Returns why the socket is being closed, if it is.
    pub fn closing(&self) -> Option<CloseCode> {
        self.backlog.lock().closing()
    }

    /// Returns the number and reason of a close frame in the socket's protocol.
    pub fn close_frame(&self, code: CloseCode) -> (u16, &'static str) {
        self.backlog.lock().close_frame(code)
    }

    /// Encodes a message for this socket without queuing it.
    pub fn encode(&self, message: &Message) -> Option<Frame> {
        let payload = self.backlog.lock().codec().encode_own(message)?;
        Some(Frame::new(Class::Durable, payload))
    }

    /// Lends the socket's codec, to decode the client's messages.
    pub fn with_codec<R>(&self, decode: impl FnOnce(&mut dyn Codec) -> R) -> R {
        decode(self.backlog.lock().codec())
    }

    /// Returns what to do next: at most `max` bytes, but at least one frame.
    pub fn next(&self, max: usize) -> Next {
        self.change(|backlog| backlog.next(max))
    }

    /// Records that these bytes left the process.
    pub fn written(&self, bytes: usize) {
        let short = self.change(|backlog| {
            backlog.written(bytes);
            backlog.is_short()
        });
        if short {
            self.eased.notify_waiters();
        }
    }

    /// Returns when [`SendQueue::next`] may have something new.
    pub async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Returns once there is room for another page, so that replays alone never fill the backlog.
    pub async fn eased(&self) {
        loop {
            let eased = self.eased.notified();
            tokio::pin!(eased);
            eased.as_mut().enable();
            if self.backlog.lock().is_short() {
                return;
            }
            eased.await;
        }
    }
}

impl Drop for SendQueue {
    fn drop(&mut self) {
        self.memory.resized(self.backlog.get_mut().bytes(), 0);
    }
}

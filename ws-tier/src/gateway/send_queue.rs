//! What waits to be written to one socket. Bounded by bytes: a slow socket first loses what passes, then
//! is closed; nobody else is slowed, and no entry is dropped silently.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use realtime::limits::{BACKLOG_HARD_BYTES, BACKLOG_SOFT_BYTES};
use tokio::sync::Notify;
use wire::ServerFrame;

use realtime::protocol::CloseCode;
use realtime::{Class, Frame};

/// The backlog of one socket. Filled by its shard and by its own session, emptied by its task.
#[derive(Default)]
pub(crate) struct SendQueue {
    state: Mutex<State>,
    /// Something is to be written, or the socket is to be closed.
    ready: Notify,
    /// The backlog became short.
    eased: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Frame>,
    /// Of the waiting frames, and of those that are being written.
    bytes: usize,
    /// What was dropped since the last `lag` frame.
    dropped: BTreeSet<Class>,
    close: Option<CloseCode>,
}

/// What to do next.
pub(crate) enum Next {
    /// Write these.
    Write(Vec<Frame>),
    /// Everything is written; close.
    Close(CloseCode),
    /// Nothing.
    Idle,
}

/// Why another program's frame was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PostError {
    /// The socket is to be closed.
    Gone,
    /// Too much waits already.
    Full,
}

impl SendQueue {
    /// Takes another program's frame, if there is room. It never costs the socket its connection.
    pub fn post(&self, text: Utf8Bytes) -> Result<(), PostError> {
        let frame = Frame { text, class: Class::Posted };
        let mut state = self.state();
        if state.close.is_some() {
            return Err(PostError::Gone);
        }
        let bytes = state.bytes + frame.len();
        if bytes > BACKLOG_SOFT_BYTES {
            return Err(PostError::Full);
        }
        state.bytes = bytes;
        state.waiting.push_back(frame);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Takes a frame, drops it, or closes the socket.
    pub fn push(&self, frame: Frame) {
        let mut state = self.state();
        if state.close.is_some() {
            return;
        }
        let bytes = state.bytes + frame.len();
        if frame.class != Class::Durable && bytes > BACKLOG_SOFT_BYTES {
            state.dropped.insert(frame.class);
            return;
        }
        if bytes > BACKLOG_HARD_BYTES {
            // What it missed, it gets by its cursors when it comes back.
            state.waiting.clear();
            state.close = Some(CloseCode::Lagged);
        } else {
            state.bytes = bytes;
            state.waiting.push_back(frame);
        }
        drop(state);
        self.ready.notify_one();
    }

    /// Closes the socket after what waits. The first code counts.
    pub fn close(&self, code: CloseCode) {
        self.state().close.get_or_insert(code);
        self.ready.notify_one();
    }

    /// Why the socket is to be closed, if it is.
    pub fn closing(&self) -> Option<CloseCode> {
        self.state().close
    }

    /// What to do next; at most `max` bytes (but at least one frame). Tell [`SendQueue::written`] after.
    pub fn next(&self, max: usize) -> Next {
        let mut state = self.state();
        let mut frames = Vec::new();
        let mut taken = 0;
        while let Some(frame) = state.waiting.front() {
            let alone = frame.class == Class::Posted;
            if taken > 0 && (alone || taken + frame.len() > max) {
                break;
            }
            taken += frame.len();
            frames.extend(state.waiting.pop_front());
            if alone {
                break;
            }
        }
        let with_posted = frames.iter().any(|frame| frame.class == Class::Posted);
        if !state.dropped.is_empty() && state.waiting.is_empty() && !with_posted {
            let dropped = std::mem::take(&mut state.dropped).into_iter().map(|class| class.name().to_owned());
            let lag = Frame::new(Class::Durable, &ServerFrame::Lag { dropped: dropped.collect() });
            state.bytes += lag.len();
            frames.push(lag);
        }
        match (frames.is_empty(), state.close) {
            (false, _) => Next::Write(frames),
            (true, Some(code)) => Next::Close(code),
            (true, None) => Next::Idle,
        }
    }

    /// These bytes left the process.
    pub fn written(&self, bytes: usize) {
        let mut state = self.state();
        state.bytes -= bytes;
        let short = state.bytes <= BACKLOG_SOFT_BYTES / 2;
        drop(state);
        if short {
            self.eased.notify_waiters();
        }
    }

    /// Returns when [`SendQueue::next`] may have something new.
    pub async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Returns once there is room for another page, so that replays never fill the backlog.
    pub async fn eased(&self) {
        loop {
            let eased = self.eased.notified();
            tokio::pin!(eased);
            eased.as_mut().enable();
            if self.state().bytes <= BACKLOG_SOFT_BYTES / 2 {
                return;
            }
            eased.await;
        }
    }

    /// No code panics while it holds this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

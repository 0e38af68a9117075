//! The frames that wait to be written to one socket, accounted by bytes. A slow consumer first loses ephemeral frames,
//! then is closed; no durable frame is dropped silently.

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;

use crate::codec::Codec;
use crate::frame::{Class, Frame};
use crate::limits::{BACKLOG_HARD_BYTES, BACKLOG_SOFT_BYTES};
use crate::message::{Message, Outgoing};
use crate::protocol::CloseCode;

/// The frames that wait for one socket, and its codec, which encodes them when they are queued.
pub struct Backlog {
    codec: Box<dyn Codec>,
    waiting: VecDeque<Frame>,
    /// The bytes of the waiting frames, and of those that are being written.
    bytes: usize,
    /// The kinds of frames dropped since the last `lag` message.
    dropped: BTreeSet<Class>,
    /// Whether ephemeral frames are dropped even if this socket is fast, because the process is short of memory.
    saves_memory: bool,
    close: Option<CloseCode>,
    /// Whether answers are still queued although the socket is closing.
    answers: bool,
}

/// The next step of the writer.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Write these frames.
    Write(Vec<Frame>),
    /// Everything is written: close the socket.
    Close(CloseCode),
    /// Nothing is left to do.
    Idle,
}

/// Why a frame of another program was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostError {
    /// The socket is being closed.
    Gone,
    /// The backlog is too long.
    Full,
}

impl Backlog {
    /// Returns an empty backlog.
    pub fn new(codec: Box<dyn Codec>) -> Backlog {
        Backlog {
            codec,
            waiting: VecDeque::new(),
            bytes: 0,
            dropped: BTreeSet::new(),
            saves_memory: false,
            close: None,
            answers: false,
        }
    }

    /// Returns the codec, to decode what the client sends.
    pub fn codec(&mut self) -> &mut dyn Codec {
        &mut *self.codec
    }

    /// Accepts another program's frame, if there is room. It never causes the socket to be closed.
    pub fn post(&mut self, payload: Bytes) -> Result<(), PostError> {
        if self.close.is_some() {
            return Err(PostError::Gone);
        }
        let frame = Frame::new(Class::Posted, payload);
        if self.bytes + frame.len() > BACKLOG_SOFT_BYTES {
            return Err(PostError::Full);
        }
        self.queue(frame);
        Ok(())
    }

    /// Queues a message, drops it, or closes the socket. Skips a message that the protocol cannot express.
    pub fn push(&mut self, message: &Outgoing) {
        match message {
            Outgoing::Shared(delivery) => {
                if let Some(payload) = self.codec.encode_differently(delivery.message()) {
                    self.push_frame(Frame::new(delivery.message().class(), payload));
                } else if let Some(frame) = delivery.frame(self.codec.kind()) {
                    self.push_frame(frame.clone());
                }
            }
            Outgoing::Own(message) => self.push_own(message),
        }
    }

    /// Queues a message for this socket alone.
    pub fn push_own(&mut self, message: &Message) {
        if let Some(payload) = self.codec.encode_own(message) {
            let frame = Frame::new(Class::Durable, payload);
            match self.answers {
                true => self.queue(frame),
                false => self.push_frame(frame),
            }
        }
    }

    /// Queues a frame that is encoded already.
    pub fn push_frame(&mut self, frame: Frame) {
        if self.close.is_some() {
            return;
        }
        let bytes = self.bytes + frame.len();
        if frame.class != Class::Durable && (self.saves_memory || bytes > BACKLOG_SOFT_BYTES) {
            self.dropped.insert(frame.class);
            return;
        }
        if bytes > BACKLOG_HARD_BYTES {
            self.abandon();
        } else {
            self.queue(frame);
        }
    }

    fn queue(&mut self, frame: Frame) {
        self.bytes += frame.len();
        self.waiting.push_back(frame);
    }

    /// Closes the socket as lagged and discards its backlog: the client gets it by its cursors when it reconnects.
    pub fn abandon(&mut self) {
        let waiting: usize = self.waiting.drain(..).map(|frame| frame.len()).sum();
        self.bytes -= waiting;
        self.close.get_or_insert(CloseCode::Lagged);
    }

    /// Starts or stops dropping ephemeral frames: the process is short of memory, or no longer is.
    pub fn save_memory(&mut self, on: bool) {
        self.saves_memory = on;
    }

    /// Closes the socket after the backlog is written. The first code counts.
    pub fn close(&mut self, code: CloseCode) {
        self.close.get_or_insert(code);
    }

    /// From now on queues answers to this socket's requests although it is closing: some of its changes are in flight.
    pub fn answer_before_close(&mut self) {
        self.answers = true;
    }

    /// Returns why the socket is being closed, if it is.
    pub fn closing(&self) -> Option<CloseCode> {
        self.close
    }

    /// Returns the number and reason of a close frame in the socket's protocol.
    pub fn close_frame(&self, code: CloseCode) -> (u16, &'static str) {
        self.codec.close(code)
    }

    /// Returns what to do next: at most `max` bytes, but at least one frame. The driver calls [`Backlog::written`] after it.
    pub fn next(&mut self, max: usize) -> Next {
        let mut frames = Vec::new();
        let mut taken = 0;
        while let Some(frame) = self.waiting.front() {
            let alone = frame.class == Class::Posted;
            if taken > 0 && (alone || taken + frame.len() > max) {
                break;
            }
            taken += frame.len();
            frames.extend(self.waiting.pop_front());
            if alone {
                break;
            }
        }

        if self.waiting.is_empty() {
            // An idle socket keeps no memory for frames.
            self.waiting = VecDeque::new();
        }

        let with_posted = frames.iter().any(|frame| frame.class == Class::Posted);
        if !self.dropped.is_empty() && self.waiting.is_empty() && !with_posted {
            let dropped = std::mem::take(&mut self.dropped).into_iter().collect();
            if let Some(payload) = self.codec.encode_own(&Message::Lag { dropped }) {
                self.bytes += payload.len();
                frames.push(Frame::new(Class::Durable, payload));
            }
        }

        match (frames.is_empty(), self.close) {
            (false, _) => Next::Write(frames),
            (true, Some(code)) => Next::Close(code),
            (true, None) => Next::Idle,
        }
    }

    /// Records bytes that are being written without having been queued.
    pub fn writes(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Records that these bytes left the process.
    pub fn written(&mut self, bytes: usize) {
        self.bytes -= bytes;
    }

    /// Returns how many bytes wait or are being written.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Returns whether a backlog of this size has room for another page, so that replays alone never fill it.
pub fn is_short(bytes: usize) -> bool {
    bytes <= BACKLOG_SOFT_BYTES / 2
}

#[cfg(test)]
mod tests;

//! One socket's bytes: reads its messages and writes its frames at the same time, so that a client that does not read
//! delays nothing but its own backlog.
//!
//! Never decides what is written nor what a message means.

use std::collections::VecDeque;
use std::error::Error as _;
use std::future::{pending, poll_fn};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};

use realtime::Frame;

/// How long the other side has to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// An event on the socket.
#[derive(Debug)]
pub(super) enum Event {
    /// The client sent this.
    Message(Message),
    /// The client broke the WebSocket's own rules, or sent a frame over the limit. Nothing more can be read.
    Breach,
    /// These bytes of the batch left the process; the next batch may start.
    Written(usize),
    /// The client disconnected, or read nothing for too long.
    Gone,
}

/// A socket, and the batch that is being written to it. Generic for its tests only.
pub(super) struct SocketIo<S = WebSocket> {
    ws: S,
    batch: Option<Batch>,
    /// Nothing can be read any longer.
    deaf: bool,
}

/// Frames that left the backlog and have not all left the process.
struct Batch {
    messages: VecDeque<Message>,
    bytes: usize,
    /// When the socket counts as dead.
    deadline: Instant,
}

impl<S, E> SocketIo<S>
where
    S: Stream<Item = Result<Message, E>> + Sink<Message, Error = E> + Unpin,
    E: IsBreach,
{
    /// Wraps a socket that is not being written to.
    pub fn new(ws: S) -> Self {
        SocketIo { ws, batch: None, deaf: false }
    }

    /// Returns whether another batch may start.
    pub fn is_idle(&self) -> bool {
        self.batch.is_none()
    }

    /// Starts writing these frames; `as_array` joins several into one JSON array. The client must read them within
    /// `patience`.
    pub fn start(&mut self, frames: Vec<Frame>, as_array: bool, patience: Duration) {
        debug_assert!(self.is_idle(), "one batch at a time");
        let bytes = frames.iter().map(Frame::len).sum();
        let messages = match as_array && frames.len() > 1 {
            true => VecDeque::from([Message::Text(text(array(&frames, bytes)))]),
            false => frames.into_iter().map(|frame| Message::Text(text(frame.payload))).collect(),
        };
        self.batch = Some(Batch { messages, bytes, deadline: Instant::now() + patience });
    }

    /// Continues to write, and reads the next message if `reads` is set. The future may be dropped at any time: nothing is lost.
    pub async fn next(&mut self, reads: bool) -> Event {
        let deadline = self.batch.as_ref().map(|batch| batch.deadline);
        tokio::select! {
            biased;
            event = poll_fn(|context| self.poll(context, reads)) => event,
            () = until(deadline) => Event::Gone,
        }
    }

    /// Writes the rest of the batch, and reads nothing meanwhile.
    pub async fn finish(&mut self) -> Event {
        match self.is_idle() {
            true => Event::Written(0),
            false => self.next(false).await,
        }
    }

    /// Closes the socket with a reason, and waits a moment for the other side to read it: bytes that were never read
    /// would turn the close into a reset, and the reason would be lost.
    pub async fn close(mut self, (code, reason): (u16, &'static str)) {
        let frame = CloseFrame { code, reason: reason.into() };
        let farewell = async {
            if self.ws.send(Message::Close(Some(frame))).await.is_err() {
                return;
            }
            if self.deaf {
                tokio::time::sleep(CLOSE_WAIT).await;
            } else {
                while let Some(Ok(_)) = self.ws.next().await {}
            }
        };
        let _ = timeout(CLOSE_WAIT, farewell).await;
    }

    fn poll(&mut self, context: &mut Context<'_>, reads: bool) -> Poll<Event> {
        if let Poll::Ready(event) = self.poll_write(context) {
            return Poll::Ready(event);
        }
        if !reads || self.deaf {
            return Poll::Pending;
        }
        Poll::Ready(match ready!(self.ws.poll_next_unpin(context)) {
            Some(Ok(Message::Close(_))) | None => Event::Gone,
            Some(Ok(message)) => Event::Message(message),
            Some(Err(error)) => {
                self.deaf = error.is_breach();
                if self.deaf { Event::Breach } else { Event::Gone }
            }
        })
    }

    /// Writes as much as the socket accepts; ready once the whole batch has left the process.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        let Some(batch) = &mut self.batch else { return Poll::Pending };
        while !batch.messages.is_empty() {
            if ready!(self.ws.poll_ready_unpin(context)).is_err() {
                return Poll::Ready(Event::Gone);
            }
            let message = batch.messages.pop_front().expect("there is one");
            if self.ws.start_send_unpin(message).is_err() {
                return Poll::Ready(Event::Gone);
            }
        }
        if ready!(self.ws.poll_flush_unpin(context)).is_err() {
            return Poll::Ready(Event::Gone);
        }
        let bytes = batch.bytes;
        self.batch = None;
        Poll::Ready(Event::Written(bytes))
    }
}

/// Tells a client that broke the rules from one that disconnected.
pub(super) trait IsBreach {
    /// Returns whether the client sent a frame over the limit, or one that breaks the WebSocket's own rules.
    fn is_breach(&self) -> bool;
}

impl IsBreach for axum::Error {
    fn is_breach(&self) -> bool {
        use tungstenite::Error;
        use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
        match self.source().and_then(|source| source.downcast_ref()) {
            Some(Error::Protocol(ResetWithoutClosingHandshake)) => false,
            Some(Error::Capacity(_) | Error::Utf8(_) | Error::Protocol(_)) => true,
            _ => false,
        }
    }
}

/// Joins the frames into one JSON array; `bytes` is the sum of their lengths.
fn array(frames: &[Frame], bytes: usize) -> Bytes {
    let mut array = BytesMut::with_capacity(bytes + frames.len() + 1);
    for (at, frame) in frames.iter().enumerate() {
        array.put_u8(if at == 0 { b'[' } else { b',' });
        array.put_slice(&frame.payload);
    }
    array.put_u8(b']');
    array.freeze()
}

fn text(payload: Bytes) -> Utf8Bytes {
    Utf8Bytes::try_from(payload).expect("codecs encode text, and posted frames are checked")
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests;

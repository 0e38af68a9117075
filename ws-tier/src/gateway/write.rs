//! Writes what is ready: everything at once, in one write where it fits.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use domain::limits::Limits;
use futures_util::SinkExt;

use super::outbox::{Next, Outbox};
use crate::frame::Frame;
use crate::session::CloseCode;

/// What became of it.
pub(super) enum Written {
    /// Nothing waits any more.
    All,
    /// The socket is to be closed.
    Close(CloseCode),
    /// The other side is gone, or takes nothing.
    Failed,
}

/// Empties the outbox. `batch`: several frames go as one array.
pub(super) async fn all(ws: &mut WebSocket, outbox: &Outbox, batch: bool, limits: &Limits) -> Written {
    // One who takes nothing for this long would be closed for silence too.
    let patience = Duration::from_millis(limits.heartbeat_ms * 2);
    loop {
        let frames = match outbox.next(limits.server_frame) {
            Next::Write(frames) => frames,
            Next::Close(code) => return Written::Close(code),
            Next::Idle => return Written::All,
        };
        let bytes = frames.iter().map(Frame::len).sum();
        let written = tokio::time::timeout(patience, write(ws, frames, batch, bytes)).await;
        if !matches!(written, Ok(Ok(()))) {
            return Written::Failed;
        }
        outbox.written(bytes);
    }
}

async fn write(ws: &mut WebSocket, frames: Vec<Frame>, batch: bool, bytes: usize) -> Result<(), axum::Error> {
    if batch && frames.len() > 1 {
        let mut array = String::with_capacity(bytes + frames.len() + 1);
        for (at, frame) in frames.iter().enumerate() {
            array.push(if at == 0 { '[' } else { ',' });
            array.push_str(&frame.text);
        }
        array.push(']');
        return ws.send(Message::Text(array.into())).await;
    }
    for frame in frames {
        ws.feed(Message::Text(frame.text)).await?;
    }
    ws.flush().await
}

//! Sockets that have ended and whose clients have not read the close frame.

use std::io::{ErrorKind, Read};
use std::net::Shutdown;

use rustc_hash::FxHashMap;

use crate::SocketId;
use crate::limits::READS_AFTER_CLOSE;
use crate::socket::Output;

/// Connections whose close frame is on its way. The shard drops them when the client closes its end, or after
/// [`crate::limits::CLOSE_WAIT`].
#[derive(Debug, Default)]
pub(crate) struct Lingering {
    outputs: FxHashMap<SocketId, Output>,
}

impl Lingering {
    /// Keeps a connection until the client has read everything.
    pub fn add(&mut self, id: SocketId, output: Output) {
        self.outputs.insert(id, output);
    }

    /// Handles a connection that may be readable or writable. Discards what the client sends.
    pub fn on_ready(&mut self, id: SocketId, buffer: &mut [u8]) {
        let Some(output) = self.outputs.get_mut(&id) else { return };
        output.flush();
        if !output.is_blocked() {
            // The client sees the end at once. This end still reads: closing it with unread bytes would be a reset, and
            // the close frame would be lost.
            let _ = output.stream.shutdown(Shutdown::Write);
        }
        if output.broken || has_ended(output, buffer) {
            self.outputs.remove(&id);
        }
    }

    /// Drops a connection.
    pub fn end(&mut self, id: SocketId) {
        self.outputs.remove(&id);
    }
}

/// Discards what the client sent. Returns whether it closed its end, or sends too much.
fn has_ended(output: &mut Output, buffer: &mut [u8]) -> bool {
    for _ in 0..READS_AFTER_CLOSE {
        match output.stream.read(buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
    true
}

//! The shards of a node: each owns some of its sockets, and gets one command for all of them.
//!
//! Never decides who gets a message, and never waits for a socket.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use engine::{Opening, Shard};
use realtime::connection::{Input, PostError, Work};
use realtime::hub::SocketId;
use realtime::message::{Message, Outgoing};
use realtime::protocol::CloseCode;
use service::Clock;
use tokio::sync::oneshot;
use tokio::task;

use crate::limits::SHARD_QUEUE;
use crate::shard_driver::ShardDriver;
use crate::socket::SocketState;
use crate::socketio::SessionShard;

/// The handles of all shards of a node. The shards end with the last handle, which their sockets also have.
#[derive(Clone)]
pub(crate) struct Shards {
    shards: Arc<[Handle]>,
    /// The last shard, if there is one: its sockets are sessions of Socket.IO.
    sessions: Option<SessionShard>,
}

struct Handle {
    shard: Shard<Command>,
    /// A command was lost because the shard's queue was full.
    overrun: Arc<AtomicBool>,
}

/// What a shard is asked to do.
pub(crate) enum Command {
    /// Take over a socket.
    Open(SocketId, Opening, Box<SocketState>),
    /// Queue messages for many sockets.
    Enqueue { to: Arc<Vec<SocketId>>, messages: Arc<[Outgoing]> },
    /// Queue a message for one socket.
    Send(SocketId, Box<Message>),
    /// Handle the result of a socket's work, which this task performed, or `None` if it panicked.
    Input(SocketId, Work, task::Id, Option<Box<Input>>),
    /// Queue another program's frame, if there is room.
    Post(SocketId, Bytes, oneshot::Sender<Result<(), PostError>>),
    /// Close a socket, after everything that was queued for it before.
    Close(SocketId, CloseCode),
    /// Close a socket as lagged, and discard its queue.
    Abandon(SocketId),
    /// Make all sockets leave, each at a random moment within this time.
    Depart(Duration),
    /// Cut all sockets.
    Cut,
}

impl Shards {
    /// Starts `count` shards, which perform the work of sockets on the current tokio runtime.
    pub fn start(count: usize, clock: Arc<dyn Clock>, sessions: Option<SessionShard>) -> io::Result<Shards> {
        let runtime = tokio::runtime::Handle::current();
        let cores = core_ids(count);
        let start = |index: usize| {
            let overrun = Arc::new(AtomicBool::new(false));
            let (runtime, clock, lost) = (runtime.clone(), clock.clone(), overrun.clone());
            let make = move || ShardDriver::new(runtime, clock, lost);
            let shard = engine::start(format!("shard-{index}"), cores.get(index).copied(), make)?;
            Ok(Handle { shard, overrun })
        };
        Ok(Shards { shards: (0..count).map(start).collect::<io::Result<_>>()?, sessions })
    }

    /// Returns how many shards there are.
    pub fn count(&self) -> usize {
        self.shards.len() + usize::from(self.sessions.is_some())
    }

    /// Returns the number of the `nth` WebSocket, so that these are spread over the shards that have them.
    pub fn socket(&self, nth: u64) -> SocketId {
        let engines = self.shards.len() as u64;
        nth / engines * self.count() as u64 + nth % engines
    }

    /// Returns the number of the `nth` session, and the shard of sessions, if there is one.
    pub fn session(&self, nth: u64) -> Option<(SocketId, &SessionShard)> {
        let sessions = self.sessions.as_ref()?;
        Some((nth * self.count() as u64 + self.shards.len() as u64, sessions))
    }

    /// Queues messages for sockets of one shard. If the shard's queue is full, the shard closes its sockets instead, which
    /// resume.
    pub fn enqueue(&self, shard: usize, to: Arc<Vec<SocketId>>, messages: Arc<[Outgoing]>) {
        let Some(Handle { shard, overrun }) = self.shards.get(shard) else {
            if let Some(sessions) = &self.sessions {
                sessions.enqueue(to, messages);
            }
            return;
        };
        if shard.queued() < SHARD_QUEUE {
            shard.send(Command::Enqueue { to, messages });
        } else if !overrun.swap(true, Ordering::AcqRel) {
            tracing::warn!("a shard's queue is full, closing its sockets, which will resume");
        }
    }

    /// Queues a command for the shard of one socket. Their number is bounded by the requests that sockets may have in
    /// flight, so the queue has no other limit for them.
    pub fn send(&self, socket: SocketId, command: Command) {
        match self.shards.get((socket % self.count() as u64) as usize) {
            Some(handle) => handle.shard.send(command),
            None => {
                if let Some(sessions) = &self.sessions {
                    sessions.send(command);
                }
            }
        }
    }

    /// Makes all sockets leave, each at a random moment within this time.
    pub fn depart(&self, spread: Duration) {
        self.shards.iter().for_each(|handle| handle.shard.send(Command::Depart(spread)));
        self.sessions.iter().for_each(|sessions| sessions.send(Command::Depart(spread)));
    }

    /// Cuts all sockets.
    pub fn cut(&self) {
        self.shards.iter().for_each(|handle| handle.shard.send(Command::Cut));
        self.sessions.iter().for_each(|sessions| sessions.send(Command::Cut));
    }
}

#[cfg(test)]
mod without_sockets;

/// Returns the cores that shards stay on; none if there are more shards than cores.
fn core_ids(shards: usize) -> Vec<usize> {
    let cores = engine::cores();
    if cores.len() < shards { Vec::new() } else { cores }
}

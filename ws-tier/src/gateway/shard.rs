//! Shards: each owns the backlogs of some sockets, and gets one hand-over for all of them.
//!
//! Never decides who gets a frame, and never waits for a socket.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::limits::SHARD_QUEUE;
use tokio::sync::mpsc;

use super::send_queue::SendQueue;
use realtime::Frame;
use realtime::hub::SocketId;
use realtime::protocol::CloseCode;

/// The senders' side of all shards of a node.
pub(crate) struct Shards {
    shards: Vec<Shard>,
}

struct Shard {
    queue: mpsc::Sender<Command>,
    overrun: Arc<AtomicBool>,
}

enum Command {
    Open(SocketId, Arc<SendQueue>),
    Gone(SocketId),
    Enqueue { to: Arc<Vec<SocketId>>, frames: Arc<[Frame]> },
    Close(SocketId, CloseCode),
}

impl Shards {
    /// Starts `count` shards; they end with this value.
    pub fn start(count: usize) -> Shards {
        let start = |_| {
            let (queue, commands) = mpsc::channel(SHARD_QUEUE);
            let overrun = Arc::new(AtomicBool::new(false));
            tokio::spawn(run(commands, overrun.clone()));
            Shard { queue, overrun }
        };
        Shards { shards: (0..count).map(start).collect() }
    }

    /// A socket's backlog joins its shard, in order with the hand-overs that follow. Waits while the
    /// shard's queue is full.
    pub async fn open(&self, socket: SocketId, send_queue: Arc<SendQueue>) {
        let _ = self.of(socket).queue.send(Command::Open(socket, send_queue)).await;
    }

    /// A socket is gone.
    pub async fn gone(&self, socket: SocketId) {
        let _ = self.of(socket).queue.send(Command::Gone(socket)).await;
    }

    /// Frames for sockets of one shard. Never waits: a shard that is so far behind that its queue is
    /// full closes its sockets, which resume.
    pub fn enqueue(&self, shard: usize, to: Arc<Vec<SocketId>>, frames: Arc<[Frame]>) {
        self.shards[shard].push(Command::Enqueue { to, frames });
    }

    /// Closes a socket, after what was enqueued before.
    pub fn close(&self, socket: SocketId, code: CloseCode) {
        self.of(socket).push(Command::Close(socket, code));
    }

    fn of(&self, socket: SocketId) -> &Shard {
        &self.shards[(socket % self.shards.len() as u64) as usize]
    }
}

impl Shard {
    fn push(&self, command: Command) {
        if self.queue.try_send(command).is_err() {
            self.overrun.store(true, Ordering::Release);
        }
    }
}

async fn run(mut commands: mpsc::Receiver<Command>, overrun: Arc<AtomicBool>) {
    let mut send_queues: HashMap<SocketId, Arc<SendQueue>> = HashMap::new();
    while let Some(command) = commands.recv().await {
        if overrun.swap(false, Ordering::AcqRel) {
            // A hand-over was lost, and nobody knows whose: all resume from their cursors.
            metrics::counter!("palaver_shard_overruns_total").increment(1);
            send_queues.values().for_each(|send_queue| send_queue.close(CloseCode::Lagged));
        }
        match command {
            Command::Open(socket, send_queue) => drop(send_queues.insert(socket, send_queue)),
            Command::Gone(socket) => drop(send_queues.remove(&socket)),
            Command::Enqueue { to, frames } => {
                for send_queue in to.iter().filter_map(|socket| send_queues.get(socket)) {
                    frames.iter().for_each(|frame| send_queue.push(frame.clone()));
                }
            }
            Command::Close(socket, code) => {
                if let Some(send_queue) = send_queues.get(&socket) {
                    send_queue.close(code);
                }
            }
        }
    }
}

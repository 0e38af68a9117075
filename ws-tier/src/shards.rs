//! Shards: each owns the queues of some sockets, and gets one command for all of them.
//!
//! Never decides who gets a message, and never waits for a socket.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use realtime::hub::SocketId;
use realtime::message::Outgoing;
use realtime::protocol::CloseCode;
use tokio::sync::mpsc;

use crate::limits::SHARD_QUEUE;
use crate::send_queue::SendQueue;

/// The sender side of all shards of a node.
pub(crate) struct Shards {
    shards: Vec<Shard>,
}

struct Shard {
    queue: mpsc::Sender<Command>,
    overrun: Arc<AtomicBool>,
}

enum Command {
    Open(SocketId, Arc<SendQueue>),
    Remove(SocketId),
    Enqueue { to: Arc<Vec<SocketId>>, messages: Arc<[Outgoing]> },
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

    /// Adds a socket's queue to its shard, in order with the messages that follow. Waits while the shard's queue is full.
    pub async fn open(&self, socket: SocketId, send_queue: Arc<SendQueue>) {
        let _ = self.of(socket).queue.send(Command::Open(socket, send_queue)).await;
    }

    /// Removes a socket.
    pub async fn remove(&self, socket: SocketId) {
        let _ = self.of(socket).queue.send(Command::Remove(socket)).await;
    }

    /// Queues messages for sockets of one shard. Never waits: if the shard's queue is full, it closes its sockets, which
    /// resume.
    pub fn enqueue(&self, shard: usize, to: Arc<Vec<SocketId>>, messages: Arc<[Outgoing]>) {
        self.shards[shard].push(Command::Enqueue { to, messages });
    }

    /// Closes a socket, after everything queued for it before.
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
    // Commands that were queued when a command was lost: sockets that they open missed it too.
    let mut behind = 0;
    while let Some(command) = commands.recv().await {
        if overrun.swap(false, Ordering::AcqRel) {
            metrics::counter!("palaver_shard_overruns_total").increment(1);
            // A command was lost, and it is unknown for which socket: all of them resume from their cursors.
            send_queues.values().for_each(|send_queue| send_queue.close(CloseCode::Lagged));
            behind = 1 + commands.len();
        }
        match command {
            Command::Open(socket, send_queue) => {
                if behind > 0 {
                    send_queue.close(CloseCode::Lagged);
                }
                send_queues.insert(socket, send_queue);
            }
            Command::Remove(socket) => drop(send_queues.remove(&socket)),
            Command::Enqueue { to, messages } => {
                for send_queue in to.iter().filter_map(|socket| send_queues.get(socket)) {
                    send_queue.push_all(&messages);
                }
            }
            Command::Close(socket, code) => {
                if let Some(send_queue) = send_queues.get(&socket) {
                    send_queue.close(code);
                }
            }
        }
        behind = behind.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests;

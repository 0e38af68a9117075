//! The shard of sessions: gets the same commands as a shard of WebSockets, and passes them to the sessions in order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use realtime::connection::PostError;
use realtime::hub::SocketId;
use realtime::message::Outgoing;
use realtime::protocol::CloseCode;
use tokio::sync::mpsc;

use super::peer::SocketIoPeer;
use crate::limits::SHARD_QUEUE;
use crate::shards::Command;
use crate::tasks::Tasks;

/// The handle of the shard.
#[derive(Clone)]
pub(crate) struct SessionShard {
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    sessions: Mutex<HashMap<SocketId, Arc<SocketIoPeer>>>,
    /// Commands that wait.
    queued: AtomicUsize,
    /// A command was lost because the queue was full.
    overrun: AtomicBool,
    departing: Mutex<Option<Duration>>,
}

impl SessionShard {
    /// Starts the shard.
    pub fn start(tasks: &Tasks) -> SessionShard {
        let (commands, queue) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        tasks.essential("sessions", run(shared.clone(), queue));
        SessionShard { commands, shared }
    }

    /// Adds a session.
    pub fn open(&self, id: SocketId, peer: &Arc<SocketIoPeer>) {
        self.shared.sessions.lock().insert(id, peer.clone());
        if let Some(spread) = *self.shared.departing.lock() {
            peer.depart(spread);
        }
    }

    /// Removes a session that has ended.
    pub fn remove(&self, id: SocketId) {
        self.shared.sessions.lock().remove(&id);
    }

    /// Queues messages for sessions. If the queue is full, the sessions are closed instead; their clients come back.
    pub fn enqueue(&self, to: Arc<Vec<SocketId>>, messages: Arc<[Outgoing]>) {
        if self.shared.queued.load(Ordering::Relaxed) < SHARD_QUEUE {
            self.send(Command::Enqueue { to, messages });
        } else if !self.shared.overrun.swap(true, Ordering::AcqRel) {
            tracing::warn!("the queue of Socket.IO sessions is full, closing them, and their clients will come back");
        }
    }

    /// Queues a command. Their number is bounded by the requests that sessions may have in flight.
    pub fn send(&self, command: Command) {
        self.shared.queued.fetch_add(1, Ordering::Relaxed);
        // The receiver lives as long as the node.
        let _ = self.commands.send(command);
    }
}

async fn run(shared: Arc<Shared>, mut queue: mpsc::UnboundedReceiver<Command>) {
    while let Some(command) = queue.recv().await {
        shared.queued.fetch_sub(1, Ordering::Relaxed);
        shared.on_command(command);
        if shared.overrun.swap(false, Ordering::AcqRel) {
            metrics::counter!("palaver_shard_overruns_total").increment(1);
            shared.all().iter().for_each(|peer| peer.close(CloseCode::Lagged));
        }
    }
}

impl Shared {
    fn get(&self, id: SocketId) -> Option<Arc<SocketIoPeer>> {
        self.sessions.lock().get(&id).cloned()
    }

    fn all(&self) -> Vec<Arc<SocketIoPeer>> {
        self.sessions.lock().values().cloned().collect()
    }

    fn on_command(&self, command: Command) {
        match command {
            Command::Open(..) => unreachable!("a session is opened by its request"),
            Command::Enqueue { to, messages } => {
                let sessions = self.sessions.lock();
                let peers: Vec<_> = to.iter().filter_map(|id| sessions.get(id).cloned()).collect();
                drop(sessions);
                peers.iter().for_each(|peer| peer.push(&messages));
            }
            Command::Send(id, message) => self.get(id).into_iter().for_each(|peer| peer.push_own(&message)),
            Command::Input(id, work, task, input) => {
                if let Some(peer) = self.get(id) {
                    peer.on_input(work, task, input.map(|input| *input));
                }
            }
            Command::Post(id, payload, answer) => {
                let posted = self.get(id).map_or(Err(PostError::Gone), |peer| peer.post(payload));
                let _ = answer.send(posted);
            }
            Command::Close(id, code) => self.get(id).into_iter().for_each(|peer| peer.close(code)),
            Command::Abandon(id) => self.get(id).into_iter().for_each(|peer| peer.abandon()),
            Command::Depart(spread) => {
                *self.departing.lock() = Some(spread);
                self.all().iter().for_each(|peer| peer.depart(spread));
            }
            Command::Cut => self.all().iter().for_each(|peer| peer.cut()),
        }
    }
}

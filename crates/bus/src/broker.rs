//! A bus between nodes of one process: a broker, and one endpoint per node.
//!
//! Never waits for a slow node: its queue is bounded, and what does not fit is dropped, as on any bus.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::BUS_QUEUE;
use async_trait::async_trait;
use domain::LogId;
use parking_lot::Mutex;
use service::ports::{Bus, BusMessage, BusStatus, Heard};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};

/// The state that the endpoints share. Cheap to clone; a process has one.
#[derive(Clone)]
pub struct Broker {
    shared: Arc<BrokerState>,
}

struct BrokerState {
    nodes: Mutex<Vec<Node>>,
    status: watch::Sender<BusStatus>,
    lost: AtomicU64,
}

/// The broker's side of an endpoint.
struct Node {
    id: usize,
    follows: HashSet<LogId>,
    queue: mpsc::Sender<Heard>,
}

/// One node's endpoint of a [`Broker`].
pub struct InProcessBus {
    id: usize,
    shared: Arc<BrokerState>,
    heard: Mutex<Option<mpsc::Receiver<Heard>>>,
}

impl Broker {
    /// Returns a broker without nodes that is up.
    pub fn new() -> Self {
        let (status, _) = watch::channel(BusStatus::Up);
        Broker { shared: Arc::new(BrokerState { nodes: Mutex::default(), status, lost: AtomicU64::new(0) }) }
    }

    /// Returns an endpoint for another node.
    pub fn endpoint(&self) -> InProcessBus {
        let (queue, heard) = mpsc::channel(BUS_QUEUE);
        let mut nodes = self.shared.nodes.lock();
        let id = nodes.last().map_or(0, |node| node.id + 1);
        nodes.push(Node { id, follows: HashSet::new(), queue });
        InProcessBus { id, shared: self.shared.clone(), heard: Mutex::new(Some(heard)) }
    }

    /// Takes the bus down or up, for tests of what must work without it. Messages published while it is down are lost;
    /// subscriptions stay.
    pub fn set_status(&self, status: BusStatus) {
        self.shared.status.send_replace(status);
    }

    /// Returns how many subscriptions all nodes have together, for tests of what a subscription is spent on.
    pub fn subscriptions(&self) -> usize {
        self.shared.nodes.lock().iter().map(|node| node.follows.len()).sum()
    }

    /// Returns how many messages were lost so far, because the bus was down or a node was slow.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self::new()
    }
}

impl BrokerState {
    fn is_up(&self) -> bool {
        *self.status.borrow() == BusStatus::Up
    }
}

#[async_trait]
impl Bus for InProcessBus {
    async fn publish(&self, log: LogId, message: BusMessage) {
        let nodes = self.shared.nodes.lock();
        let up = self.shared.is_up();
        for node in nodes.iter().filter(|node| node.id != self.id && node.follows.contains(&log)) {
            let sent = if up { node.queue.try_send(Heard { log, message: message.clone() }) } else { Ok(()) };
            if !up || matches!(sent, Err(TrySendError::Full(_))) {
                self.shared.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn subscribe(&self, log: LogId) {
        if let Some(node) = self.shared.nodes.lock().iter_mut().find(|node| node.id == self.id) {
            node.follows.insert(log);
        }
    }

    async fn unsubscribe(&self, log: LogId) {
        if let Some(node) = self.shared.nodes.lock().iter_mut().find(|node| node.id == self.id) {
            node.follows.remove(&log);
        }
    }

    fn listen(&self) -> Option<mpsc::Receiver<Heard>> {
        self.heard.lock().take()
    }

    fn status(&self) -> watch::Receiver<BusStatus> {
        self.shared.status.subscribe()
    }
}

impl Drop for InProcessBus {
    fn drop(&mut self) {
        self.shared.nodes.lock().retain(|node| node.id != self.id);
    }
}

#[cfg(test)]
mod tests;

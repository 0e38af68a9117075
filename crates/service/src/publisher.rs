//! Publishes this process's commits to the other nodes, for a process without a WebSocket tier: a function on its own.
//!
//! Never the only way to learn of a commit: other nodes recover from the log what is lost here.

use std::sync::Arc;
use std::time::Duration;

use crate::limits::PUBLISH_QUEUE;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::{mpsc, watch};

use crate::log::CommitListener;
use crate::ports::{Bus, BusMessage, Committed};

/// Commits that are published concurrently.
const AT_ONCE: usize = 64;

/// How long [`Publisher::flush`] waits at most: a broken bus must not delay an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Publishes each commit of this process on the bus, in the background.
pub struct Publisher {
    bus: Arc<dyn Bus>,
    queue: mpsc::Sender<Committed>,
    /// The number of commits that the bus has not accepted yet.
    waiting: watch::Sender<usize>,
}

impl Publisher {
    /// Starts publishing the commits it receives, on the runtime of the caller; ends with the last handle.
    pub fn start(bus: Arc<dyn Bus>) -> Arc<Self> {
        let (queue, commits) = mpsc::channel(PUBLISH_QUEUE);
        let waiting = watch::Sender::new(0);
        tokio::spawn(publish(bus.clone(), commits, waiting.clone()));
        Arc::new(Publisher { bus, queue, waiting })
    }

    /// Returns once everything published before has left this process, commits and the rest, or after a while without
    /// it.
    pub async fn flush(&self) {
        let mut waiting = self.waiting.subscribe();
        let done = async {
            // The sender lives as long as `self`.
            let _ = waiting.wait_for(|waiting| *waiting == 0).await;
            self.bus.flush().await;
        };
        if tokio::time::timeout(PATIENCE, done).await.is_err() {
            tracing::warn!("bus does not accept commits, other nodes will read them from the log");
        }
    }
}

impl CommitListener for Publisher {
    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(Publisher::flush(self))
    }

    fn committed(&self, committed: &Committed) {
        self.waiting.send_modify(|waiting| *waiting += 1);
        if self.queue.try_send(committed.clone()).is_err() {
            self.waiting.send_modify(|waiting| *waiting -= 1);
            tracing::debug!(log = ?committed.log, "bus queue full, other nodes will read this commit from the log");
        }
    }
}

/// Publishes several at a time, started in order, so that one connection carries the commits of a log in order.
async fn publish(bus: Arc<dyn Bus>, mut commits: mpsc::Receiver<Committed>, waiting: watch::Sender<usize>) {
    let mut some = Vec::with_capacity(AT_ONCE);
    while commits.recv_many(&mut some, AT_ONCE).await > 0 {
        let published = some.len();
        join_all(some.drain(..).map(|committed| bus.publish(committed.log, BusMessage::Committed(committed)))).await;
        waiting.send_modify(|waiting| *waiting -= published);
    }
}

#[cfg(test)]
mod tests;

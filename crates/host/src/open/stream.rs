//! The table's stream, read by a process that lives on: where no Lambda reads it, a poller tells all nodes
//! which logs changed. Of several pollers one reads at a time, by lease.

use std::sync::Arc;

use domain::{LogId, Seq};
use service::ports::{Bus, BusMessage};
use store_dynamo::{DynamoStore, OpenError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A poller that runs.
pub(super) struct Stream {
    stop: watch::Sender<bool>,
    poller: JoinHandle<()>,
}

impl Stream {
    /// Starts it. Heads that rose go to the bus too, also those of writers that died before they told.
    pub async fn start(store: &DynamoStore, bus: Arc<dyn Bus>, node: String) -> Result<Stream, OpenError> {
        let poller = store.poller().await?;
        let (stop, stopped) = watch::channel(false);
        let (heads, rising) = mpsc::channel(service::limits::FEED_QUEUE);
        tokio::spawn(tell(store.clone(), bus, rising));
        let leases = store.store().feed;
        let poller = tokio::spawn(async move {
            // What does not fit is found by `changes`, which the poller feeds by itself.
            let changed = move |changed: &[(LogId, Seq)]| {
                let _ = changed.iter().try_for_each(|head| heads.try_send(*head));
            };
            poller.run(leases, &node, changed, stopped).await;
        });
        Ok(Stream { stop, poller })
    }

    /// Ends it, and lets another node go on at once.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        // One that panicked has said so, and its lease ends by itself.
        let _ = self.poller.await;
    }
}

async fn tell(store: DynamoStore, bus: Arc<dyn Bus>, mut rising: mpsc::Receiver<(LogId, Seq)>) {
    while let Some((log, head)) = rising.recv().await {
        bus.publish(log, BusMessage::Head { log, epoch: store.epoch(), head }).await;
    }
}

//! Reads the table's stream in a long-running process: if no Lambda reads it, a poller tells all nodes which logs
//! changed. Of several pollers only the lease holder reads.

use std::sync::Arc;

use domain::{LogId, Seq};
use service::ports::{Bus, BusMessage};
use store_dynamo::{DynamoStore, OpenError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A running poller.
pub(super) struct Stream {
    stop: watch::Sender<bool>,
    poller: JoinHandle<()>,
}

impl Stream {
    /// Starts the poller. Raised heads also go to the bus, even those of writers that crashed before they announced them.
    pub async fn start(store: &DynamoStore, bus: Arc<dyn Bus>, node: String) -> Result<Stream, OpenError> {
        let poller = store.poller().await?;
        let (stop, stopped) = watch::channel(false);
        let (heads, rising) = mpsc::channel(service::limits::FEED_QUEUE);
        tokio::spawn(tell(store.clone(), bus, rising));
        let leases = store.store().feed;
        let poller = tokio::spawn(async move {
            // `changes`, which the poller feeds itself, finds what does not fit.
            let changed = move |changed: &[(LogId, Seq)]| {
                let _ = changed.iter().try_for_each(|head| heads.try_send(*head));
            };
            poller.run(leases, &node, changed, stopped).await;
        });
        Ok(Stream { stop, poller })
    }

    /// Stops the poller and releases the lease, so that another node takes over at once.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        // A panic has been logged already, and the lease expires by itself.
        let _ = self.poller.await;
    }
}

async fn tell(store: DynamoStore, bus: Arc<dyn Bus>, mut rising: mpsc::Receiver<(LogId, Seq)>) {
    while let Some((log, head)) = rising.recv().await {
        bus.publish(log, BusMessage::Head { log, epoch: store.epoch(), head }).await;
    }
}

//! Handles the events of the DynamoDB stream: runs the feed's consumers for the rooms of a batch, and notifies all
//! nodes of the logs that changed.
//!
//! Takes only the log's name from a record: the log itself is read. The answer names what failed, and Lambda retries
//! those records (the event source has `ReportBatchItemFailures`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{LogId, RoomId, Seq};
use serde::Deserialize;
use service::feed::CatchUp;
use service::ports::{Bus, BusMessage, RoomLog, StoreResult};
use store_dynamo::{Appended, DynamoStore};

pub use store_dynamo::{StreamAnswer, StreamEvent};

/// How long one call sweeps. A read that is still running may take as long again, within the function's timeout.
const SWEEP: Duration = Duration::from_secs(30);

/// The events that the function is invoked with.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum FeedEvent {
    /// The table's stream has records.
    Changed(StreamEvent),
    /// A schedule fired: find rooms whose records were lost.
    Scheduled(Scheduled),
}

/// An event of an EventBridge schedule.
#[derive(Debug, Clone, Deserialize)]
pub struct Scheduled {
    /// The event's kind; no other kind is accepted.
    #[serde(rename = "detail-type")]
    pub kind: ScheduledKind,
}

/// The event's `detail-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ScheduledKind {
    /// The schedule of a rule; a schedule with its own payload sets the same value.
    #[serde(rename = "Scheduled Event")]
    Scheduled,
}

/// Writes which logs changed, for all nodes: the rows that [`RoomLog::changes`] reads.
#[async_trait]
pub trait ChangedRows: Send + Sync {
    /// Writes the rows durably.
    async fn write(&self, by: &str, heads: &[(LogId, Seq)]) -> StoreResult<()>;
}

#[async_trait]
impl ChangedRows for DynamoStore {
    async fn write(&self, by: &str, heads: &[(LogId, Seq)]) -> StoreResult<()> {
        self.write_dirty(by, heads).await
    }
}

/// Dispatches events to the feed and to the nodes.
pub struct Dispatcher {
    /// The name that distinguishes this process's rows from others.
    pub name: String,
    /// The log, for the epoch.
    pub log: Arc<dyn RoomLog>,
    /// The feed's consumers.
    pub catch_up: Arc<CatchUp>,
    /// Notifies the nodes that follow a log.
    pub bus: Arc<dyn Bus>,
    /// Notifies all nodes, even while the bus is down.
    pub rows: Arc<dyn ChangedRows>,
}

impl Dispatcher {
    /// Handles a call. The answer names the records to retry.
    pub async fn answer(&self, event: FeedEvent) -> StreamAnswer {
        match event {
            FeedEvent::Changed(event) => self.event(event).await,
            FeedEvent::Scheduled(_) => {
                if let Err(error) = self.catch_up.sweep(SWEEP).await {
                    tracing::warn!(%error, "sweep failed, the next one will continue there");
                }
                StreamAnswer::again([])
            }
        }
    }

    /// Handles a batch. The answer names the first record to retry of each log.
    pub async fn event(&self, event: StreamEvent) -> StreamAnswer {
        let mut first: BTreeMap<LogId, String> = BTreeMap::new();
        let mut heads: BTreeMap<LogId, Seq> = BTreeMap::new();
        for Appended { log, last, record, .. } in event.appended() {
            first.entry(log).or_insert(record);
            let highest = heads.entry(log).or_default();
            *highest = last.max(*highest);
        }
        let heads: Vec<(LogId, Seq)> = heads.into_iter().collect();
        let failed = self.changed(&heads).await;
        StreamAnswer::again(failed.into_iter().filter_map(|log| first.remove(&log)))
    }

    /// Handles changed logs. Returns those to retry.
    pub async fn changed(&self, heads: &[(LogId, Seq)]) -> Vec<LogId> {
        if heads.is_empty() {
            return Vec::new();
        }
        // Clients that wait for messages come first, then the consumers.
        if let Err(error) = self.tell(heads).await {
            tracing::warn!(%error, "failed to write which logs changed, will retry");
            return heads.iter().map(|(log, _)| *log).collect();
        }
        let rooms: Vec<RoomId> = heads.iter().filter_map(|(log, _)| log.room()).collect();
        self.catch_up.rooms(&rooms).await.into_iter().map(LogId::Room).collect()
    }

    async fn tell(&self, heads: &[(LogId, Seq)]) -> StoreResult<()> {
        let epoch = self.log.epoch().await?;
        for (log, head) in heads {
            self.bus.publish(*log, BusMessage::Head { log: *log, epoch, head: *head }).await;
        }
        self.rows.write(&self.name, heads).await
    }
}

#[cfg(test)]
mod tests;

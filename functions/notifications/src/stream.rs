//! The DynamoDB stream's events: wakes the feed's consumers for the rooms of a batch, and tells all nodes which logs
//! changed.
//!
//! Never believes a record but for the name of its log: the log is read. What could not be done is named in the answer,
//! and Lambda sends those records again (the event source has `ReportBatchItemFailures`).

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

/// How long one call sweeps. What is being read then may take as long again, within the function's time-out.
const SWEEP: Duration = Duration::from_secs(30);

/// What the function is called with.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum FeedEvent {
    /// The table's stream has records.
    Changed(StreamEvent),
    /// A schedule's time has come: rooms are looked for whose records were lost.
    Scheduled(Scheduled),
}

/// The event of a schedule of EventBridge.
#[derive(Debug, Clone, Deserialize)]
pub struct Scheduled {
    /// Only this kind is taken.
    #[serde(rename = "detail-type")]
    pub kind: ScheduledKind,
}

/// What its `detail-type` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ScheduledKind {
    /// A rule's schedule; a schedule with a payload of its own gives it the same.
    #[serde(rename = "Scheduled Event")]
    Scheduled,
}

/// Writes for all nodes which logs changed: what [`RoomLog::changes`] reads.
#[async_trait]
pub trait ChangedRows: Send + Sync {
    /// Writes them durably.
    async fn write(&self, by: &str, heads: &[(LogId, Seq)]) -> StoreResult<()>;
}

#[async_trait]
impl ChangedRows for DynamoStore {
    async fn write(&self, by: &str, heads: &[(LogId, Seq)]) -> StoreResult<()> {
        self.write_dirty(by, heads).await
    }
}

/// What the events are given to.
pub struct Dispatcher {
    /// Tells this process's rows from those of others.
    pub name: String,
    /// For the epoch.
    pub log: Arc<dyn RoomLog>,
    /// The consumers.
    pub catch_up: Arc<CatchUp>,
    /// The nodes that follow a log.
    pub bus: Arc<dyn Bus>,
    /// All nodes, also while the bus is down.
    pub rows: Arc<dyn ChangedRows>,
}

impl Dispatcher {
    /// Deals with a call. The answer names what is to come again.
    pub async fn answer(&self, event: FeedEvent) -> StreamAnswer {
        match event {
            FeedEvent::Changed(event) => self.event(event).await,
            FeedEvent::Scheduled(_) => {
                if let Err(error) = self.catch_up.sweep(SWEEP).await {
                    tracing::warn!(%error, "the sweep broke off; the next one goes on there");
                }
                StreamAnswer::again([])
            }
        }
    }

    /// Deals with a batch. The answer names the first record of each log that is to come again.
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

    /// Deals with logs that changed. Returns those that are to be told again.
    pub async fn changed(&self, heads: &[(LogId, Seq)]) -> Vec<LogId> {
        if heads.is_empty() {
            return Vec::new();
        }
        // First who waits for messages, then what follows from them.
        if let Err(error) = self.tell(heads).await {
            tracing::warn!(%error, "which logs changed could not be told; it is tried again");
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

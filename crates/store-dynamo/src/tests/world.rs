//! A table for each test, on a server that the whole test binary shares.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::TimeToLiveSpecification;
use domain::{Entry, Epoch, LogId, RoomId, RowWrite, Seq};
use service::ports::{
    AppendShape, Appended, ChangedLogs, ChangesCursor, KeyRange, RoomLog, SharedLimits, Store, StoreResult, Tip,
};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::item::EXPIRES;
use crate::{DynamoSettings, DynamoStore, Hints, OpenError, Poller, create_table};

/// Returns settings for a new table at this address. Chunks are written at once, so that a test need not wait for them.
pub fn settings(endpoint: String) -> DynamoSettings {
    let (id, secret) = local_servers::AWS_KEYS;
    DynamoSettings {
        endpoint: Some(endpoint),
        credentials: Some((id.into(), secret.into())),
        region: Some(local_servers::AWS_REGION.into()),
        pace: Duration::ZERO,
        hints: Hints::WhenAsked,
        // The epoch is read from time to time, which no count of reads expects.
        epoch_max_age: Duration::from_secs(3_600),
        // Two cores are shared by many tests and an emulator.
        attempt_timeout: Duration::from_secs(20),
        patience: Duration::from_secs(30),
        ..DynamoSettings::new(format!("t-{}", Uuid::new_v4().simple()))
    }
}

/// Returns settings for Amazon's own emulator.
pub fn on_dynamodb_local() -> DynamoSettings {
    settings(local_servers::shared::dynamodb_local().endpoint())
}

/// Returns settings for the local cloud.
pub fn on_ministack() -> DynamoSettings {
    settings(local_servers::shared::ministack().endpoint())
}

/// A store on a new table, whose stream is read to its end before a test asks what changed.
pub struct TestStore {
    /// The store.
    pub dynamo: DynamoStore,
    poller: Arc<Mutex<Poller>>,
}

impl TestStore {
    /// Creates the table and opens it.
    pub async fn open(settings: DynamoSettings) -> Result<TestStore, OpenError> {
        create_table(&settings).await?;
        let dynamo = DynamoStore::open(settings).await?;
        let poller = Arc::new(Mutex::new(dynamo.poller().await?));
        Ok(TestStore { dynamo, poller })
    }

    /// Like [`TestStore::open`], without a time to live: the suite's clock is in 1970, and an emulator would remove its
    /// sessions and tombstones at once.
    pub async fn timeless(settings: DynamoSettings) -> Result<TestStore, OpenError> {
        let opened = TestStore::open(settings.clone()).await?;
        let client = crate::client::Clients::connect(&settings).await.write;
        let never = TimeToLiveSpecification::builder().enabled(false).attribute_name(EXPIRES).build();
        let update = client.update_time_to_live().table_name(&settings.table);
        update.time_to_live_specification(never.expect("it has both fields")).send().await.expect("no time to live");
        Ok(opened)
    }

    /// Returns the rate limits that the table counts.
    pub fn limits(&self) -> Arc<dyn SharedLimits> {
        self.dynamo.limits()
    }

    /// Returns all its ports.
    pub fn store(&self) -> Store {
        let store = self.dynamo.store();
        let log = Arc::new(Pumped { log: store.log.clone(), poller: self.poller.clone() });
        Store { log, ..store }
    }
}

/// A log whose `changes` include every append before the call.
struct Pumped {
    log: Arc<dyn RoomLog>,
    poller: Arc<Mutex<Poller>>,
}

#[async_trait]
impl RoomLog for Pumped {
    async fn changes(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        let mut poller = self.poller.lock().await;
        loop {
            let polled = poller.poll().await?;
            polled.failed.map_or(Ok(()), Err)?;
            if polled.records == 0 {
                break;
            }
        }
        poller.flush().await?;
        self.log.changes(cursor).await
    }

    fn shape(&self) -> AppendShape {
        self.log.shape()
    }
    async fn epoch(&self) -> StoreResult<Epoch> {
        self.log.epoch().await
    }
    async fn tip(&self, log: LogId) -> StoreResult<Tip> {
        self.log.tip(log).await
    }
    async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended {
        self.log.append(log, after, entries, row_writes).await
    }
    async fn read(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>> {
        self.log.read(log, from, to).await
    }
    async fn read_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        self.log.read_back(log, before, limit).await
    }
    async fn read_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        self.log.read_forward(log, after, limit).await
    }
    async fn messages(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>> {
        self.log.messages(log, seqs).await
    }
    async fn messages_of(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>> {
        self.log.messages_of(places).await
    }
    async fn read_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>> {
        self.log.read_within(log, from, to, bytes).await
    }
    async fn read_keys(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange> {
        self.log.read_keys(log, from, to).await
    }
    async fn raise_floor(&self, log: LogId, floor: Seq) -> StoreResult<()> {
        self.log.raise_floor(log, floor).await
    }
    async fn floor(&self, log: LogId) -> StoreResult<Seq> {
        self.log.floor(log).await
    }
    async fn all_logs(&self, after: Option<LogId>, limit: usize) -> StoreResult<Vec<(LogId, Seq)>> {
        self.log.all_logs(after, limit).await
    }
}

//! The table's epoch, and what this process caches about the items of that epoch.
//!
//! A table can be restored, and so begin another epoch, while processes have it open. Nothing that an append writes
//! would reveal that (a condition on the epoch would double its price), so the epoch is read again every few seconds,
//! by the first caller that needs it; what was cached in the previous epoch is dropped entirely.

use std::sync::Arc;
use std::time::Duration;

use domain::Epoch;
use parking_lot::RwLock;
use service::ports::StoreResult;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::item::{Item, unreadable};
use crate::keys;
use crate::log::LogMemory;
use crate::ports::Counts;
use crate::table_store::TableStore;

/// The state of one epoch of the table.
#[derive(Debug)]
pub struct EpochState {
    /// The epoch.
    pub epoch: Epoch,
    /// What is known of the logs.
    pub memory: LogMemory,
    /// The member counts of large rooms.
    pub counts: Counts,
}

/// The epoch that was last read, and when.
#[derive(Debug)]
pub struct CurrentEpoch {
    met: RwLock<(Arc<EpochState>, Instant)>,
    /// Locked by the caller that reads for all others.
    asking: Mutex<()>,
}

impl EpochState {
    fn of(epoch: Epoch) -> Arc<EpochState> {
        Arc::new(EpochState { epoch, memory: LogMemory::default(), counts: Counts::default() })
    }
}

impl CurrentEpoch {
    /// Creates the state of an epoch that was just read.
    pub fn of(epoch: Epoch) -> CurrentEpoch {
        CurrentEpoch { met: RwLock::new((EpochState::of(epoch), Instant::now())), asking: Mutex::default() }
    }

    fn met(&self) -> (Arc<EpochState>, Instant) {
        self.met.read().clone()
    }

    fn met_within(&self, time: Duration) -> Option<Arc<EpochState>> {
        let (epoch_state, at) = self.met();
        (at.elapsed() < time).then_some(epoch_state)
    }

    /// Takes in an epoch that was just read.
    fn meet(&self, epoch: Epoch) -> Arc<EpochState> {
        let mut met = self.met.write();
        if met.0.epoch != epoch {
            tracing::warn!(before = %met.0.epoch, now = %epoch, "table restored from a backup, dropping what was cached");
            met.0 = EpochState::of(epoch);
        }
        met.1 = Instant::now();
        met.0.clone()
    }
}

impl TableStore {
    /// Returns the epoch that was last read.
    pub fn epoch_state(&self) -> Arc<EpochState> {
        self.current_epoch.met().0
    }

    /// Returns the table's epoch, read some seconds ago at most (`DynamoSettings::epoch_max_age`).
    pub async fn recent_epoch_state(&self) -> StoreResult<Arc<EpochState>> {
        if let Some(epoch_state) = self.current_epoch.met_within(self.settings.epoch_max_age) {
            return Ok(epoch_state);
        }
        let _asking = self.current_epoch.asking.lock().await;
        match self.current_epoch.met_within(self.settings.epoch_max_age) {
            Some(epoch_state) => Ok(epoch_state),
            None => self.read_epoch_state().await,
        }
    }

    /// Returns the table's epoch, with one read.
    pub async fn read_epoch_state(&self) -> StoreResult<Arc<EpochState>> {
        let row = self.get(keys::epoch()).await?.unwrap_or_default();
        Ok(self.current_epoch.meet(epoch(&row)?))
    }
}

/// Returns the epoch in the row that stores it.
pub fn epoch(row: &Item) -> StoreResult<Epoch> {
    let epoch: [u8; 8] = row.bytes("ep")?.try_into().map_err(|why| unreadable("ep", why))?;
    Ok(Epoch(u64::from_be_bytes(epoch)))
}

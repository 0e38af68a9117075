//! The table's life: its epoch, and what this process remembers of the items of that life.
//!
//! A table that was restored begins another life while processes have it open. Nothing that an append writes says so
//! (a condition on the epoch would double its price), so the epoch is read again every few seconds, by whoever needs it
//! first; what was remembered of the life before is dropped whole.

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

/// One life of the table.
#[derive(Debug)]
pub struct EpochState {
    /// Its epoch.
    pub epoch: Epoch,
    /// What is known of its logs.
    pub memory: LogMemory,
    /// How many are in its large rooms.
    pub counts: Counts,
}

/// The life that was last met, and when.
#[derive(Debug)]
pub struct CurrentEpoch {
    met: RwLock<(Arc<EpochState>, Instant)>,
    /// Held by the one that asks for all who want to know.
    asking: Mutex<()>,
}

impl EpochState {
    fn of(epoch: Epoch) -> Arc<EpochState> {
        Arc::new(EpochState { epoch, memory: LogMemory::default(), counts: Counts::default() })
    }
}

impl CurrentEpoch {
    /// The table was just said to be of this epoch.
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

    /// The table said that it is of this epoch.
    fn meet(&self, epoch: Epoch) -> Arc<EpochState> {
        let mut met = self.met.write();
        if met.0.epoch != epoch {
            tracing::warn!(before = %met.0.epoch, now = %epoch, "the table was restored: it has another epoch");
            met.0 = EpochState::of(epoch);
        }
        met.1 = Instant::now();
        met.0.clone()
    }
}

impl TableStore {
    /// The life that was last met.
    pub fn epoch_state(&self) -> Arc<EpochState> {
        self.current_epoch.met().0
    }

    /// The life that the table is in, as of some seconds ago at most (`DynamoSettings::epoch_max_age`).
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

    /// The life that the table is in now: one read.
    pub async fn read_epoch_state(&self) -> StoreResult<Arc<EpochState>> {
        let row = self.get(keys::epoch()).await?.unwrap_or_default();
        Ok(self.current_epoch.meet(epoch(&row)?))
    }
}

/// The epoch in the row that says it.
pub fn epoch(row: &Item) -> StoreResult<Epoch> {
    let epoch: [u8; 8] = row.bytes("ep")?.try_into().map_err(|why| unreadable("ep", why))?;
    Ok(Epoch(u64::from_be_bytes(epoch)))
}

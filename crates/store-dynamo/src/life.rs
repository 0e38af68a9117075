//! The table's life: its epoch, and what this process remembers of the items of that life.
//!
//! A table that was restored begins another life while processes have it open. Nothing that an append writes says so
//! (a condition on the epoch would double its price), so the epoch is read again every few seconds, by whoever needs it
//! first; what was remembered of the life before is dropped whole.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use domain::Epoch;
use service::ports::StoreResult;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::item::{Item, unreadable};
use crate::keys;
use crate::log::LogMemory;
use crate::ports::Counts;
use crate::shared::Shared;

/// One life of the table.
#[derive(Debug)]
pub struct Life {
    /// Its epoch.
    pub epoch: Epoch,
    /// What is known of its logs.
    pub memory: LogMemory,
    /// How many are in its large rooms.
    pub counts: Counts,
}

/// The life that was last met, and when.
#[derive(Debug)]
pub struct Lives {
    met: RwLock<(Arc<Life>, Instant)>,
    /// Held by the one that asks for all who want to know.
    asking: Mutex<()>,
}

impl Life {
    fn of(epoch: Epoch) -> Arc<Life> {
        Arc::new(Life { epoch, memory: LogMemory::default(), counts: Counts::default() })
    }
}

impl Lives {
    /// The table was just said to be of this epoch.
    pub fn of(epoch: Epoch) -> Lives {
        Lives { met: RwLock::new((Life::of(epoch), Instant::now())), asking: Mutex::default() }
    }

    fn met(&self) -> (Arc<Life>, Instant) {
        self.met.read().expect("no holder panics").clone()
    }

    fn met_within(&self, time: Duration) -> Option<Arc<Life>> {
        let (life, at) = self.met();
        (at.elapsed() < time).then_some(life)
    }

    /// The table said that it is of this epoch.
    fn meet(&self, epoch: Epoch) -> Arc<Life> {
        let mut met = self.met.write().expect("no holder panics");
        if met.0.epoch != epoch {
            tracing::warn!(before = %met.0.epoch, now = %epoch, "the table was restored: it has another epoch");
            met.0 = Life::of(epoch);
        }
        met.1 = Instant::now();
        met.0.clone()
    }
}

impl Shared {
    /// The life that was last met.
    pub fn life(&self) -> Arc<Life> {
        self.lives.met().0
    }

    /// The life that the table is in, as of some seconds ago at most (`DynamoSettings::epoch_life`).
    pub async fn present_life(&self) -> StoreResult<Arc<Life>> {
        if let Some(life) = self.lives.met_within(self.settings.epoch_life) {
            return Ok(life);
        }
        let _asking = self.lives.asking.lock().await;
        match self.lives.met_within(self.settings.epoch_life) {
            Some(life) => Ok(life),
            None => self.ask_life().await,
        }
    }

    /// The life that the table is in now: one read.
    pub async fn ask_life(&self) -> StoreResult<Arc<Life>> {
        let row = self.get(keys::epoch()).await?.unwrap_or_default();
        Ok(self.lives.meet(epoch(&row)?))
    }
}

/// The epoch in the row that says it.
pub fn epoch(row: &Item) -> StoreResult<Epoch> {
    let epoch: [u8; 8] = row.bytes("ep")?.try_into().map_err(|why| unreadable("ep", why))?;
    Ok(Epoch(u64::from_be_bytes(epoch)))
}

//! The way into every log: one appender for each active log decides what is asked and appends it.
//!
//! Nothing else of the product calls `RoomLog::append`.

use std::sync::{Arc, RwLock};

use domain::limits::Limits;
use domain::{Ack, Change, LogId, Refusal};

use crate::clock::Clock;
use crate::ports::{Committed, Store};

/// Hears what was committed here, in order for each log, before or with the ack.
pub trait CommitListener: Send + Sync {
    /// Entries are durable; edits carry their text. Called on the append path: never blocks.
    fn committed(&self, committed: &Committed);
}

/// All logs, as this node appends to them.
pub struct Logs {
    store: Store,
    clock: Arc<dyn Clock>,
    limits: Limits,
    listeners: RwLock<Vec<Arc<dyn CommitListener>>>,
}

impl Logs {
    /// No log is active yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, limits: Limits) -> Arc<Self> {
        Arc::new(Logs { store, clock, limits, listeners: RwLock::default() })
    }

    /// Asks a log to take a change in. The answer is durable: an [`Ack`] comes only after the store
    /// committed. Refused with the codes of 2-protocol; `unavailable` means that it is not known.
    pub async fn submit(self: &Arc<Self>, log: LogId, change: Change) -> Result<Ack, Refusal> {
        let _ = (log, change, &self.store, &self.clock, &self.limits);
        Err(Refusal::unavailable("The appender is not there yet.", crate::refuse::RETRY_MS))
    }

    /// From now on `listener` hears what is committed.
    pub fn add_listener(&self, listener: Arc<dyn CommitListener>) {
        self.listeners.write().expect("no holder panics").push(listener);
    }

    /// Takes no new change (they get `unavailable`) and returns once all that wait are answered.
    pub async fn drain(&self) {}
}

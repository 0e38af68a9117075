//! The store in memory: the simplest model of the ports, one mutex around maps.
//!
//! Not meant for production: nothing outlives the process, and some reads look at every row. The SQL and DynamoDB
//! stores are compared with it, and use cases are tested on it.

mod audit;
mod deletion;
mod feed;
mod files;
mod log;
mod marks;
mod nodes;
mod notifications;
mod people;
mod rooms;
mod row_writes;
mod sessions;
mod state;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use domain::{Epoch, LogId, Seq};
use parking_lot::{Mutex, MutexGuard};
use service::ports::{Store, StoreError, StoreResult};
use state::State;
use uuid::Uuid;

/// A fault that replaces the normal outcome of one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written; the caller learns that the outcome is unknown.
    Unknown,
    /// Nothing is written, and the caller learns that.
    Unavailable,
    /// The append is written if possible; the caller learns that the outcome is unknown.
    LostAnswer,
    /// Nothing is written; the caller's task panics, like after a bug of an adapter.
    Panic,
}

/// A flaw of one stored entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Reads leave it out, like a read that sees another node's append only in part.
    Missing,
    /// It cannot be decoded, and every read that includes it fails.
    Unreadable,
}

/// A copy of everything at one moment, to restore.
#[derive(Clone)]
pub struct Snapshot(State);

/// A store that lives as long as the process. Clones share their content.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// Returns an empty store with a new epoch.
    pub fn new() -> Self {
        MemoryStore { state: Arc::new(Mutex::new(State::new(new_epoch()))) }
    }

    /// Like [`MemoryStore::new`], in the form that `conformance::store!` needs.
    pub async fn open_temporary() -> Result<Self, Infallible> {
        Ok(Self::new())
    }

    /// Returns all its ports.
    pub fn store(&self) -> Store {
        Store::of(&Arc::new(self.clone()))
    }

    /// Makes the next append by any caller fail with this fault. Several faults queue up.
    pub fn fail_next_append(&self, fault: Fault) {
        self.state.lock().faults.push_back(fault);
    }

    /// Gives reads by range, and of the end of a log, this flaw at `seq` from now on; none removes it.
    pub fn set_flaw(&self, log: LogId, seq: Seq, flaw: Option<Flaw>) {
        let mut state = self.state.lock();
        match flaw {
            Some(flaw) => state.flaws.insert((log, seq), flaw),
            None => state.flaws.remove(&(log, seq)),
        };
    }

    /// From now on an append takes at most this long, each another time: so that those of several nodes meet.
    pub fn slow_appends(&self, most: Duration) {
        self.state.lock().append_takes = most;
    }

    /// While it is down, every call of every port returns `Unavailable`.
    pub fn set_down(&self, down: bool) {
        self.state.lock().down = down;
    }

    /// Returns a backup.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state.lock().clone())
    }

    /// Restores a backup, under a new epoch.
    pub fn restore(&self, backup: &Snapshot) {
        let mut state = self.state.lock();
        *state = backup.0.clone();
        state.epoch = new_epoch();
    }

    /// Returns the state, unless the store is down.
    fn up(&self) -> StoreResult<MutexGuard<'_, State>> {
        let state = self.state.lock();
        if state.down {
            return Err(StoreError::Unavailable { why: "the store in memory is down".into(), retry_ms: 100 });
        }
        Ok(state)
    }
}

fn new_epoch() -> Epoch {
    Epoch(Uuid::new_v4().as_u64_pair().0)
}

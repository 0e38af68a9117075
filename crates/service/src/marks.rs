//! Read marks: monotonic, coalesced to one write a minute for each user and room, told on the bus.

use std::sync::Arc;

use domain::{Actor, Refusal, RoomId, Seq, UserId};

use crate::clock::Clock;
use crate::ports::{Bus, MarkRow, Store};

/// How far people have read.
pub struct Marks {
    store: Store,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
}

impl Marks {
    /// No mark waits.
    pub fn new(store: Store, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Marks { store, bus, clock })
    }

    /// The caller has read the room up to `seq`. A lower mark than the known one changes nothing.
    /// Returns the mark as it is now. `forbidden` for one who is not in the room.
    pub async fn read(&self, actor: &Actor, room: RoomId, seq: Seq) -> Result<MarkRow, Refusal> {
        let _ = (actor, room, seq, &self.store, &self.bus, &self.clock);
        Err(Refusal::unavailable("Marks are not there yet.", crate::refuse::RETRY_MS))
    }

    /// The user's own message raises their mark: told at once, written with the next flush.
    pub async fn raise(&self, user: UserId, room: RoomId, seq: Seq, n: u64) {
        let _ = (user, room, seq, n);
    }

    /// Writes the marks whose minute is over. The wiring calls it every few seconds.
    pub async fn flush_due(&self) {}

    /// Writes all marks of a user that wait: their last socket closed.
    pub async fn flush_user(&self, user: UserId) {
        let _ = user;
    }

    /// Writes all that wait: the node drains.
    pub async fn flush(&self) {}
}

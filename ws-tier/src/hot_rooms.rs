//! Makes the deliveries of hot rooms wait for a moment, so that each socket gets several in one write. No I/O and no
//! clock.
//!
//! A write costs a socket about the same for one message as for ten. A room is hot while many sockets are live in it and
//! messages follow each other quickly; the first message after a pause never waits.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::{Epoch, LogId};
use realtime::hub::EntryDelivery;

use crate::limits::{HOT_GAP, HOT_ROOMS, HOT_SOCKETS, HOT_WAIT};

/// The deliveries that wait, by room.
#[derive(Default)]
pub(crate) struct HotRooms {
    waiting: BTreeMap<LogId, Batch>,
    /// When each large room last had a delivery.
    last: HashMap<LogId, Duration>,
}

/// Deliveries of one log, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    pub log: LogId,
    pub epoch: Epoch,
    pub deliveries: Vec<EntryDelivery>,
    /// How many commits they come from.
    pub commits: usize,
    until: Duration,
}

impl HotRooms {
    /// Takes the deliveries of a commit in a room with this many live sockets. Returns them if they must not wait.
    pub fn add(
        &mut self,
        log: LogId,
        epoch: Epoch,
        deliveries: Vec<EntryDelivery>,
        sockets: usize,
        now: Duration,
    ) -> Option<Batch> {
        if let Some(batch) = self.waiting.get_mut(&log) {
            batch.deliveries.extend(deliveries);
            batch.commits += 1;
            return None;
        }
        let is_hot = self.is_hot(log, sockets, now);
        let batch = Batch { log, epoch, deliveries, commits: 1, until: now + HOT_WAIT };
        if !is_hot {
            return Some(batch);
        }
        self.waiting.insert(log, batch);
        None
    }

    fn is_hot(&mut self, log: LogId, sockets: usize, now: Duration) -> bool {
        if sockets < HOT_SOCKETS {
            return false;
        }
        if self.last.len() >= HOT_ROOMS {
            self.last.retain(|_, last| now.saturating_sub(*last) < HOT_GAP);
        }
        let last = self.last.insert(log, now);
        last.is_some_and(|last| now.saturating_sub(last) < HOT_GAP)
    }

    /// Returns when a batch is due.
    pub fn next(&self) -> Option<Duration> {
        self.waiting.values().map(|batch| batch.until).min()
    }

    /// Returns the batches that are due.
    pub fn due(&mut self, now: Duration) -> Vec<Batch> {
        self.waiting.extract_if(.., |_, batch| batch.until <= now).map(|(_, batch)| batch).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::RoomId;
    use uuid::Uuid;

    use super::*;

    const LOG: LogId = LogId::Room(RoomId(Uuid::nil()));
    const START: Duration = Duration::from_secs(1);

    fn add(rooms: &mut HotRooms, sockets: usize, now: Duration) -> Option<usize> {
        rooms.add(LOG, Epoch(1), Vec::new(), sockets, now).map(|batch| batch.commits)
    }

    #[test]
    fn a_quiet_room_and_a_small_one_never_wait() {
        let mut rooms = HotRooms::default();
        assert_eq!(add(&mut rooms, HOT_SOCKETS, START), Some(1));
        assert_eq!(add(&mut rooms, HOT_SOCKETS, START + HOT_GAP), Some(1), "after a pause");
        assert_eq!(add(&mut rooms, HOT_SOCKETS - 1, START + HOT_GAP), Some(1), "few sockets");
        assert_eq!(rooms.next(), None);
    }

    #[test]
    fn the_commits_of_a_hot_room_leave_together() {
        let mut rooms = HotRooms::default();
        assert_eq!(add(&mut rooms, HOT_SOCKETS, START), Some(1));
        let second = START + HOT_GAP / 2;
        assert_eq!(add(&mut rooms, HOT_SOCKETS, second), None);
        assert_eq!(add(&mut rooms, 0, second + HOT_WAIT / 2), None, "in order, even if the sockets have left");
        assert_eq!(rooms.next(), Some(second + HOT_WAIT));
        assert!(rooms.due(second).is_empty());
        let due = rooms.due(second + HOT_WAIT);
        assert_eq!((due.len(), due[0].commits, rooms.next()), (1, 2, None));
    }
}

//! Rooms in the order of the times at which they have to be looked at: so that nobody looks at all of them.
//!
//! Pure: time is an argument.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::RoomId;

/// Each room at most once, with its time. A change costs the logarithm of how many there are.
#[derive(Debug, Default)]
pub(super) struct DueQueue {
    order: BTreeSet<(Duration, RoomId)>,
    times: HashMap<RoomId, Duration>,
}

impl DueQueue {
    /// Sets when a room is due; none is never.
    pub fn set(&mut self, room: RoomId, at: Option<Duration>) {
        let before = match at {
            Some(at) => self.times.insert(room, at),
            None => self.times.remove(&room),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, room));
        }
        self.order.extend(at.map(|at| (at, room)));
    }

    /// Takes out at most `most` of those that are due, the longest due first.
    pub fn take(&mut self, now: Duration, most: usize) -> Vec<RoomId> {
        let due = self.order.iter().take_while(|(at, _)| *at <= now).take(most).map(|(_, room)| *room);
        let due: Vec<RoomId> = due.collect();
        due.iter().for_each(|room| self.set(*room, None));
        due
    }

    /// Keeps these rooms only.
    pub fn retain(&mut self, kept: impl Fn(RoomId) -> bool) {
        self.order.retain(|(_, room)| kept(*room));
        self.times.retain(|room, _| kept(*room));
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.order.clear();
        self.times.clear();
    }
}

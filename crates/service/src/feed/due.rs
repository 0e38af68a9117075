//! Orders rooms by the time at which they are due, so that the scheduler never iterates over all of them.
//!
//! Pure: time is an argument.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::RoomId;

/// A queue that holds each room at most once. A change costs the logarithm of its length.
#[derive(Debug, Default)]
pub(super) struct DueQueue {
    order: BTreeSet<(Duration, RoomId)>,
    times: HashMap<RoomId, Duration>,
}

impl DueQueue {
    /// Sets when a room is due. `None` removes it.
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

    /// Removes and returns the rooms that are due, earliest first, at most `most`.
    pub fn take(&mut self, now: Duration, most: usize) -> Vec<RoomId> {
        let due = self.order.iter().take_while(|(at, _)| *at <= now).take(most).map(|(_, room)| *room);
        let due: Vec<RoomId> = due.collect();
        due.iter().for_each(|room| self.set(*room, None));
        due
    }

    /// Removes every room except those for which `kept` returns true.
    pub fn retain(&mut self, kept: impl Fn(RoomId) -> bool) {
        self.order.retain(|(_, room)| kept(*room));
        self.times.retain(|room, _| kept(*room));
    }

    /// Removes all rooms.
    pub fn clear(&mut self) {
        self.order.clear();
        self.times.clear();
    }
}

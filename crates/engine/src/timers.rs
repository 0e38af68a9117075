//! When the sockets of a shard are due. One heap for all of them; a socket whose time moves back stays where it is, and is
//! put back when it comes up early.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::SocketId;

/// The due times of a shard.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Duration, SocketId)>>,
}

impl Timers {
    /// Makes a socket come up at `due`.
    pub fn add(&mut self, id: SocketId, due: Duration) {
        self.heap.push(Reverse((due, id)));
    }

    /// Makes a socket come up at `due`, unless it comes up before. `scheduled` is the earliest time that is in the heap
    /// for it.
    pub fn schedule(&mut self, id: SocketId, scheduled: &mut Duration, due: Option<Duration>) {
        if let Some(due) = due.filter(|due| *due < *scheduled) {
            *scheduled = due;
            self.add(id, due);
        }
    }

    /// Returns when the next socket comes up.
    pub fn next(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((due, _))| *due)
    }

    /// Returns a socket whose time has come, and that time.
    pub fn pop(&mut self, now: Duration) -> Option<(Duration, SocketId)> {
        let due = self.next()? <= now;
        due.then(|| self.heap.pop()).flatten().map(|Reverse(entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_comes_up_when_it_is_first_due() {
        let (mut timers, second) = (Timers::default(), Duration::from_secs(1));
        let mut scheduled = Duration::MAX;
        timers.schedule(7, &mut scheduled, Some(5 * second));
        // Later: it still comes up at 5 s, and is scheduled again then.
        timers.schedule(7, &mut scheduled, Some(9 * second));
        timers.schedule(7, &mut scheduled, Some(3 * second));
        timers.schedule(7, &mut scheduled, None);
        assert_eq!((scheduled, timers.next()), (3 * second, Some(3 * second)));
        assert_eq!(timers.pop(2 * second), None);
        assert_eq!(timers.pop(3 * second), Some((3 * second, 7)));
        assert_eq!(timers.pop(9 * second), Some((5 * second, 7)), "the driver finds nothing due then");
        assert_eq!(timers.pop(9 * second), None);
    }
}

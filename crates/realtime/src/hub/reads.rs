//! The reads of logs that the hub has requested: a bounded number at a time.

use std::collections::VecDeque;

use domain::LogId;

use crate::limits::LOG_READS_AT_ONCE;

/// The reads in flight, and the logs that wait for theirs.
#[derive(Default)]
pub(super) struct Reads {
    under_way: usize,
    waiting: VecDeque<LogId>,
}

impl Reads {
    /// Queues the read of a log.
    pub fn queue(&mut self, log: LogId) {
        self.waiting.push_back(log);
    }

    /// Records that a read is done.
    pub fn finished(&mut self) {
        self.under_way -= 1;
    }

    /// Returns the next log to read, if another read may start. `follows` returns whether the hub still follows a log.
    pub fn start(&mut self, follows: impl Fn(LogId) -> bool) -> Option<LogId> {
        while self.under_way < LOG_READS_AT_ONCE {
            let log = self.waiting.pop_front()?;
            if follows(log) {
                self.under_way += 1;
                return Some(log);
            }
        }
        None
    }
}

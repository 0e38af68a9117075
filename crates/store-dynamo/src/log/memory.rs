//! What a store caches about the logs that it serves: known ends of items, when the last commit began, which hint was
//! written. Only saves requests; everything in it may be lost.

use std::convert::Infallible;
use std::time::Duration;

use crate::limits::LOGS_REMEMBERED;
use domain::{LogId, Seq};
use parking_lot::Mutex;
use quick_cache::unsync::Cache;
use service::ports::Head;
use tokio::time::Instant;

#[derive(Debug, Default)]
struct Log {
    /// The last entry of some item. Items never grow, so it stays one; an append after it is safe if the next position
    /// is empty.
    end: Seq,
    commit: Option<Instant>,
    hint: Hint,
}

/// The state of the hint of a log's head.
#[derive(Debug, Clone, Copy, Default)]
struct Hint {
    written: Option<Instant>,
    due: Option<Head>,
}

/// What to do about the hint of a head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HintStep {
    /// Write the hint when it is due at this time: no other task does.
    At(Instant),
    /// Do nothing, since another task will write it.
    Nothing,
}

/// What is cached about all logs.
#[derive(Debug)]
pub struct LogMemory {
    /// Under its own lock: a step reads and changes the state of a log atomically.
    logs: Mutex<Cache<LogId, Log>>,
}

impl Default for LogMemory {
    fn default() -> LogMemory {
        LogMemory { logs: Mutex::new(Cache::new(LOGS_REMEMBERED)) }
    }
}

impl LogMemory {
    /// Records that `end` is the last entry of an item: a strong read or an append of this process has shown it.
    pub fn ends_at(&self, log: LogId, end: Seq) {
        self.with(log, |memory| memory.end = memory.end.max(end));
    }

    /// Returns whether an item is known to end at `seq`. The start of a log always counts as one.
    pub fn is_end(&self, log: LogId, seq: Seq) -> bool {
        seq == 0 || self.with(log, |memory| memory.end == seq)
    }

    /// Returns a seq that the head is known to have reached.
    pub fn reached(&self, log: LogId) -> Seq {
        self.with(log, |memory| memory.end)
    }

    /// Returns how long the next commit of a log has to wait to begin `pace` after the previous one. The commit counts
    /// as begun then.
    pub fn wait_to_commit(&self, log: LogId, pace: Duration) -> Duration {
        let now = Instant::now();
        self.with(log, |memory| {
            let at = memory.commit.map_or(now, |last| (last + pace).max(now));
            memory.commit = Some(at);
            at - now
        })
    }

    /// Records that a log's head rose. With an interval, returns when the caller has to write the hint.
    pub fn hint(&self, log: LogId, head: Head, interval: Option<Duration>) -> HintStep {
        let now = Instant::now();
        self.with(log, |memory| {
            let waits = memory.hint.due.replace(head).is_some();
            let interval = interval.filter(|_| !waits);
            interval.map_or(HintStep::Nothing, |interval| {
                HintStep::At(memory.hint.written.map_or(now, |written| (written + interval).max(now)))
            })
        })
    }

    /// Records that the hint was written. Returns one that became due meanwhile.
    pub fn hinted(&self, log: LogId, head: Head) -> Option<Head> {
        let now = Instant::now();
        self.with(log, |memory| {
            memory.hint.written = Some(now);
            memory.hint.due = memory.hint.due.filter(|due| *due != head);
            memory.hint.due
        })
    }

    /// Returns the hint that is not written yet, if any: the last append of this process.
    pub fn unwritten_hint(&self, log: LogId) -> Option<Head> {
        self.logs.lock().peek(&log)?.hint.due
    }

    /// Returns all hints that are not written yet.
    pub fn unwritten_hints(&self) -> Vec<(LogId, Head)> {
        let logs = self.logs.lock();
        logs.iter().filter_map(|(log, memory)| Some((*log, memory.hint.due?))).collect()
    }

    fn with<T>(&self, log: LogId, work: impl FnOnce(&mut Log) -> T) -> T {
        let mut logs = self.logs.lock();
        let fresh = || Ok::<_, Infallible>(Log::default());
        let Ok(memory) = logs.get_mut_or_insert_with(&log, fresh);
        match memory {
            Some(mut memory) => work(&mut memory),
            // The cache evicted it at once. Everything in it may be lost.
            None => work(&mut Log::default()),
        }
    }
}

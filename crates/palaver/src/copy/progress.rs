//! How far a command has come, printed to standard error from time to time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::limits::PROGRESS;

/// Counts, and when they were printed last.
pub struct Progress {
    started: Instant,
    printed_ms: AtomicU64,
    records: AtomicU64,
    entries: AtomicU64,
    file_bytes: AtomicU64,
}

impl Progress {
    pub fn new() -> Progress {
        let zero = || AtomicU64::new(0);
        Progress { started: Instant::now(), printed_ms: zero(), records: zero(), entries: zero(), file_bytes: zero() }
    }

    pub fn records(&self, more: usize) {
        self.count(&self.records, more as u64);
    }

    pub fn entries(&self, more: usize) {
        self.count(&self.entries, more as u64);
    }

    pub fn file_bytes(&self, more: u64) {
        self.count(&self.file_bytes, more);
    }

    /// Prints the last line.
    pub fn done(&self) {
        self.print(self.started.elapsed().as_millis() as u64);
    }

    fn count(&self, which: &AtomicU64, more: u64) {
        which.fetch_add(more, Ordering::Relaxed);
        let (now, last) = (self.started.elapsed().as_millis() as u64, self.printed_ms.load(Ordering::Relaxed));
        let is_due = now.saturating_sub(last) >= PROGRESS.as_millis() as u64;
        // Of several tasks, the first one prints.
        if is_due && self.printed_ms.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.print(now);
        }
    }

    fn print(&self, now_ms: u64) {
        let count = |which: &AtomicU64| which.load(Ordering::Relaxed);
        let (records, entries, bytes) = (count(&self.records), count(&self.entries), count(&self.file_bytes));
        let (seconds, megabytes) = (now_ms as f64 / 1_000.0, bytes as f64 / 1_000_000.0);
        eprintln!("{seconds:.1} s: {records} records, {entries} entries, {megabytes:.1} MB of files");
    }
}

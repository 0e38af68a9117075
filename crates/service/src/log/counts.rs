//! Counts appends, and how often nodes conflicted, for metrics and tests.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Ack, Refusal};

use crate::ports::{AppendError, Appended};

/// What the appenders of one node have done since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppendCounts {
    /// Entries that this node committed.
    pub entries: u64,
    /// Appends that lost to another node's append.
    pub conflicts: u64,
    /// Forwards that the home node answered.
    pub forwards: u64,
    /// Changes in those forwards.
    pub forwarded: u64,
}

#[derive(Default)]
pub(super) struct Counts {
    entries: AtomicU64,
    conflicts: AtomicU64,
    forwards: AtomicU64,
    forwarded: AtomicU64,
}

impl Counts {
    pub(super) fn append(&self, outcome: &Appended, entries: usize) {
        match outcome {
            Ok(_) => add(&self.entries, "palaver_entries_appended_total", entries),
            Err(AppendError::Conflict { .. }) => add(&self.conflicts, "palaver_append_conflicts_total", 1),
            Err(_) => {}
        }
    }

    pub(super) fn forward(&self, answers: Option<&[Result<Ack, Refusal>]>) {
        let Some(answers) = answers else { return };
        add(&self.forwards, "palaver_forwards_total", 1);
        add(&self.forwarded, "palaver_forwarded_changes_total", answers.len());
    }

    pub(super) fn so_far(&self) -> AppendCounts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        AppendCounts {
            entries: of(&self.entries),
            conflicts: of(&self.conflicts),
            forwards: of(&self.forwards),
            forwarded: of(&self.forwarded),
        }
    }
}

fn add(count: &AtomicU64, name: &'static str, by: usize) {
    count.fetch_add(by as u64, Ordering::Relaxed);
    metrics::counter!(name).increment(by as u64);
}

//! The feed's state of one room: how far each consumer has come, and what has to be read.
//!
//! Pure: time is an argument (since the feed started), I/O is the driver's.

use std::time::Duration;

use crate::limits::{FEED_BATCH, FEED_SAVE_INTERVAL};
use domain::{Backoff, Entry, Seq};

/// The longest delay after a failure.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// The delays after failures. One node reads a room, so nothing retries in step with it and they have no jitter.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), LONGEST_DELAY);

/// How far one consumer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The seq of the last entry that it processed.
    pub seq: Seq,
    /// The seq of its stored cursor, as far as known.
    pub saved: Seq,
    /// The back-off after the failures since it last moved.
    backoff: Backoff,
    /// The time before which it is not called again.
    due: Duration,
}

/// A room with something to do, or that had recently.
#[derive(Debug)]
pub(super) struct Room {
    /// A lower bound of the head.
    pub head: Seq,
    /// The position of each consumer, or `None` until the stored cursors were read.
    pub positions: Option<Vec<Position>>,
    /// The number of the run under way, if any.
    pub running: Option<u64>,
    /// Whether it waits in the machine's queue.
    pub queued: bool,
    /// The newest entries, without holes, ending at the head, which saves reading them.
    fresh: Vec<Entry>,
    /// The back-off after consecutive runs that failed as a whole.
    backoff: Backoff,
    due: Duration,
    /// When anything last happened.
    touched: Duration,
    /// When cursors were last saved, or the room was first seen.
    saved_at: Duration,
    /// Whether a save is under way.
    pub saving: bool,
}

impl Room {
    pub fn new(now: Duration) -> Self {
        Room {
            head: 0,
            positions: None,
            running: None,
            queued: false,
            fresh: Vec::new(),
            backoff: BACKOFF,
            due: now,
            touched: now,
            saved_at: now,
            saving: false,
        }
    }

    /// Records that the log has at least this head.
    pub fn woken(&mut self, now: Duration, head: Seq) {
        if head > self.head {
            self.head = head;
            self.touched = now;
            // The entries in between are missing, so those at hand no longer end at the head.
            self.fresh.clear();
        }
    }

    /// Takes in entries that were just committed.
    pub fn committed(&mut self, now: Duration, entries: &[Entry]) {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
        if last.seq <= self.head {
            return;
        }
        let follows = first.seq == self.head + 1 && self.fresh.last().is_none_or(|last| last.seq == self.head);
        self.woken_keeping_fresh(now, last.seq, follows);
        if self.fresh.len() + entries.len() <= FEED_BATCH {
            self.fresh.extend_from_slice(entries);
        } else {
            self.fresh.clear();
        }
    }

    fn woken_keeping_fresh(&mut self, now: Duration, head: Seq, keep: bool) {
        if !keep {
            self.fresh.clear();
        }
        self.head = head;
        self.touched = now;
    }

    /// Removes and returns the entries at hand.
    pub fn take_fresh(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.fresh)
    }

    /// Returns which consumers may go on now; empty if the cursors are unknown.
    pub fn due(&self, now: Duration) -> Vec<bool> {
        let positions = self.positions.iter().flatten();
        positions.map(|position| position.seq < self.head && position.due <= now).collect()
    }

    /// Returns whether a run makes sense now.
    pub fn is_ready(&self, now: Duration) -> bool {
        let something = match &self.positions {
            None => self.due <= now,
            Some(_) => self.due(now).contains(&true),
        };
        something && self.running.is_none() && !self.queued
    }

    /// Returns when to look at the room again if nothing happens before: when a delay ends, or when it may be evicted.
    pub fn look_at(&self) -> Option<Duration> {
        if self.running.is_some() || self.queued {
            return None;
        }
        let Some(positions) = &self.positions else { return Some(self.due) };
        let behind = positions.iter().filter(|position| position.seq < self.head).map(|position| position.due).min();
        behind.or_else(|| (!self.saving && !self.is_unsaved()).then(|| self.touched + FEED_SAVE_INTERVAL))
    }

    /// Returns when its cursors have to be saved, if any of them moved.
    pub fn save_at(&self) -> Option<Duration> {
        (!self.saving && self.is_unsaved()).then(|| self.saved_at + FEED_SAVE_INTERVAL)
    }

    fn is_unsaved(&self) -> bool {
        self.positions.iter().flatten().any(|position| position.seq > position.saved)
    }

    /// Takes in the stored cursors. One above the head belongs to another epoch of the store: a late write by a node
    /// that did not know of the restore. That consumer starts from the beginning, and its writes are idempotent.
    pub fn loaded(&mut self, cursors: Vec<Seq>) {
        let believed = |seq: Seq| if seq > self.head { 0 } else { seq };
        let position =
            |seq: Seq| Position { seq: believed(seq), saved: believed(seq), backoff: BACKOFF, due: Duration::ZERO };
        self.positions = Some(cursors.into_iter().map(position).collect());
    }

    /// Records a run that ended without saying how far it came. The cursors are read again, after a while.
    pub fn failed(&mut self, now: Duration, retry: Duration) {
        self.positions = None;
        self.due = now + delay(&mut self.backoff, retry);
    }

    /// Records how far a consumer has come, with `retry` if it stopped before the end.
    pub fn moved(&mut self, now: Duration, consumer: usize, seq: Seq, retry: Option<Duration>) {
        let Some(position) = self.positions.as_mut().and_then(|positions| positions.get_mut(consumer)) else { return };
        if seq > position.seq {
            position.seq = seq;
            position.backoff.reset();
            self.backoff.reset();
        }
        if let Some(retry) = retry {
            position.due = now + delay(&mut position.backoff, retry);
        }
        self.touched = now;
    }

    /// Returns the cursors to save now: those that moved, at most once an interval, or all of them if `last`.
    pub fn to_save(&self, now: Duration, last: bool) -> Vec<(usize, Seq)> {
        if self.saving || (!last && now < self.saved_at + FEED_SAVE_INTERVAL) {
            return Vec::new();
        }
        let positions = self.positions.iter().flatten().enumerate();
        positions.filter(|(_, position)| position.seq > position.saved).map(|(i, p)| (i, p.seq)).collect()
    }

    /// Records the end of a save; `saved` are the cursors that were written.
    pub fn saved(&mut self, now: Duration, saved: &[(usize, Seq)]) {
        self.saving = false;
        self.saved_at = now;
        for (consumer, seq) in saved {
            if let Some(position) = self.positions.as_mut().and_then(|positions| positions.get_mut(*consumer)) {
                position.saved = position.saved.max(*seq);
            }
        }
    }

    /// Returns whether the room may be evicted: nothing to do, nothing to save, quiet for a while.
    pub fn is_over(&self, now: Duration) -> bool {
        let Some(positions) = &self.positions else { return false };
        let done = positions.iter().all(|position| position.seq >= self.head && position.saved >= position.seq);
        done && self.running.is_none() && !self.queued && !self.saving && now >= self.touched + FEED_SAVE_INTERVAL
    }
}

/// Returns the next delay, never below what the store asked for.
fn delay(backoff: &mut Backoff, asked: Duration) -> Duration {
    backoff.next_delay(1.0).max(asked).min(LONGEST_DELAY)
}

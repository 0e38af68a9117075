//! What the feed knows of one room: how far each consumer has come, and what is to be read.
//!
//! Pure: time is an argument (since the feed began), I/O is the driver's.

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
    /// The last entry it has dealt with.
    pub seq: Seq,
    /// What its stored cursor says, as far as known.
    pub saved: Seq,
    /// Where the failures since it last moved have led.
    backoff: Backoff,
    /// Not before this time.
    due: Duration,
}

/// A room with something to do, or that had lately.
#[derive(Debug)]
pub(super) struct Room {
    /// The head is at least this.
    pub head: Seq,
    /// One for each consumer; none until the stored cursors were read.
    pub positions: Option<Vec<Position>>,
    /// A run is under way; its number.
    pub running: Option<u64>,
    /// It waits in the machine's queue.
    pub queued: bool,
    /// The newest entries, without holes, ending at the head: spares the read.
    fresh: Vec<Entry>,
    /// The same for runs that failed as a whole, one after the other.
    backoff: Backoff,
    due: Duration,
    /// When anything last happened.
    touched: Duration,
    /// When cursors were last saved, or the room was met.
    saved_at: Duration,
    /// A save is under way.
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

    /// The log has at least this head.
    pub fn woken(&mut self, now: Duration, head: Seq) {
        if head > self.head {
            self.head = head;
            self.touched = now;
            // The entries in between are not here, so those at hand no longer end at the head.
            self.fresh.clear();
        }
    }

    /// These entries were just committed.
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

    /// Hands over the entries at hand.
    pub fn take_fresh(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.fresh)
    }

    /// Which consumers may go on now; empty when the cursors are unknown.
    pub fn due(&self, now: Duration) -> Vec<bool> {
        let positions = self.positions.iter().flatten();
        positions.map(|position| position.seq < self.head && position.due <= now).collect()
    }

    /// Whether a run makes sense now.
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

    /// The cursors were read. One above the head is of another life of the store: a late write of a node
    /// that did not know of the restore. It starts from the beginning; what it did guards itself.
    pub fn loaded(&mut self, cursors: Vec<Seq>) {
        let believed = |seq: Seq| if seq > self.head { 0 } else { seq };
        let position =
            |seq: Seq| Position { seq: believed(seq), saved: believed(seq), backoff: BACKOFF, due: Duration::ZERO };
        self.positions = Some(cursors.into_iter().map(position).collect());
    }

    /// A run ended without a word of how far it came: the cursors are read again, after a while.
    pub fn failed(&mut self, now: Duration, retry: Duration) {
        self.positions = None;
        self.due = now + delay(&mut self.backoff, retry);
    }

    /// A consumer has come this far; `retry` when it stopped before the end.
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

    /// Cursors to save now: those that moved, at most once an interval; all of them when `last`.
    pub fn to_save(&self, now: Duration, last: bool) -> Vec<(usize, Seq)> {
        if self.saving || (!last && now < self.saved_at + FEED_SAVE_INTERVAL) {
            return Vec::new();
        }
        let positions = self.positions.iter().flatten().enumerate();
        positions.filter(|(_, position)| position.seq > position.saved).map(|(i, p)| (i, p.seq)).collect()
    }

    /// A save ended; `saved` are those that were written.
    pub fn saved(&mut self, now: Duration, saved: &[(usize, Seq)]) {
        self.saving = false;
        self.saved_at = now;
        for (consumer, seq) in saved {
            if let Some(position) = self.positions.as_mut().and_then(|positions| positions.get_mut(*consumer)) {
                position.saved = position.saved.max(*seq);
            }
        }
    }

    /// Whether it may be forgotten: nothing to do, nothing to save, quiet for a while.
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

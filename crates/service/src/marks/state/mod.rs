//! The state of read marks: which marks a node knows, which of them wait to be written, and what it knows about their
//! rooms ([`RoomFacts`]). [`super::Marks`] does the reads and writes that follow from it.
//!
//! Pure: no I/O, no clock, no randomness. The same calls always return the same, in the same order.

mod room_facts;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{RoomId, Seq, UserId};
use uuid::Uuid;

use crate::generations::Generations;
use crate::limits::{MARK_INTERVAL, MARKS_KNOWN};
use crate::ports::MarkRow;

pub use room_facts::RoomFacts;

/// A mark as this node knows it.
#[derive(Debug, Clone)]
struct KnownMark {
    row: MarkRow,
    /// When it was last written, if it was, in elapsed time.
    written_at: Option<Duration>,
}

/// The result of raising a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// The mark as it is now.
    pub row: MarkRow,
    /// Whether it rose: then it waits to be written.
    pub rose: bool,
}

/// A mark to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkWrite {
    /// The user whose mark it is.
    pub user: UserId,
    /// The room.
    pub room: RoomId,
    /// How far the user has read.
    pub seq: Seq,
    /// The number of messages up to there.
    pub n: u64,
}

/// Marks by user and room. Those that wait to be written are never evicted; the others are when they were not used
/// lately. A mark whose write failed keeps waiting.
pub struct MarkState {
    written: Generations<(UserId, RoomId), KnownMark>,
    waiting: BTreeMap<(UserId, RoomId), KnownMark>,
}

impl Default for MarkState {
    fn default() -> Self {
        MarkState { written: Generations::new(MARKS_KNOWN), waiting: BTreeMap::new() }
    }
}

impl MarkState {
    /// Returns the mark of a user in a room, if it is known.
    pub fn mark(&mut self, user: UserId, room: RoomId) -> Option<&MarkRow> {
        self.known(user, room).map(|mark| &mark.row)
    }

    /// Records a mark that was read from the store, unless one is known already.
    pub fn found(&mut self, user: UserId, room: RoomId, row: MarkRow) {
        if self.known(user, room).is_none() {
            self.written.insert((user, room), KnownMark { row, written_at: None });
        }
    }

    /// Raises the known mark to `seq`, with `n` messages up to it; a lower one changes nothing. Returns `None` if no
    /// mark is known.
    pub fn raise(&mut self, user: UserId, room: RoomId, seq: Seq, n: u64) -> Option<Raised> {
        let known = self.known(user, room)?;
        if seq <= known.row.read_seq {
            return Some(Raised { row: known.row.clone(), rose: false });
        }

        let mut mark = known.clone();
        mark.row.read_seq = seq;
        mark.row.read_n = mark.row.read_n.max(n);
        mark.row.mentions.retain(|mention| *mention > seq);
        let row = mark.row.clone();
        self.written.remove(&(user, room));
        self.waiting.insert((user, room), mark);
        Some(Raised { row, rose: true })
    }

    /// Returns a mark that was read from the store, or the higher one that waits here to be written.
    pub fn overlay(&mut self, user: UserId, room: RoomId, stored: MarkRow) -> MarkRow {
        match self.mark(user, room) {
            Some(known) if known.read_seq > stored.read_seq => {
                let mentions = stored.mentions.into_iter().filter(|seq| *seq > known.read_seq).collect();
                MarkRow { mentions, ..*known }
            }
            _ => stored,
        }
    }

    /// Returns the waiting marks that were not written within the last [`MARK_INTERVAL`].
    pub fn due(&self, now: Duration) -> Vec<MarkWrite> {
        let is_due = |mark: &KnownMark| mark.written_at.is_none_or(|at| now.saturating_sub(at) >= MARK_INTERVAL);
        self.waiting.iter().filter(|(_, mark)| is_due(mark)).map(write).collect()
    }

    /// Returns the waiting marks of a user.
    pub fn waiting_of(&self, user: UserId) -> Vec<MarkWrite> {
        let from = (user, RoomId(Uuid::nil()));
        self.waiting.range(from..).take_while(|((of, _), _)| *of == user).map(write).collect()
    }

    /// Returns all waiting marks.
    pub fn waiting(&self) -> Vec<MarkWrite> {
        self.waiting.iter().map(write).collect()
    }

    /// Records that a mark was written and what is stored now. A mark that rose in the meantime keeps waiting.
    pub fn written(&mut self, user: UserId, room: RoomId, stored: MarkRow, now: Duration) {
        let Some(mark) = self.waiting.get_mut(&(user, room)) else { return };
        mark.written_at = Some(now);
        if mark.row.read_seq <= stored.read_seq {
            self.waiting.remove(&(user, room));
            self.written.insert((user, room), KnownMark { row: stored, written_at: Some(now) });
        }
    }

    /// Removes a mark, because the user has no row in this room any more.
    pub fn forget(&mut self, user: UserId, room: RoomId) {
        self.waiting.remove(&(user, room));
        self.written.remove(&(user, room));
    }

    /// Removes all marks, including those that wait, because the store has another epoch.
    pub fn clear(&mut self) {
        self.written.clear();
        self.waiting.clear();
    }

    fn known(&mut self, user: UserId, room: RoomId) -> Option<&KnownMark> {
        let waiting = self.waiting.get(&(user, room));
        waiting.or_else(|| self.written.get(&(user, room)).map(|mark| &*mark))
    }
}

fn write((&(user, room), mark): (&(UserId, RoomId), &KnownMark)) -> MarkWrite {
    MarkWrite { user, room, seq: mark.row.read_seq, n: mark.row.read_n }
}

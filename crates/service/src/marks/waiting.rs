//! Holds the marks that this node knows, and tracks which of them are not written yet.

use std::collections::HashMap;
use std::time::Duration;

use domain::{RoomId, Seq, UserId};

use crate::generations::Generations;
use crate::limits::MARKS_KNOWN;
use crate::ports::MarkRow;

/// A mark as this node knows it.
#[derive(Debug, Clone)]
pub(super) struct CachedMark {
    pub(super) row: MarkRow,
    /// When it was last written, if it was, in elapsed time.
    pub(super) written_at: Option<Duration>,
}

/// Marks by user and room. Those that wait to be written are never evicted; the others are when they were not used
/// lately.
pub(super) struct KnownMarks {
    written: Generations<(UserId, RoomId), CachedMark>,
    waiting: HashMap<UserId, HashMap<RoomId, CachedMark>>,
}

impl Default for KnownMarks {
    fn default() -> Self {
        KnownMarks { written: Generations::new(MARKS_KNOWN), waiting: HashMap::new() }
    }
}

impl KnownMarks {
    /// Returns the mark of a user in a room.
    pub(super) fn get(&mut self, user: UserId, room: RoomId) -> Option<&CachedMark> {
        let waiting = self.waiting.get(&user).and_then(|rooms| rooms.get(&room));
        waiting.or_else(|| self.written.get(&(user, room)).map(|mark| &*mark))
    }

    /// Caches a mark that was read from the store, unless one is known already.
    pub(super) fn remember(&mut self, user: UserId, room: RoomId, row: MarkRow) {
        if self.get(user, room).is_none() {
            self.written.insert((user, room), CachedMark { row, written_at: None });
        }
    }

    /// Raises the known mark, which then waits to be written. Returns it and whether it rose, or `None` if no mark is
    /// known.
    pub(super) fn raise(&mut self, user: UserId, room: RoomId, seq: Seq, n: u64) -> Option<(MarkRow, bool)> {
        let known = self.get(user, room)?;
        if seq <= known.row.read_seq {
            return Some((known.row.clone(), false));
        }

        let mut mark = known.clone();
        mark.row.read_seq = seq;
        mark.row.read_n = mark.row.read_n.max(n);
        mark.row.mentions.retain(|mention| *mention > seq);
        let row = mark.row.clone();
        self.written.remove(&(user, room));
        self.waiting.entry(user).or_default().insert(room, mark);
        Some((row, true))
    }

    /// Returns the waiting marks of a user.
    pub(super) fn waiting_of(&self, user: UserId) -> Vec<(UserId, RoomId, MarkRow)> {
        let rooms = self.waiting.get(&user).into_iter().flatten();
        rooms.map(|(room, mark)| (user, *room, mark.row.clone())).collect()
    }

    /// Returns the waiting marks for which `chosen` returns true.
    pub(super) fn waiting(&self, chosen: impl Fn(&CachedMark) -> bool) -> Vec<(UserId, RoomId, MarkRow)> {
        let all =
            self.waiting.iter().flat_map(|(user, rooms)| rooms.iter().map(move |(room, mark)| (user, room, mark)));
        let chosen = all.filter(|(_, _, mark)| chosen(mark));
        chosen.map(|(user, room, mark)| (*user, *room, mark.row.clone())).collect()
    }

    /// Records that a mark was written and what is stored now. A mark that rose in the meantime keeps waiting.
    pub(super) fn wrote(&mut self, user: UserId, room: RoomId, stored: MarkRow, at: Duration) {
        let Some(mark) = self.waiting.get_mut(&user).and_then(|rooms| rooms.get_mut(&room)) else { return };
        mark.written_at = Some(at);
        if mark.row.read_seq <= stored.read_seq {
            self.drop_waiting(user, room);
            self.written.insert((user, room), CachedMark { row: stored, written_at: Some(at) });
        }
    }

    /// Removes a mark.
    pub(super) fn forget(&mut self, user: UserId, room: RoomId) {
        self.drop_waiting(user, room);
        self.written.remove(&(user, room));
    }

    /// Removes all marks, including those that wait.
    pub(super) fn clear(&mut self) {
        self.written.clear();
        self.waiting.clear();
    }

    fn drop_waiting(&mut self, user: UserId, room: RoomId) {
        if let Some(rooms) = self.waiting.get_mut(&user) {
            rooms.remove(&room);
            if rooms.is_empty() {
                self.waiting.remove(&user);
            }
        }
    }
}

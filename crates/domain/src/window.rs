//! The recent entries of a log, as far as a look-up needs them: who made which entry, and when.

use std::collections::VecDeque;

use crate::entry::{Body, Entry};
use crate::ids::{EntryId, Seq, UserId};
use crate::time::Timestamp;

/// What a look-up knows of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowEntry {
    /// Its place.
    pub seq: Seq,
    /// Its sender.
    pub by: UserId,
    /// The sender's id of it.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// Whether it is a message: slow mode asks.
    pub is_message: bool,
}

impl From<&Entry> for WindowEntry {
    fn from(entry: &Entry) -> WindowEntry {
        let is_message = matches!(entry.body, Body::Message(_));
        WindowEntry { seq: entry.seq, by: entry.by, id: entry.id, at: entry.at, is_message }
    }
}

/// The entries `from … head` of a log, without holes.
#[derive(Debug, Clone, Default)]
pub struct Window {
    entries: VecDeque<WindowEntry>,
    head: Seq,
}

impl Window {
    /// Ends at `head`, and holds nothing yet.
    pub fn at(head: Seq) -> Window {
        Window { entries: VecDeque::new(), head }
    }

    /// The seq of its last entry.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// The lowest seq that it covers; `head + 1` when it is empty.
    pub fn from(&self) -> Seq {
        self.head + 1 - self.entries.len() as Seq
    }

    /// When its oldest entry was made.
    pub fn oldest_at(&self) -> Option<Timestamp> {
        self.entries.front().map(|known| known.at)
    }

    /// The next entry. One that does not follow the last is a bug of the caller.
    pub fn push(&mut self, entry: impl Into<WindowEntry>) {
        let known = entry.into();
        debug_assert_eq!(known.seq, self.head + 1, "a window has no holes");
        self.head = known.seq;
        self.entries.push_back(known);
    }

    /// Entries right below those that it covers, in order.
    pub fn extend_down(&mut self, older: &[Entry]) {
        debug_assert!(older.last().is_none_or(|last| last.seq + 1 == self.from()), "a window has no holes");
        for entry in older.iter().rev() {
            self.entries.push_front(entry.into());
        }
    }

    /// Forgets everything above `head`: it was not appended after all.
    pub fn cut(&mut self, head: Seq) {
        while self.head > head {
            self.entries.pop_back();
            self.head -= 1;
        }
    }

    /// Keeps the newest `limit` entries.
    pub fn trim(&mut self, limit: usize) {
        let surplus = self.entries.len().saturating_sub(limit);
        self.entries.drain(..surplus);
    }

    /// The entries above `seen`, oldest first.
    pub fn above(&self, seen: Seq) -> impl DoubleEndedIterator<Item = &WindowEntry> {
        let skip = seen.saturating_add(1).saturating_sub(self.from());
        self.entries.range(skip.min(self.entries.len() as Seq) as usize..)
    }

    /// When `user` last sent a message, if that is in the window and after `since`.
    pub fn last_message(&self, user: UserId, since: Timestamp) -> Option<Timestamp> {
        let recent = self.entries.iter().rev().take_while(|known| known.at > since);
        recent.filter(|known| known.is_message && known.by == user).map(|known| known.at).next()
    }
}

//! The recent entries of a log, as far as a look-up needs them: who made which entry, and when.

use std::collections::VecDeque;

use crate::entry::Entry;
use crate::ids::{EntryId, Seq, UserId};
use crate::last_messages::LastMessages;
use crate::time::Timestamp;

/// An entry without its content: what a look-up needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryKey {
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

impl From<&Entry> for EntryKey {
    fn from(entry: &Entry) -> EntryKey {
        let is_message = entry.body.kind() == "message";
        EntryKey { seq: entry.seq, by: entry.by, id: entry.id, at: entry.at, is_message }
    }
}

impl From<&EntryKey> for EntryKey {
    fn from(key: &EntryKey) -> EntryKey {
        *key
    }
}

/// The keys of the entries `from … head` of a log, without holes. In slow mode also when each sender last sent a message
/// below them.
#[derive(Debug, Clone, Default)]
pub struct Window {
    entries: VecDeque<EntryKey>,
    head: Seq,
    /// The window holds every entry made after this time.
    since: Option<Timestamp>,
    senders: Option<LastMessages>,
}

impl Window {
    /// Creates an empty window that ends at `head`, whose entry was made at `at`.
    pub fn at(head: Seq, at: Timestamp) -> Window {
        Window { head, since: Some(at), ..Window::default() }
    }

    /// The seq of its last entry.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// The lowest seq that it covers; `head + 1` when it is empty.
    pub fn from(&self) -> Seq {
        self.head + 1 - self.entries.len() as Seq
    }

    /// The next entry. One that does not follow the last is a bug of the caller.
    pub fn push(&mut self, entry: impl Into<EntryKey>) {
        let key = entry.into();
        debug_assert_eq!(key.seq, self.head + 1, "a window has no holes");
        self.head = key.seq;
        self.entries.push_back(key);
    }

    /// Adds entries, in log order, that end right below those that it covers, or right below those whose senders it
    /// remembers. Returns `false` and changes nothing if they fit neither place.
    pub fn extend_down(&mut self, older: &[EntryKey]) -> bool {
        let (Some(first), Some(last)) = (older.first(), older.last()) else { return false };
        if older.len() as Seq != last.seq + 1 - first.seq {
            return false;
        }
        if last.seq + 1 == self.from() {
            older.iter().rev().for_each(|key| self.entries.push_front(*key));
            self.since = Some(first.at);
            let (from, since) = (self.from(), self.since);
            if let Some(senders) = &mut self.senders {
                senders.reach_down(from, since);
            }
            return true;
        }
        match &mut self.senders {
            Some(senders) if last.seq + 1 == senders.from() => {
                senders.extend_down(older);
                true
            }
            _ => false,
        }
    }

    /// Forgets everything above `head`: it was not appended after all.
    pub fn cut(&mut self, head: Seq) {
        while self.head > head {
            self.entries.pop_back();
            self.head -= 1;
        }
    }

    /// Evicts all but the newest `limit` entries. Remembers when their senders sent them, if that was asked for.
    pub fn trim(&mut self, limit: usize) {
        let surplus = self.entries.len().saturating_sub(limit);
        for key in self.entries.drain(..surplus) {
            self.since = Some(key.at);
            if let Some(senders) = &mut self.senders {
                senders.push(&key);
            }
        }
    }

    /// The entries above `seen`, oldest first.
    pub fn above(&self, seen: Seq) -> impl DoubleEndedIterator<Item = &EntryKey> {
        let skip = seen.saturating_add(1).saturating_sub(self.from());
        self.entries.range(skip.min(self.entries.len() as Seq) as usize..)
    }

    /// Starts to remember when each sender last sent a message, also below the entries that it keeps, for at most `limit`
    /// senders. Does nothing if it does so already.
    pub fn remember_senders(&mut self, limit: usize) {
        let (from, since) = (self.from(), self.since);
        self.senders.get_or_insert_with(|| LastMessages::new(from, since, limit));
    }

    /// Stops remembering senders below the entries that it keeps.
    pub fn forget_senders(&mut self) {
        self.senders = None;
    }

    /// Evicts remembered senders whose last message was made at `until` or earlier.
    pub fn forget_senders_until(&mut self, until: Timestamp) {
        if let Some(senders) = &mut self.senders {
            senders.forget_until(until);
        }
    }

    /// Returns how far down it knows who sent when: the lowest seq, and a time after which it knows every message.
    pub fn senders_known(&self) -> (Seq, Option<Timestamp>) {
        match &self.senders {
            Some(senders) if senders.from() < self.from() => (senders.from(), senders.since()),
            _ => (self.from(), self.since),
        }
    }

    /// When `user` last sent a message, if that is known and after `since`.
    pub fn last_message(&self, user: UserId, since: Timestamp) -> Option<Timestamp> {
        let mut recent = self.entries.iter().rev().take_while(|key| key.at > since);
        let recent = recent.find(|key| key.is_message && key.by == user).map(|key| key.at);
        let below = || self.senders.as_ref()?.of(user).filter(|at| *at > since);
        recent.or_else(below)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u64) -> UserId {
        UserId(Uuid::from_u128(number.into()))
    }

    /// Entries, each by a user of its own, ten milliseconds apart.
    fn keys(from: Seq, to: Seq) -> Vec<EntryKey> {
        let key = |seq: Seq| {
            let (id, at) = (EntryId(Uuid::from_u128(seq.into())), Timestamp(seq as i64 * 10));
            EntryKey { seq, by: user(seq), id, at, is_message: true }
        };
        (from..=to).map(key).collect()
    }

    #[test]
    fn senders_of_evicted_entries_are_remembered() {
        let mut window = Window::at(100, Timestamp(1_000));
        window.remember_senders(1_000);
        assert!(window.extend_down(&keys(61, 100)) && window.extend_down(&keys(41, 60)));
        keys(101, 110).iter().for_each(|key| window.push(key));
        window.trim(8);
        assert_eq!((window.from(), window.senders_known()), (103, (41, Some(Timestamp(410)))));
        assert!([41, 60, 61, 102, 103].iter().all(|by| window.last_message(user(*by), Timestamp(0)).is_some()));

        // Further down only the senders are kept, unless a look-up extends the window itself again.
        assert!(window.extend_down(&keys(31, 40)));
        assert_eq!((window.from(), window.senders_known().0), (103, 31));
        assert!(window.extend_down(&keys(11, 102)));
        window.trim(8);
        assert_eq!(window.senders_known(), (11, Some(Timestamp(110))));
        assert_eq!(window.last_message(user(11), Timestamp(0)), Some(Timestamp(110)));
        assert_eq!(window.last_message(user(11), Timestamp(110)), None, "not after that time");
    }

    #[test]
    fn keys_that_do_not_fit_are_not_added() {
        let mut window = Window::at(100, Timestamp(1_000));
        let mut hole = keys(90, 100);
        hole.remove(3);
        for wrong in [keys(90, 99), hole, Vec::new()] {
            assert!(!window.extend_down(&wrong));
        }
        assert_eq!(window.from(), 101);
    }
}

//! The recent entries of a log, as far as dedup needs them: who made which entry, and when.

use std::collections::VecDeque;

use crate::entry::Entry;
use crate::ids::{EntryId, Seq, UserId};
use crate::last_messages::LastMessages;
use crate::time::Timestamp;

/// An entry without its content: what dedup needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryKey {
    /// The entry's place in its log.
    pub seq: Seq,
    /// The sender.
    pub by: UserId,
    /// The id that the sender chose for it.
    pub id: EntryId,
    /// When it was appended.
    pub at: Timestamp,
    /// Whether it is a message, for slow mode.
    pub is_message: bool,
}

impl From<&Entry> for EntryKey {
    fn from(entry: &Entry) -> EntryKey {
        let is_message = entry.body.kind() == "message";
        EntryKey { seq: entry.seq, by: entry.by, id: entry.id, at: entry.at, is_message }
    }
}

/// Entries that do not follow each other: one in between is missing, or was given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {expected} was expected and {found} was found")]
pub struct Gap {
    /// The seq that should follow.
    pub expected: Seq,
    /// The seq that was found instead.
    pub found: Seq,
}

impl Gap {
    /// Checks that `entries` begin with `from` and follow each other.
    pub fn check(from: Seq, entries: &[Entry]) -> Result<(), Gap> {
        let wrong = (from..).zip(entries).find(|(expected, entry)| entry.seq != *expected);
        wrong.map_or(Ok(()), |(expected, entry)| Err(Gap { expected, found: entry.seq }))
    }

    /// Checks that `entries` are exactly those from `from` to `to`.
    pub fn check_whole(from: Seq, to: Seq, entries: &[Entry]) -> Result<(), Gap> {
        Gap::check(from, entries)?;
        let (expected, next) = (to + 1, from + entries.len() as Seq);
        if next == expected { Ok(()) } else { Err(Gap { expected, found: next }) }
    }
}

impl From<&EntryKey> for EntryKey {
    fn from(key: &EntryKey) -> EntryKey {
        *key
    }
}

/// The keys of the entries `from … head` of a log, without gaps. In slow mode also when each sender last sent a message
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

    /// Returns the seq of its last entry.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// Returns the lowest seq that it covers; `head + 1` if it is empty.
    pub fn from(&self) -> Seq {
        self.head + 1 - self.entries.len() as Seq
    }

    /// Appends the next entry. One that does not follow the last is refused and changes nothing.
    pub fn push(&mut self, entry: impl Into<EntryKey>) -> Result<(), Gap> {
        let key = entry.into();
        let expected = self.head + 1;
        if key.seq != expected {
            return Err(Gap { expected, found: key.seq });
        }
        self.head = key.seq;
        self.entries.push_back(key);
        Ok(())
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

    /// Removes everything above `head`, because it was not appended after all.
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

    /// Returns the entries above `seen`, oldest first.
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

    /// Returns when `user` last sent a message, if that is known and after `since`.
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

    /// Entries, each by a different user, ten milliseconds apart.
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
        keys(101, 110).iter().try_for_each(|key| window.push(key)).expect("they follow");
        window.trim(8);
        assert_eq!((window.from(), window.senders_known()), (103, (41, Some(Timestamp(410)))));
        assert!([41, 60, 61, 102, 103].iter().all(|by| window.last_message(user(*by), Timestamp(0)).is_some()));

        // Further down only the senders are kept, unless dedup extends the window itself again.
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

    #[test]
    fn an_entry_that_does_not_follow_is_refused() {
        let mut window = Window::at(5, Timestamp(50));
        assert_eq!(window.push(keys(7, 7)[0]), Err(Gap { expected: 6, found: 7 }));
        assert_eq!((window.head(), window.from()), (5, 6), "it has no effect");
        assert_eq!(window.push(keys(6, 6)[0]), Ok(()));
    }

    #[test]
    fn a_range_is_checked_from_end_to_end() {
        let entry = |seq: Seq| {
            let text = crate::text::MessageText::from_stored("hi".into());
            let body = crate::entry::Body::Message(crate::entry::Message::of(text, seq));
            let (by, id) = (user(seq), EntryId(Uuid::from_u128(seq.into())));
            Entry { v: crate::entry::ENTRY_VERSION, seq, n: seq, by, id, at: Timestamp(0), body }
        };
        let entries = [entry(4), entry(5), entry(6)];
        assert_eq!(Gap::check_whole(4, 6, &entries), Ok(()));
        assert_eq!(Gap::check(3, &entries), Err(Gap { expected: 3, found: 4 }));
        assert_eq!(Gap::check(4, &[]), Ok(()));
        assert!(Gap::check_whole(4, 7, &entries).is_err(), "7 is missing");
        assert!(Gap::check_whole(4, 5, &entries).is_err(), "6 is too many");
        assert!(Gap::check_whole(4, 6, &[entry(4), entry(6)]).is_err());
    }
}

//! Remembers when each sender last sent a message, for the entries below a window: slow mode asks for it long after the
//! entries themselves were evicted. Bounded; never reads anything.

use std::collections::{BTreeMap, HashMap};

use crate::ids::{Seq, UserId};
use crate::time::Timestamp;
use crate::window::EntryKey;

/// The last message of each sender, for the entries from some seq up to a window.
#[derive(Debug, Clone)]
pub struct LastMessages {
    /// The lowest seq that it covers.
    from: Seq,
    /// It covers every message made after this time.
    since: Option<Timestamp>,
    limit: usize,
    by_user: HashMap<UserId, (Seq, Timestamp)>,
    /// The senders in log order, so that the oldest is evicted first.
    by_seq: BTreeMap<Seq, UserId>,
}

impl LastMessages {
    /// Creates an empty memory that covers the entries from `from` on and all messages made after `since`, for at most
    /// `limit` senders.
    pub fn new(from: Seq, since: Option<Timestamp>, limit: usize) -> LastMessages {
        LastMessages { from, since, limit, by_user: HashMap::new(), by_seq: BTreeMap::new() }
    }

    /// Returns the lowest seq that it covers.
    pub fn from(&self) -> Seq {
        self.from
    }

    /// Returns a time after which it covers every message, if one is known.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Returns when this user last sent a message, if that is remembered.
    pub fn of(&self, user: UserId) -> Option<Timestamp> {
        self.by_user.get(&user).map(|(_, at)| *at)
    }

    /// Covers the entries from `from` on, and all messages made after `since`, if it does not yet. The caller holds
    /// the entries in between, and adds them with [`LastMessages::push`] before it evicts them.
    pub fn reach_down(&mut self, from: Seq, since: Option<Timestamp>) {
        if from < self.from {
            (self.from, self.since) = (from, since);
        }
    }

    /// Adds an entry that is newer than all it covers, and evicts the oldest senders beyond the limit. Ignores an entry
    /// below those that it covers.
    pub fn push(&mut self, key: &EntryKey) {
        if key.seq < self.from {
            return;
        }
        self.note(key);
        while self.by_user.len() > self.limit {
            let Some((&seq, &user)) = self.by_seq.first_key_value() else { return };
            self.drop_oldest(seq, user);
        }
    }

    /// Adds entries, in log order, that end right below those that it covers. Stops where the limit is reached.
    pub fn extend_down(&mut self, older: &[EntryKey]) {
        for key in older.iter().rev() {
            if self.by_user.len() >= self.limit && !self.by_user.contains_key(&key.by) {
                return;
            }
            self.note(key);
            self.from = key.seq;
            self.since = Some(key.at);
        }
    }

    /// Evicts senders whose last message was made at `until` or earlier.
    pub fn forget_until(&mut self, until: Timestamp) {
        while let Some((&seq, &user)) = self.by_seq.first_key_value() {
            if self.of(user).is_some_and(|at| at > until) {
                return;
            }
            self.drop_oldest(seq, user);
        }
    }

    fn note(&mut self, key: &EntryKey) {
        if !key.is_message {
            return;
        }
        match self.by_user.get(&key.by) {
            Some((seq, _)) if *seq >= key.seq => {}
            known => {
                let before = known.map(|(seq, _)| *seq);
                before.map(|seq| self.by_seq.remove(&seq));
                self.by_seq.insert(key.seq, key.by);
                self.by_user.insert(key.by, (key.seq, key.at));
            }
        }
    }

    /// Evicts the oldest sender, so that messages up to `seq` are no longer covered.
    fn drop_oldest(&mut self, seq: Seq, user: UserId) {
        self.by_seq.remove(&seq);
        let at = self.by_user.remove(&user).map(|(_, at)| at);
        self.from = seq + 1;
        self.since = at.or(self.since);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::ids::EntryId;

    fn user(number: u64) -> UserId {
        UserId(Uuid::from_u128(number.into()))
    }

    fn key(seq: Seq, by: u64) -> EntryKey {
        let id = EntryId(Uuid::from_u128(seq.into()));
        EntryKey { seq, by: user(by), id, at: Timestamp(seq as i64 * 10), is_message: true }
    }

    #[test]
    fn the_newest_message_of_each_sender_counts() {
        let mut last = LastMessages::new(10, None, 100);
        last.push(&key(10, 1));
        last.push(&key(11, 2));
        last.extend_down(&[key(8, 1), key(9, 3)]);
        assert_eq!((last.from(), last.since()), (8, Some(Timestamp(80))));
        assert_eq!([1, 2, 3].map(|by| last.of(user(by))), [100, 110, 90].map(|at| Some(Timestamp(at))));
        last.push(&key(12, 3));
        assert_eq!(last.of(user(3)), Some(Timestamp(120)));
        last.push(&EntryKey { is_message: false, ..key(13, 1) });
        assert_eq!(last.of(user(1)), Some(Timestamp(100)), "a reaction is not a message");
    }

    #[test]
    fn beyond_the_limit_the_oldest_sender_is_evicted() {
        let mut last = LastMessages::new(1, Some(Timestamp(0)), 2);
        for seq in 1..=4 {
            last.push(&key(seq, seq));
        }
        assert_eq!((last.of(user(2)), last.of(user(3))), (None, Some(Timestamp(30))));
        assert_eq!((last.from(), last.since()), (3, Some(Timestamp(20))), "complete after the evicted one");
        last.extend_down(&[key(1, 9), key(2, 9)]);
        assert_eq!((last.of(user(9)), last.from()), (None, 3), "the limit is reached");
    }

    #[test]
    fn messages_older_than_the_pause_are_evicted() {
        let mut last = LastMessages::new(1, Some(Timestamp(0)), 100);
        for seq in 1..=9 {
            last.push(&key(seq, seq));
        }
        last.forget_until(Timestamp(40));
        assert_eq!((last.of(user(4)), last.of(user(5))), (None, Some(Timestamp(50))));
        assert_eq!((last.from(), last.since()), (5, Some(Timestamp(40))));
    }
}

//! When each sender last sent a message, of the entries below a window: what slow mode asks of a history that is not
//! kept. Bounded; never reads anything.

use std::collections::{BTreeMap, HashMap};

use crate::ids::{Seq, UserId};
use crate::time::Timestamp;
use crate::window::EntryKey;

/// The last message of each sender, of the entries from some seq up to a window.
#[derive(Debug, Clone)]
pub struct LastMessages {
    /// The lowest seq whose entry is taken into account.
    from: Seq,
    /// Every message made after this time is taken into account.
    since: Option<Timestamp>,
    limit: usize,
    by_user: HashMap<UserId, (Seq, Timestamp)>,
    /// The same in the order of the log, so that the oldest goes first.
    by_seq: BTreeMap<Seq, UserId>,
}

impl LastMessages {
    /// Knows nothing below `from`, and of every message after `since`; keeps at most `limit` senders.
    pub fn new(from: Seq, since: Option<Timestamp>, limit: usize) -> LastMessages {
        LastMessages { from, since, limit, by_user: HashMap::new(), by_seq: BTreeMap::new() }
    }

    /// The lowest seq whose entry is taken into account.
    pub fn from(&self) -> Seq {
        self.from
    }

    /// A time after which every message is taken into account, as far as known.
    pub fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// When this user last sent a message, if it is among those that are kept.
    pub fn of(&self, user: UserId) -> Option<Timestamp> {
        self.by_user.get(&user).map(|(_, at)| *at)
    }

    /// Takes in the next entry upwards: a newer one than all before. One that was taken in from below changes nothing.
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

    /// Takes in entries right below those that are taken into account, in order. What is more than the limit is not kept.
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

    /// Forgets who sent a message at `until` or before.
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

    /// What was sent up to `seq` is no longer known.
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
    fn the_newest_message_of_each_counts_whatever_came_in_first() {
        let mut last = LastMessages::new(10, None, 100);
        last.push(&key(10, 1));
        last.push(&key(11, 2));
        last.extend_down(&[key(8, 1), key(9, 3)]);
        assert_eq!((last.from(), last.since()), (8, Some(Timestamp(80))));
        assert_eq!([1, 2, 3].map(|by| last.of(user(by))), [100, 110, 90].map(|at| Some(Timestamp(at))));
        last.push(&key(12, 3));
        assert_eq!(last.of(user(3)), Some(Timestamp(120)));
        last.push(&EntryKey { is_message: false, ..key(13, 1) });
        assert_eq!(last.of(user(1)), Some(Timestamp(100)), "a reaction is no message");
    }

    #[test]
    fn beyond_the_limit_the_oldest_goes_and_is_known_to_be_unknown() {
        let mut last = LastMessages::new(1, Some(Timestamp(0)), 2);
        for seq in 1..=4 {
            last.push(&key(seq, seq));
        }
        assert_eq!((last.of(user(2)), last.of(user(3))), (None, Some(Timestamp(30))));
        assert_eq!((last.from(), last.since()), (3, Some(Timestamp(20))), "complete after the one that went");
        last.extend_down(&[key(1, 9), key(2, 9)]);
        assert_eq!((last.of(user(9)), last.from()), (None, 3), "there is no room for more");
    }

    #[test]
    fn what_is_older_than_the_pause_goes() {
        let mut last = LastMessages::new(1, Some(Timestamp(0)), 100);
        for seq in 1..=9 {
            last.push(&key(seq, seq));
        }
        last.forget_until(Timestamp(40));
        assert_eq!((last.of(user(4)), last.of(user(5))), (None, Some(Timestamp(50))));
        assert_eq!((last.from(), last.since()), (5, Some(Timestamp(40))));
    }
}

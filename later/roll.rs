//! The users of one room: those on this node, those whom other nodes report, and those who were announced. Pure: the time is
//! an argument.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::UserId;

use super::Users;
use crate::limits::{
    ATTENDANCE_LEFT_AFTER, ATTENDANCE_REPORT_INTERVAL, ATTENDANCE_REPORT_LIFE, ATTENDANCE_USERS,
};

pub(super) struct Roll {
    /// The sockets of the older contract on this node that follow the room.
    pub watchers: usize,
    /// Those who were announced, and since when they are gone.
    users: HashMap<UserId, Option<Duration>>,
    /// Those on other nodes, and when that was heard.
    elsewhere: BTreeMap<String, (Users, Duration)>,
    began: Duration,
    asked: Option<Duration>,
    reported: Option<(Users, Duration)>,
}

impl Roll {
    /// Returns the roll of a room in which these users are already.
    pub fn of(there: Users, now: Duration) -> Roll {
        Roll {
            watchers: 0,
            users: there.into_iter().map(|user| (user, None)).collect(),
            elsewhere: BTreeMap::new(),
            began: now,
            asked: None,
            reported: None,
        }
    }

    /// Records that another node wants to know who is here.
    pub fn asked(&mut self, now: Duration) {
        self.asked = Some(now);
    }

    /// Records who is on another node. Those who are found when the room begins to be watched have been there before.
    pub fn hear(&mut self, node: String, users: Users, now: Duration) {
        if now.saturating_sub(self.began) < ATTENDANCE_REPORT_LIFE && !self.elsewhere.contains_key(&node) {
            self.users.extend(users.iter().map(|user| (*user, None)));
        }
        self.elsewhere.insert(node, (users, now));
    }

    /// Returns whether nobody needs the roll any more.
    pub fn is_over(&self, now: Duration) -> bool {
        let is_asked = self.asked.is_some_and(|asked| now.saturating_sub(asked) < ATTENDANCE_REPORT_LIFE);
        self.watchers == 0 && !is_asked
    }

    /// Notes who is on this node now. Returns who came, and who has been gone for long enough.
    pub fn update(&mut self, here: &Users, now: Duration) -> Vec<(UserId, bool)> {
        self.elsewhere.retain(|_, (_, heard)| now.saturating_sub(*heard) < ATTENDANCE_REPORT_LIFE);
        let there: Users = self.elsewhere.values().flat_map(|(users, _)| users).chain(here).copied().collect();

        let mut changes = Vec::new();
        for user in &there {
            if self.users.insert(*user, None).is_none() {
                changes.push((*user, true));
            }
        }
        self.users.retain(|user, gone| {
            if there.contains(user) {
                return true;
            }
            let since = *gone.get_or_insert(now);
            let stays = now.saturating_sub(since) < ATTENDANCE_LEFT_AFTER;
            if !stays {
                changes.push((*user, false));
            }
            stays
        });
        changes
    }

    /// Returns what other nodes should hear now, and whether they are asked: at once after a change, and from time to time.
    pub fn report(&mut self, here: &Users, now: Duration) -> Option<(Vec<UserId>, bool)> {
        let is_due = self.reported.as_ref().is_none_or(|(users, at)| {
            users != here || now.saturating_sub(*at) >= ATTENDANCE_REPORT_INTERVAL
        });
        is_due.then(|| {
            self.reported = Some((here.clone(), now));
            (here.iter().copied().take(ATTENDANCE_USERS).collect(), self.watchers > 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_user_comes_once_and_leaves_only_after_a_while() {
        let [ada, bob] = [1, 2].map(user);
        let mut roll = Roll::of(Users::from([ada]), at(0));
        assert_eq!(roll.update(&Users::from([ada]), at(0)), [], "who was there before is not announced");
        assert_eq!(roll.update(&Users::from([ada, bob]), at(200)), [(bob, true)]);
        assert_eq!(roll.update(&Users::from([ada]), at(400)), []);
        assert_eq!(roll.update(&Users::from([ada, bob]), at(2_000)), [], "the page was reloaded");
        assert_eq!(roll.update(&Users::from([ada]), at(2_200)), []);
        assert_eq!(roll.update(&Users::from([ada]), at(4_100)), []);
        assert_eq!(roll.update(&Users::from([ada]), at(4_200)), [(bob, false)]);
        assert_eq!(roll.update(&Users::from([ada, bob]), at(9_000)), [(bob, true)]);
    }

    #[test]
    fn connections_on_other_nodes_count_too() {
        let [ada, bob] = [1, 2].map(user);
        let mut roll = Roll::of(Users::new(), at(0));
        roll.hear("other".into(), Users::from([ada]), at(100));
        assert_eq!(roll.update(&Users::new(), at(200)), [], "who was there before is not announced");
        roll.hear("other".into(), Users::from([ada, bob]), at(300));
        assert_eq!(roll.update(&Users::new(), at(400)), [(bob, true)]);
        assert_eq!(roll.update(&Users::from([bob]), at(500)), [], "a second connection");
        roll.hear("other".into(), Users::from([ada]), at(600));
        assert_eq!(roll.update(&Users::from([bob]), at(700)), []);
        // The other node is gone: what it said is forgotten, and after that its users have left.
        let forgotten = at(600) + ATTENDANCE_REPORT_LIFE;
        assert_eq!(roll.update(&Users::from([bob]), forgotten), []);
        assert_eq!(roll.update(&Users::from([bob]), forgotten + ATTENDANCE_LEFT_AFTER), [(ada, false)]);
    }

    #[test]
    fn other_nodes_hear_of_changes_at_once_and_otherwise_from_time_to_time() {
        let ada = user(1);
        let mut roll = Roll::of(Users::new(), at(0));
        roll.watchers = 1;
        assert_eq!(roll.report(&Users::new(), at(0)), Some((Vec::new(), true)));
        assert_eq!(roll.report(&Users::new(), at(200)), None);
        assert_eq!(roll.report(&Users::from([ada]), at(400)), Some((vec![ada], true)));
        let later = at(400) + ATTENDANCE_REPORT_INTERVAL;
        assert_eq!(roll.report(&Users::from([ada]), later), Some((vec![ada], true)));

        roll.watchers = 0;
        assert!(roll.is_over(later));
        roll.asked(later);
        assert!(!roll.is_over(later) && roll.is_over(later + ATTENDANCE_REPORT_LIFE));
    }
}

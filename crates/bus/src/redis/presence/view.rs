//! One node's own view of presence: the connections that it holds, and the last reported status of every user.
//!
//! Never asks Redis and never reads a clock. Decides who is online while Redis cannot answer, and makes sure that no
//! user is declared offline only because Redis lost its data.

use std::collections::HashMap;

use crate::limits::PRESENCE_HOLD;
use domain::limits::PRESENCE_LIFE;
use domain::{PresenceStatus, Timestamp, UserId};
use service::ports::UserPresence;

use crate::presence::hold;

/// A connection's status and expiry.
type Held = (PresenceStatus, Timestamp);

/// One node's view.
#[derive(Default)]
pub struct View {
    own: HashMap<UserId, HashMap<String, Held>>,
    /// When expired entries were last removed from it.
    forgot_at: Timestamp,
    /// Whether this node reads changes, so that it knows the last reported status of other users.
    follows: bool,
    /// Each user who is not offline, as last reported by this node.
    reported: HashMap<UserId, UserPresence>,
    /// Since when Redis does not answer.
    silent_since: Option<Timestamp>,
    /// Until when only users who explicitly went offline are declared offline.
    hold_until: Option<Timestamp>,
}

/// What Redis returned for a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub presence: UserPresence,
    /// The user is offline without having said so: their connections expired, or nothing is known about them.
    pub ran_out: bool,
}

impl View {
    /// Adds or refreshes connections that this node holds.
    pub fn refresh(&mut self, now: Timestamp, connections: &[(UserId, String, PresenceStatus)]) {
        for (user, id, status) in connections {
            hold(self.own.entry(*user).or_default(), now, id, *status);
        }
        if now.since(self.forgot_at) >= PRESENCE_LIFE {
            self.forget(now);
        }
    }

    /// Removes a connection, or all of the user's.
    pub fn remove(&mut self, user: UserId, connection: Option<&str>) {
        let left = match (connection, self.own.get_mut(&user)) {
            (Some(id), Some(held)) => {
                held.remove(id);
                held.len()
            }
            _ => 0,
        };
        if left == 0 {
            self.own.remove(&user);
        }
    }

    /// Makes this node read changes from now on.
    pub fn follow(&mut self) {
        self.follows = true;
    }

    /// Returns whether this node can answer for these users while Redis does not.
    pub fn knows(&self, now: Timestamp, users: &[UserId]) -> bool {
        self.follows || users.iter().all(|user| self.own_status(now, *user) > PresenceStatus::Offline)
    }

    /// Notes that Redis does not answer.
    pub fn silent(&mut self, now: Timestamp) {
        self.silent_since.get_or_insert(now);
    }

    /// Returns whether Redis must be sent all connections of this node before its answers are used.
    pub fn is_silent(&self) -> bool {
        self.silent_since.is_some()
    }

    /// Notes that Redis answers again or lost its data: the other nodes need some time to send their connections again.
    pub fn hold(&mut self, now: Timestamp) {
        self.silent_since = None;
        self.hold_until = Some(now + PRESENCE_HOLD);
    }

    /// Returns all connections that this node holds, with their remaining time.
    pub fn held(&mut self, now: Timestamp) -> Vec<(UserId, String, PresenceStatus, i64)> {
        self.forget(now);
        let held = self.own.iter().flat_map(|(user, held)| held.iter().map(move |(id, held)| (*user, id, held)));
        held.map(|(user, id, (status, until))| (user, id.clone(), *status, until.0 - now.0)).collect()
    }

    /// Returns what to report of the changes that Redis returned, and whether Redis lacks connections that this node
    /// holds.
    pub fn learn(&mut self, now: Timestamp, said: Vec<Said>) -> (Vec<UserPresence>, bool) {
        let mut missing = false;
        let mut changed = Vec::new();
        for said in said {
            let user = said.presence.user;
            if said.presence.status == PresenceStatus::Offline && !said.ran_out {
                // They went offline explicitly. Sockets that are still connected restore the presence with their next
                // refresh.
                self.own.remove(&user);
            }
            let is = self.judge(now, said.clone());
            missing |= self.own_status(now, user) > said.presence.status;
            changed.extend(self.tell(is));
        }
        (changed, missing)
    }

    /// Returns what to report while Redis does not answer.
    pub fn alone(&mut self, now: Timestamp) -> Vec<UserPresence> {
        self.silent(now);
        self.forget(now);
        let users: Vec<UserId> = self.own.keys().chain(self.reported.keys()).copied().collect();
        users.into_iter().filter_map(|user| self.tell(self.unknown(now, user))).collect()
    }

    /// After a hold has ended, returns once all users reported as online, so that their status is read again.
    pub fn after_hold(&mut self, now: Timestamp) -> Option<Vec<UserId>> {
        self.hold_until.filter(|until| *until <= now)?;
        self.hold_until = None;
        Some(self.reported.keys().copied().collect())
    }

    /// Returns the answer for a user for whom Redis returned this.
    pub fn judge(&self, now: Timestamp, said: Said) -> UserPresence {
        let mut is = said.presence;
        if is.status == PresenceStatus::Offline && !said.ran_out {
            return is;
        }
        is.status = is.status.max(self.own_status(now, is.user));
        if is.status == PresenceStatus::Offline && self.holds(now) {
            is.status = self.reported_status(is.user);
        }
        is
    }

    /// Returns the answer for a user while Redis does not answer.
    pub fn unknown(&self, now: Timestamp, user: UserId) -> UserPresence {
        let own = self.own_status(now, user);
        let reported = if self.holds(now) { self.reported_status(user) } else { PresenceStatus::Offline };
        let last_seen = match own {
            PresenceStatus::Offline => self.reported.get(&user).and_then(|reported| reported.last_seen),
            _ => Some(now),
        };
        UserPresence { user, status: own.max(reported), last_seen }
    }

    /// Returns how many users are online as far as this node knows, if that is more reliable now than Redis.
    pub fn online(&self, now: Timestamp) -> u64 {
        let reported = if self.holds(now) { self.reported.len() } else { 0 };
        let unreported = self.own.keys().filter(|user| {
            (!self.holds(now) || !self.reported.contains_key(user))
                && self.own_status(now, **user) > PresenceStatus::Offline
        });
        (reported + unreported.count()) as u64
    }

    /// Returns whether users are not declared offline now.
    pub fn holds(&self, now: Timestamp) -> bool {
        let silent = self.silent_since.is_some_and(|since| now < since + PRESENCE_HOLD);
        silent || self.hold_until.is_some_and(|until| now < until)
    }

    fn own_status(&self, now: Timestamp, user: UserId) -> PresenceStatus {
        let held = self.own.get(&user).into_iter().flatten().filter(|(_, (_, until))| *until > now);
        held.map(|(_, (status, _))| *status).max().unwrap_or(PresenceStatus::Offline)
    }

    fn reported_status(&self, user: UserId) -> PresenceStatus {
        self.reported.get(&user).map_or(PresenceStatus::Offline, |reported| reported.status)
    }

    /// Records what is reported; none if it is not a change.
    fn tell(&mut self, is: UserPresence) -> Option<UserPresence> {
        if self.reported_status(is.user) == is.status {
            return None;
        }
        match is.status {
            PresenceStatus::Offline => self.reported.remove(&is.user),
            _ => self.reported.insert(is.user, is.clone()),
        };
        Some(is)
    }

    fn forget(&mut self, now: Timestamp) {
        self.forgot_at = now;
        self.own.retain(|_, held| {
            held.retain(|_, (_, until)| *until > now);
            !held.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use PresenceStatus::{Away, Offline, Online};
    use uuid::Uuid;

    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn said(n: u128, status: PresenceStatus, ran_out: bool) -> Said {
        Said { presence: UserPresence { user: user(n), status, last_seen: Some(START) }, ran_out }
    }

    fn names(changed: Vec<UserPresence>) -> Vec<(UserId, PresenceStatus)> {
        let mut changed: Vec<_> = changed.into_iter().map(|is| (is.user, is.status)).collect();
        changed.sort_unstable();
        changed
    }

    fn here(view: &mut View, now: Timestamp, n: u128, status: PresenceStatus) {
        view.refresh(now, &[(user(n), format!("c{n}"), status)]);
    }

    #[test]
    fn no_user_is_declared_offline_for_45_s_while_redis_is_down() {
        let mut view = View::default();
        here(&mut view, START, 1, Online);
        assert_eq!(view.learn(START, vec![said(1, Online, false), said(2, Away, false)]).0.len(), 2);
        assert!(view.alone(START).is_empty());
        here(&mut view, START, 3, Online);
        assert_eq!(names(view.alone(START)), [(user(3), Online)], "a user who connects here is seen here");
        let last = START + (PRESENCE_HOLD - Duration::from_millis(1));
        here(&mut view, last, 1, Online);
        assert!(view.alone(last).is_empty());
        assert_eq!(view.unknown(last, user(2)).status, Away);
        assert_eq!(view.online(last), 3);
        let end = START + PRESENCE_HOLD;
        assert_eq!(names(view.alone(end)), [(user(2), Offline), (user(3), Offline)], "users that no node knows");
        assert_eq!(view.online(end), 1);
    }

    #[test]
    fn a_redis_that_comes_back_empty_declares_no_user_offline() {
        let mut view = View::default();
        view.learn(START, vec![said(1, Online, false), said(2, Online, false), said(3, Online, false)]);
        view.silent(START);
        let back = START + Duration::from_secs(20);
        view.hold(back);
        assert!(!view.is_silent());
        assert!(view.learn(back, vec![said(1, Offline, true)]).0.is_empty(), "their connections expired meanwhile");
        assert_eq!(view.judge(back, said(1, Offline, true)).status, Online);
        assert_eq!(
            names(view.learn(back, vec![said(3, Offline, false)]).0),
            [(user(3), Offline)],
            "they went offline explicitly"
        );
        assert_eq!(view.after_hold(back), None);
        let mut left = view.after_hold(back + PRESENCE_HOLD).expect("the hold has ended");
        left.sort_unstable();
        assert_eq!(left, [user(1), user(2)]);
        let over = back + PRESENCE_HOLD;
        let news = view.learn(over, vec![said(1, Offline, true), said(2, Online, false)]).0;
        assert_eq!(names(news), [(user(1), Offline)]);
        assert_eq!(view.after_hold(over), None, "returned only once");
    }

    #[test]
    fn users_connected_here_are_online_whatever_redis_lost() {
        let mut view = View::default();
        here(&mut view, START, 1, Online);
        view.learn(START, vec![said(1, Online, false)]);
        let (changed, missing) = view.learn(START, vec![said(1, Offline, true)]);
        assert!(changed.is_empty() && missing, "Redis must be sent them again");
        assert_eq!(view.held(START), [(user(1), "c1".into(), Online, PRESENCE_LIFE.as_millis() as i64)]);
        let (changed, missing) = view.learn(START, vec![said(1, Offline, false)]);
        assert_eq!((names(changed), missing), (vec![(user(1), Offline)], false), "they went offline on another node");
        assert!(view.held(START).is_empty());
    }
}

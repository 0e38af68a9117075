//! What ended on this node before its access tokens expired: sessions and roles, learned from this node's commits to
//! user logs. So it takes effect at once on the node where it happened; other nodes ask the store
//! (`super::session_cache`). Bounded: an entry is removed when no token can name it any more.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::limits::{ACCESS_TOKEN_LIFE, ENDED_SESSIONS, TOKEN_LEEWAY};
use domain::{Actor, Body, LogId, SessionId, Timestamp, UserId, UserRole};
use parking_lot::Mutex;

use crate::clock::Clock;
use crate::log::CommitListener;
use crate::ports::Committed;

/// The `name` of the setting that announces a changed role.
pub const ROLE: &str = "role";

/// Sessions and roles that unexpired tokens claim and that have ended.
pub(super) struct Revocations {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Session(SessionId),
    User(UserId),
}

#[derive(Default)]
struct State {
    /// When a session ended, or when all sessions of a user did.
    over: HashMap<Key, Timestamp>,
    /// Roles given after tokens that claim another one.
    roles: HashMap<UserId, (UserRole, Timestamp)>,
    /// The keys in order of arrival, for forgetting.
    order: VecDeque<(Key, Timestamp)>,
}

impl Revocations {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Revocations { clock, state: Mutex::default() })
    }

    /// Makes the session's tokens invalid from now on.
    pub(super) fn end_session(&self, session: SessionId) {
        self.note(Key::Session(session), |state, now| {
            state.over.insert(Key::Session(session), now);
        });
    }

    fn end_user(&self, user: UserId) {
        self.note(Key::User(user), |state, now| {
            state.over.insert(Key::User(user), now);
        });
    }

    /// Replaces the role that older tokens claim.
    pub(super) fn set_role(&self, user: UserId, role: UserRole) {
        self.note(Key::User(user), |state, now| {
            state.roles.insert(user, (role, now));
        });
    }

    fn note(&self, key: Key, insert: impl FnOnce(&mut State, Timestamp)) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        insert(&mut state, now);
        state.order.push_back((key, now));
        state.forget(now);
    }

    /// Returns the actor with the current role, or `None` if their session has ended.
    pub(super) fn check(&self, actor: Actor) -> Option<Actor> {
        let state = self.state.lock();
        if state.over.is_empty() && state.roles.is_empty() {
            return Some(actor);
        }
        let session = actor.session?;
        // A session's id is a UUIDv7, which shows whether it began before all of them ended.
        let (seconds, nanos) = session.0.get_timestamp().map_or((0, 0), |began| began.to_unix());
        let began = seconds as i64 * 1000 + i64::from(nanos / 1_000_000);
        let all_ended = state.over.get(&Key::User(actor.user)).is_some_and(|at| began <= at.0);
        if all_ended || state.over.contains_key(&Key::Session(session)) {
            return None;
        }
        let role = state.roles.get(&actor.user);
        Some(role.map_or(actor, |(role, _)| Actor { admin: *role == UserRole::Admin, ..actor }))
    }
}

impl State {
    /// Forgets what is older than any token, and the oldest entries if there are too many.
    fn forget(&mut self, now: Timestamp) {
        let life = ACCESS_TOKEN_LIFE + TOKEN_LEEWAY + TOKEN_LEEWAY;
        while let Some((key, at)) = self.order.front().copied() {
            if now.since(at) <= life && self.order.len() <= ENDED_SESSIONS {
                break;
            }
            self.order.pop_front();
            // A later note with the same key stays.
            if self.over.get(&key).is_some_and(|noted| *noted <= at) {
                self.over.remove(&key);
            }
            if let Key::User(user) = key
                && self.roles.get(&user).is_some_and(|(_, noted)| *noted <= at)
            {
                self.roles.remove(&user);
            }
        }
    }
}

impl CommitListener for Revocations {
    fn committed(&self, committed: &Committed) {
        let LogId::User(user) = committed.log else { return };
        for entry in committed.entries.iter() {
            match &entry.body {
                Body::SessionEnded { session: Some(session) } => self.end_session(*session),
                Body::SessionEnded { session: None } => self.end_user(user),
                Body::Setting { name, value } if name == ROLE => {
                    if let Ok(role) = serde_json::from_value(value.clone()) {
                        self.set_role(user, role);
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;

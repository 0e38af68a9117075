//! What the store was session_cache: sessions that go on, and their users' roles. Believed for
//! [`SESSION_BELIEVED`]. Bounded: when there are too many, all are asked for anew.

use std::collections::HashMap;

use crate::limits::{ENDED_SESSIONS, SESSION_BELIEVED};
use domain::{SessionId, Timestamp, UserRole};
use parking_lot::Mutex;

#[derive(Default)]
pub(super) struct SessionCache {
    known: Mutex<HashMap<SessionId, (UserRole, Timestamp)>>,
}

impl SessionCache {
    /// The role of a session's user, if it was asked a moment ago.
    pub(super) fn role(&self, session: SessionId, now: Timestamp) -> Option<UserRole> {
        let known = self.known.lock();
        known.get(&session).filter(|(_, at)| now.since(*at) < SESSION_BELIEVED).map(|(role, _)| *role)
    }

    /// The store said that the session goes on.
    pub(super) fn note(&self, session: SessionId, role: UserRole, now: Timestamp) {
        let mut known = self.known.lock();
        if known.len() >= ENDED_SESSIONS {
            known.clear();
        }
        known.insert(session, (role, now));
    }
}

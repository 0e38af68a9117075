//! Sessions that the store said go on, and their users' roles. Believed for [`SESSION_BELIEVED`]; bounded.

use crate::limits::{ENDED_SESSIONS, SESSION_BELIEVED};
use domain::{SessionId, Timestamp, UserRole};
use quick_cache::sync::Cache;

pub(super) struct SessionCache {
    known: Cache<SessionId, (UserRole, Timestamp)>,
}

impl SessionCache {
    /// Returns an empty cache.
    pub(super) fn new() -> SessionCache {
        SessionCache { known: Cache::new(ENDED_SESSIONS) }
    }

    /// The role of a session's user, if it was asked a moment ago.
    pub(super) fn role(&self, session: SessionId, now: Timestamp) -> Option<UserRole> {
        self.known.get(&session).filter(|(_, at)| now.since(*at) < SESSION_BELIEVED).map(|(role, _)| role)
    }

    /// The store said that the session goes on.
    pub(super) fn note(&self, session: SessionId, role: UserRole, now: Timestamp) {
        self.known.insert(session, (role, now));
    }
}

//! Caches sessions that the store reported as valid, and their users' roles, for [`SESSION_BELIEVED`]. Bounded.

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

    /// Returns the role of a session's user, if it was read recently.
    pub(super) fn role(&self, session: SessionId, now: Timestamp) -> Option<UserRole> {
        self.known.get(&session).filter(|(_, at)| now.since(*at) < SESSION_BELIEVED).map(|(role, _)| role)
    }

    /// Caches that the session is valid.
    pub(super) fn note(&self, session: SessionId, role: UserRole, now: Timestamp) {
        self.known.insert(session, (role, now));
    }
}

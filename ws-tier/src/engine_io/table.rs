//! The sessions of one server, by their ids.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::session::Session;
use super::{App, EngineSettings};

/// All sessions, with the app that they carry messages for.
pub struct Sessions {
    pub(super) settings: EngineSettings,
    pub(super) app: Arc<dyn App>,
    by_sid: Mutex<HashMap<Arc<str>, Arc<Session>>>,
}

impl Sessions {
    /// Returns a server without sessions.
    pub fn new(settings: EngineSettings, app: Arc<dyn App>) -> Arc<Sessions> {
        Arc::new(Sessions { settings, app, by_sid: Mutex::default() })
    }

    /// Returns how many sessions there are.
    pub fn count(&self) -> usize {
        self.by_sid.lock().len()
    }

    pub(super) fn get(&self, sid: &str) -> Option<Arc<Session>> {
        self.by_sid.lock().get(sid).cloned()
    }

    pub(super) fn insert(&self, session: &Arc<Session>) {
        self.by_sid.lock().insert(session.sid.clone(), session.clone());
    }

    pub(super) fn remove(&self, sid: &str) {
        self.by_sid.lock().remove(sid);
    }
}

/// Returns an id that cannot be guessed: whoever knows it can speak for the session.
pub(super) fn new_sid() -> Arc<str> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 15]>()).into()
}

//! Who is who: accounts, guests, sign-in, sessions and the tokens that prove them.
//!
//! Never decides what a signed-in person may do in a room, and knows no header and no cookie.

use std::sync::Arc;

use domain::{Actor, Code, Refusal};

use crate::clock::Clock;
use crate::log::Logs;
use crate::ports::Store;
use crate::related::Directory;

mod ended;
mod keys;
mod settings;
mod tokens;

pub use keys::{InvalidKeys, SigningKeys};
pub use settings::{AuthSettings, InvalidServiceToken, ServiceToken};

use ended::Ended;
use tokens::AccessTokens;

/// Accounts, sessions and tokens.
pub struct Auth {
    store: Store,
    logs: Arc<Logs>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    tokens: AccessTokens,
    ended: Arc<Ended>,
    settings: AuthSettings,
}

impl Auth {
    /// Hears of ended sessions by the logs from now on.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
        keys: SigningKeys,
        settings: AuthSettings,
    ) -> Arc<Self> {
        let ended = Ended::new(clock.clone());
        logs.add_listener(ended.clone());
        Arc::new(Auth { store, logs, directory, clock, tokens: AccessTokens::new(keys), ended, settings })
    }

    /// Whom an access token names. Reads no store: a session that ended is known here once its entry in
    /// the user's own log passed through this node, and else when the token is over.
    pub fn verify(&self, token: &str) -> Result<Actor, Refusal> {
        let actor = self.tokens.verify(token, self.clock.now()).and_then(|actor| self.ended.check(actor));
        actor.ok_or_else(|| Refusal::new(Code::Unauthenticated, "The access token is not valid any more; renew it."))
    }

    /// Whether this is the token of a service that the operator named.
    pub fn verify_service(&self, token: &str) -> Option<Actor> {
        // All are compared, so that the time does not tell which one was close.
        let matches = self.settings.service_tokens.iter().filter(|service| service.is(token)).count();
        (matches > 0).then_some(Actor::SYSTEM)
    }
}

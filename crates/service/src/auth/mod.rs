//! Authentication: accounts, guests, sign-in, sessions and the tokens that prove them.
//!
//! Never decides what a signed-in user may do in a room, and knows no header and no cookie.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use domain::{Code, Refusal};

use crate::clock::Clock;
use crate::ids::Ids;
use crate::limits::SIGN_IN_DEADLINE;
use crate::log::Logs;
use crate::ports::{SharedLimits, Store};
use crate::refusals::RETRY_MS;
use crate::user_cache::UserCache;

mod accounts;
mod attempts;
mod device_marks;
mod first_admin;
mod guest_name;
mod hashing;
mod keys;
mod passwords;
mod profiles;
mod refresh_token;
mod resets;
mod revocations;
mod session_cache;
mod sessions;
mod settings;
mod signed_text;
mod tickets;
mod tokens;
mod user_log;
mod weak_passwords;

pub use accounts::{Accounts, NewNames, Registration};
pub use first_admin::FirstAccount;
pub use guest_name::GuestName;
pub use hashing::Password;
pub use keys::{InvalidKeys, SigningKeys};
pub use passwords::Passwords;
pub use profiles::{ProfilePatch, Profiles, UsersPage};
pub use resets::{ResetToken, Resets};
pub use revocations::ROLE;
pub use sessions::{Device, Sessions, SignedIn};
pub use settings::{AuthSettings, InvalidServiceToken, ServiceToken};
pub use tickets::Tickets;
pub use tokens::{Grant, Tokens};

pub(crate) use profiles::refuse_impersonation;

use attempts::Attempts;
use device_marks::DeviceMarks;
use first_admin::FirstToken;
use hashing::Hasher;
use refresh_token::RefreshTokens;
use revocations::Revocations;
use session_cache::SessionCache;
use user_log::UserLog;

/// The use cases of accounts, sessions and tokens.
pub struct Auth {
    /// The sessions and their access tokens.
    pub sessions: Arc<Sessions>,
    /// The sign-in with a password.
    pub passwords: Arc<Passwords>,
    /// The links with which users choose a new password.
    pub resets: Resets,
    /// The one-time tickets for sockets.
    pub tickets: Tickets,
    /// The tokens, which are verified without the store.
    pub tokens: Arc<Tokens>,
    /// The accounts: how they begin, their roles and bans.
    pub accounts: Accounts,
    /// What users show of themselves.
    pub profiles: Profiles,
}

impl Auth {
    /// Creates the use cases. Attempts to sign in are counted in `shared`, if there is one. Learns of ended sessions from the logs from now on.
    #[expect(clippy::too_many_arguments, reason = "each is one dependency, and they have nothing else in common")]
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        user_cache: Arc<UserCache>,
        clock: Arc<dyn Clock>,
        ids: Ids,
        keys: SigningKeys,
        settings: AuthSettings,
        shared: Option<Arc<dyn SharedLimits>>,
    ) -> Arc<Self> {
        let (users, session_store) = (store.users, store.sessions);
        let user_log = Arc::new(UserLog { logs: logs.clone(), user_cache: user_cache.clone(), ids: ids.clone() });
        let (refresh_tokens, first_token) = (RefreshTokens::new(&keys), FirstToken::new(&keys));
        let marks = DeviceMarks::new(&keys);
        let tokens = Arc::new(Tokens::new(keys, settings.service_tokens.clone()));
        let revocations = Revocations::new(clock.clone());
        logs.add_listener(revocations.clone());

        let sessions = Arc::new(Sessions {
            store: session_store.clone(),
            users: users.clone(),
            user_log: user_log.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            tokens: tokens.clone(),
            refresh_tokens,
            revocations,
            cache: SessionCache::new(),
        });
        let passwords = Arc::new(Passwords {
            users: users.clone(),
            sessions: sessions.clone(),
            hasher: Hasher::new(settings.password_threads, ids.clone()),
            attempts: Attempts::new(settings.sign_ins_per_minute, clock.clone(), shared),
            marks,
            clock: clock.clone(),
            ids: ids.clone(),
        });
        let resets = Resets {
            users: users.clone(),
            store: session_store.clone(),
            sessions: sessions.clone(),
            passwords: passwords.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let tickets =
            Tickets { store: session_store, clock: clock.clone(), ids: ids.clone(), sessions: sessions.clone() };
        let profiles = Profiles {
            users: users.clone(),
            user_log: user_log.clone(),
            passwords: passwords.clone(),
            sessions: sessions.clone(),
        };
        let accounts = Accounts {
            users,
            user_log,
            user_cache,
            clock,
            ids,
            passwords: passwords.clone(),
            sessions: sessions.clone(),
            settings,
            first_token,
            has_account: AtomicBool::new(false),
        };
        Arc::new(Auth { sessions, passwords, resets, tickets, tokens, accounts, profiles })
    }
}

/// Limits the duration of a sign-in: a caller that waits longer has left, and the resources it holds are needed
/// elsewhere.
async fn in_time<T>(sign_in: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let late =
        || Refusal::unavailable("Signing in is taking too long right now. Please try again in a moment.", RETRY_MS);
    tokio::time::timeout(SIGN_IN_DEADLINE, sign_in).await.unwrap_or_else(|_| Err(late()))
}

fn unauthenticated() -> Refusal {
    Refusal::new(Code::Unauthenticated, "The access token has expired or is invalid. Refresh it or sign in again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_does_not_wait_forever() {
        let refusal = in_time(std::future::pending::<Result<(), Refusal>>())
            .await
            .expect_err("a sign-in that never ends times out");
        assert_eq!((refusal.code, refusal.retry_ms), (Code::Unavailable, Some(RETRY_MS)));
        assert_eq!(in_time(async { Ok(7) }).await, Ok(7));
    }
}

//! Authentication: accounts, guests, sign-in, sessions and the tokens that prove them.
//!
//! Never decides what a signed-in user may do in a room, and knows no header and no cookie.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::limits::{ADDRESSES, SIGN_IN_DEADLINE};
use domain::limits::EMAIL_CHARS;
use domain::name::fold;
use domain::{Actor, Change, Code, Intent, LogId, OwnChange, Refusal, User, UserId, UserRole};

use crate::clock::Clock;
use crate::ids;
use crate::log::Logs;
use crate::ports::{SessionRecord, Store};
use crate::refusals::RETRY_MS;
use crate::throttle::Throttle;
use crate::user_cache::UserCache;

mod accounts;
mod keys;
mod passwords;
mod profile;
mod refresh_token;
mod revocations;
mod session_cache;
mod sessions;
mod settings;
mod sign_in;
mod tickets;
mod tokens;

pub use keys::{InvalidKeys, SigningKeys};
pub use passwords::Password;
pub use profile::{ProfilePatch, UsersPage};
pub use settings::{AuthSettings, InvalidServiceToken, ServiceToken};
pub use sign_in::{Device, Registration, SignedIn};
pub use tokens::Grant;

use passwords::Passwords;
use refresh_token::RefreshTokens;
pub use revocations::ROLE;
use revocations::Revocations;
use session_cache::SessionCache;
use tokens::AccessTokens;

/// The use cases of accounts, sessions and tokens.
pub struct Auth {
    store: Store,
    logs: Arc<Logs>,
    user_cache: Arc<UserCache>,
    clock: Arc<dyn Clock>,
    tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
    passwords: Passwords,
    revocations: Arc<Revocations>,
    session_cache: SessionCache,
    by_address: Throttle<IpAddr>,
    by_name: Throttle<String>,
    settings: AuthSettings,
}

impl Auth {
    /// Creates the use cases. Learns of ended sessions from the logs from now on.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        user_cache: Arc<UserCache>,
        clock: Arc<dyn Clock>,
        keys: SigningKeys,
        settings: AuthSettings,
    ) -> Arc<Self> {
        let revocations = Revocations::new(clock.clone());
        logs.add_listener(revocations.clone());
        let (count, minute) = (settings.sign_ins_per_minute, Duration::from_secs(60));
        Arc::new(Auth {
            store,
            logs,
            user_cache,
            clock,
            refresh_tokens: RefreshTokens::new(&keys),
            tokens: AccessTokens::new(keys),
            passwords: Passwords::new(settings.password_threads),
            revocations,
            session_cache: SessionCache::new(),
            by_address: Throttle::new(count, minute, ADDRESSES),
            by_name: Throttle::new(count, minute, ADDRESSES),
            settings,
        })
    }

    /// Returns the actor an access token names. Does not read the store, so a session ended on another node goes
    /// unnoticed.
    pub fn verify(&self, token: &str) -> Result<Actor, Refusal> {
        self.grant(token).map(|grant| grant.actor)
    }

    /// Like [`Auth::verify`], and also asks the store whether the session is still valid and what its user may do,
    /// unless it did so recently ([`crate::limits::SESSION_BELIEVED`]).
    pub async fn verify_now(&self, token: &str) -> Result<Actor, Refusal> {
        let actor = self.verify(token)?;
        let known = actor.session.and_then(|session| self.session_cache.role(session, self.clock.now()));
        match known {
            Some(role) => Ok(Actor { admin: role == UserRole::Admin, ..actor }),
            None => self.as_of_now(actor).await,
        }
    }

    /// Returns the actor with the current state of the store. Returns `unauthenticated` if the session has ended, or
    /// the user is banned or was removed.
    pub async fn as_of_now(&self, actor: Actor) -> Result<Actor, Refusal> {
        let Some(session) = actor.session else { return Ok(actor) };
        let now = self.clock.now();
        let record = self.store.sessions.get(session).await?;
        let goes_on = |of: &SessionRecord| !of.revoked && of.expires_at > now && of.user == actor.user;
        record.filter(goes_on).ok_or_else(unauthenticated)?;
        let user = self.store.users.user(actor.user).await?.map(|record| record.user);
        let role = user.filter(|user| !user.banned).ok_or_else(unauthenticated)?.role;
        self.session_cache.note(session, role, now);
        Ok(Actor { admin: role == UserRole::Admin, ..actor })
    }

    /// Like [`Auth::verify`], with the time when the token expires: for sockets, which outlive it.
    pub fn grant(&self, token: &str) -> Result<Grant, Refusal> {
        let grant = self.tokens.verify(token, self.clock.now()).ok_or_else(unauthenticated)?;
        let actor = self.revocations.check(grant.actor).ok_or_else(unauthenticated)?;
        Ok(Grant { actor, ..grant })
    }

    /// Returns the service actor if this is a token of a service that the operator configured.
    pub fn verify_service(&self, token: &str) -> Option<Actor> {
        // All are compared, so that the time does not reveal which one was close.
        let matches = self.settings.service_tokens.iter().filter(|service| service.is(token)).count();
        (matches > 0).then_some(Actor::SYSTEM)
    }

    /// Appends to the user log, which informs every node and every device.
    async fn announce(&self, user: UserId, change: OwnChange) -> Result<(), Refusal> {
        let intent = Intent::Own(change);
        let change = Change { by: Actor::SYSTEM, id: ids::entry(), seen: None, epoch: None, intent };
        self.logs.submit(LogId::User(user), change).await.map(drop)
    }

    /// Informs the devices of a user, and this node's cache, that their profile changed.
    async fn announce_profile(&self, user: &User) -> Result<(), Refusal> {
        self.user_cache.forget_user(user.id);
        let value = serde_json::json!({
            "name": user.name.as_str(),
            "display_name": user.display_name.as_ref().map(|name| name.as_str()),
            "guest": user.guest,
        });
        self.announce(user.id, OwnChange::Setting { name: "profile".into(), value }).await
    }

    /// Counts a sign-in attempt by its address.
    fn admit_address(&self, from: IpAddr) -> Result<(), Refusal> {
        self.by_address.take(from, Instant::now()).map_err(too_often)
    }

    /// Counts a sign-in attempt by the account it names: many addresses together must not try one account.
    fn admit_name(&self, name: &str) -> Result<(), Refusal> {
        // No account has a longer name, and a key must not be as long as a request body.
        let name: String = name.trim().chars().take(EMAIL_CHARS).collect();
        self.by_name.take(fold(&name), Instant::now()).map_err(too_often)
    }
}

/// Limits the duration of a sign-in: a caller that waits longer has left, and the resources it holds are needed
/// elsewhere.
async fn in_time<T>(sign_in: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let late =
        || Refusal::unavailable("Signing in is taking too long right now. Please try again in a moment.", RETRY_MS);
    tokio::time::timeout(SIGN_IN_DEADLINE, sign_in).await.unwrap_or_else(|_| Err(late()))
}

fn too_often(wait: Duration) -> Refusal {
    let refusal = Refusal::new(Code::RateLimited, "Too many sign-in attempts. Please wait a moment.");
    refusal.retry_in(wait.as_millis() as u64 + 1)
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

//! Sessions: opened by a sign-in, kept by refreshes, ended by the user, by theft or by time. The end is announced in
//! the user log, so that the session's sockets close on every node.
//!
//! Knows which sessions ended on this node ([`Revocations`]), and caches for a short time which ones the store reported
//! as valid ([`SessionCache`]).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::{Actor, Code, OwnChange, Refusal, SessionId, Timestamp, User, UserId, UserRole};

use super::refresh_token::{RefreshToken, RefreshTokens, hash};
use super::revocations::{ROLE, Revocations};
use super::session_cache::SessionCache;
use super::tokens::{Grant, Tokens};
use super::user_log::UserLog;
use super::{in_time, unauthenticated};
use crate::clock::Clock;
use crate::ids::Ids;
use crate::limits::{ACCESS_TOKEN_LIFE, DEVICE_CHARS, SESSION_LIFE, SESSIONS_PER_USER};
use crate::ports::{Rotation, SessionRecord, SessionStore, UserStore};

/// The device from which a user signs in.
#[derive(Debug, Clone)]
pub struct Device {
    /// The device's own name, cut to [`DEVICE_CHARS`]; only for the list of sessions.
    pub name: String,
    /// The device's address, for the rate limit.
    pub address: IpAddr,
    /// The mark that it was given at an earlier sign-in, as it presents it; only for the rate limit.
    pub mark: Option<String>,
}

impl Device {
    /// Creates a device, and keeps the printable part of its name.
    pub fn new(name: &str, address: IpAddr) -> Self {
        let name = name.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS).collect();
        Device { name, address, mark: None }
    }

    /// Returns the device with the mark that it presents.
    pub fn with_mark(self, mark: Option<String>) -> Self {
        Device { mark, ..self }
    }
}

/// The tokens and the user of a successful sign-in.
#[derive(Clone)]
pub struct SignedIn {
    /// The token for calls and sockets.
    pub access_token: String,
    /// How long the access token is valid.
    pub expires_in: Duration,
    /// The token for the next refresh, or `None` if the presented one is not replaced.
    pub refresh_token: Option<String>,
    /// After a sign-in with a password, or a registration: the mark by which the device is known from now on ([`Device::mark`]).
    pub device_mark: Option<String>,
    /// The signed-in user.
    pub user: User,
}

/// The use cases of sessions.
pub struct Sessions {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) users: Arc<dyn UserStore>,
    pub(super) user_log: Arc<UserLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Ids,
    pub(super) tokens: Arc<Tokens>,
    pub(super) refresh_tokens: RefreshTokens,
    pub(super) revocations: Arc<Revocations>,
    pub(super) cache: SessionCache,
}

impl Sessions {
    /// Returns the actor an access token names. Does not read the store, so a session ended on another node goes
    /// unnoticed.
    pub fn verify(&self, token: &str) -> Result<Actor, Refusal> {
        self.grant(token).map(|grant| grant.actor)
    }

    /// Like [`Sessions::verify`], with the time when the token expires: for sockets, which outlive it.
    pub fn grant(&self, token: &str) -> Result<Grant, Refusal> {
        let grant = self.tokens.verify(token, self.clock.now()).ok_or_else(unauthenticated)?;
        let actor = self.revocations.check(grant.actor).ok_or_else(unauthenticated)?;
        Ok(Grant { actor, ..grant })
    }

    /// Like [`Sessions::verify`], and also asks the store whether the session is still valid and what its user may do,
    /// unless it did so recently ([`crate::limits::SESSION_BELIEVED`]).
    pub async fn verify_now(&self, token: &str) -> Result<Actor, Refusal> {
        let actor = self.verify(token)?;
        let known = actor.session.and_then(|session| self.cache.role(session, self.clock.now()));
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
        let user = self.user_of(session, actor.user, now).await?;
        self.cache.note(session, user.role, now);
        Ok(Actor { admin: user.role == UserRole::Admin, ..actor })
    }

    /// Reads the user of a session. Returns `unauthenticated` if the session has ended or is not theirs, or if they are
    /// banned or were removed.
    pub(super) async fn user_of(&self, session: SessionId, user: UserId, now: Timestamp) -> Result<User, Refusal> {
        let record = self.store.get(session).await?;
        let is_valid = |of: &SessionRecord| !of.revoked && of.expires_at > now && of.user == user;
        record.filter(is_valid).ok_or_else(unauthenticated)?;

        let user = self.users.user(user).await?.map(|record| record.user);
        user.filter(|user| !user.banned).ok_or_else(unauthenticated)
    }

    /// Opens a session for a user who signed in.
    pub(super) async fn open(&self, user: User, device: &Device) -> Result<SignedIn, Refusal> {
        let now = self.clock.now();
        let token = self.refresh_tokens.first(self.ids.session(), self.ids.random());
        let text = self.refresh_tokens.text(token);
        let session = SessionRecord {
            id: token.session,
            user: user.id,
            current: hash(&text),
            previous: None,
            previous_expires_at: None,
            rotated_at: now,
            created_at: now,
            expires_at: now + SESSION_LIFE,
            revoked: false,
            signed_out: false,
            device: device.name.clone(),
        };

        let mut open = self.store.list(user.id, now).await?;
        self.store.open(&session).await?;
        // The oldest sessions are ended. More than one only if the limit was lowered.
        open.sort_by_key(|session| session.rotated_at);
        for oldest in open.iter().take((open.len() + 1).saturating_sub(SESSIONS_PER_USER)) {
            self.end_one(user.id, oldest.id, false).await?;
        }
        Ok(self.signed_in(user, token.session, Some(text)))
    }

    /// Issues new tokens for a valid session, after its rights have changed. Replaces the current refresh token, which
    /// leads to the new one until that is presented: the answer may be lost.
    pub(super) async fn restart(&self, user: User, session: SessionId) -> Result<SignedIn, Refusal> {
        let record = self.store.get(session).await?.filter(|record| !record.revoked);
        let record = record.ok_or_else(unauthenticated)?;
        let text = self.refresh_tokens.text(self.refresh_tokens.restarted(session, record.current));
        let now = self.clock.now();
        match self.store.rotate(session, record.current, hash(&text), now, now + SESSION_LIFE).await? {
            Rotation::Rotated(_) => Ok(self.signed_in(user, session, Some(text))),
            // A refresh came in between, so its token stays valid.
            Rotation::Repeated(_) => Ok(self.signed_in(user, session, None)),
            // Two refreshes came in between, which the store takes for a stolen token.
            Rotation::Reused(session) => {
                self.session_over(session.user, session.id).await?;
                Err(unauthenticated())
            }
            Rotation::Unknown => Err(unauthenticated()),
        }
    }

    /// Exchanges a refresh token for an access token and a new refresh token. The previous refresh token works until the
    /// new one has been presented, or until it expires, and returns the same new one (two tabs, a lost answer). After
    /// that it ends the session, since then two parties hold what one was given (RFC 9700 §4.14.2).
    pub async fn refresh(&self, refresh_token: &str) -> Result<SignedIn, Refusal> {
        in_time(self.replace(refresh_token)).await
    }

    async fn replace(&self, refresh_token: &str) -> Result<SignedIn, Refusal> {
        let presented = self.refresh_tokens.read(refresh_token).ok_or_else(signed_out)?;
        let presented_hash = hash(refresh_token);
        let next = self.refresh_tokens.text(self.refresh_tokens.after(presented));
        let now = self.clock.now();
        let rotation =
            self.store.rotate(presented.session, presented_hash, hash(&next), now, now + SESSION_LIFE).await?;

        let (session, next) = match rotation {
            Rotation::Rotated(session) => (session, Some(next)),
            Rotation::Repeated(session) => {
                // `None` only if the key that made the successor is gone. Then the presented one stays in use.
                let successor = self.refresh_tokens.successor(presented, presented_hash, session.current);
                (session, successor)
            }
            Rotation::Reused(session) => {
                tracing::warn!(user = %session.user, session = %session.id, "refresh token reused, ending the session");
                self.session_over(session.user, session.id).await?;
                return Err(signed_out());
            }
            Rotation::Unknown => return Err(self.why_unknown(presented.session, presented_hash).await?),
        };

        let record = self.users.user(session.user).await?.filter(|record| !record.user.banned);
        let record = record.ok_or_else(signed_out)?;
        Ok(self.signed_in(record.user, session.id, next))
    }

    /// Returns the refusal of a refresh token that works no longer. Only a token that was the session's last one learns that
    /// the session was signed out.
    async fn why_unknown(&self, session: SessionId, presented: [u8; 32]) -> Result<Refusal, Refusal> {
        let record = self.store.get(session).await?;
        Ok(match record.is_some_and(|record| record.signed_out && record.is_last(presented)) {
            true => Refusal::new(Code::SignedOut, "You were signed out on this device. Please sign in again."),
            false => signed_out(),
        })
    }

    /// Ends the session of the caller, or else that of the refresh token. Succeeds if there is none.
    pub async fn logout(&self, actor: Option<Actor>, refresh_token: Option<&str>) -> Result<(), Refusal> {
        if let Some(Actor { user, session: Some(session), .. }) = actor {
            return self.end_one(user, session, false).await;
        }
        let Some(text) = refresh_token else { return Ok(()) };
        let Some(RefreshToken { session, .. }) = self.refresh_tokens.read(text) else { return Ok(()) };
        match self.store.get(session).await? {
            // Only the current token or the previous one may end it: an older one may be stolen.
            Some(record) if record.is_last(hash(text)) => self.end_one(record.user, session, false).await,
            _ => Ok(()),
        }
    }

    /// Returns the caller's sessions that have not ended, newest first.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<SessionRecord>, Refusal> {
        let mut sessions = self.store.list(actor.user, self.clock.now()).await?;
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
        Ok(sessions)
    }

    /// Ends one of the caller's sessions. Returns `not_found` for another user's. A repeat announces the end again,
    /// since the first try may have crashed before its sockets were informed.
    pub async fn end(&self, actor: &Actor, session: SessionId) -> Result<(), Refusal> {
        let record = self.store.get(session).await?;
        match record.filter(|record| record.user == actor.user) {
            Some(record) => self.end_one(record.user, record.id, true).await,
            None => Err(Refusal::not_found("There is no such session.")),
        }
    }

    /// Ends all sessions of the user but `kept`.
    pub(super) async fn end_others(&self, user: UserId, kept: Option<SessionId>) -> Result<(), Refusal> {
        for session in self.store.list(user, self.clock.now()).await? {
            if Some(session.id) != kept {
                self.end_one(user, session.id, true).await?;
            }
        }
        Ok(())
    }

    /// Ends all sessions of a user, and closes their sockets.
    pub(crate) async fn end_all(&self, user: UserId) -> Result<(), Refusal> {
        for session in self.store.end_all(user).await? {
            self.revocations.end_session(session);
        }
        self.user_log.announce(user, OwnChange::SessionEnded(None)).await
    }

    /// Replaces the role that the user's tokens claim, here at once and on other nodes through the user log.
    pub(super) async fn set_role(&self, user: UserId, role: UserRole) -> Result<(), Refusal> {
        self.revocations.set_role(user, role);
        let value = serde_json::to_value(role).expect("a role is plain data");
        self.user_log.announce(user, OwnChange::Setting { name: ROLE.into(), value }).await
    }

    /// Removes expired rows. Called by a timer.
    pub async fn sweep(&self) -> Result<u64, Refusal> {
        Ok(self.store.sweep(self.clock.now()).await?)
    }

    /// Ends a session. With `signed_out` it is ended from elsewhere, so that its device forgets what it stored.
    async fn end_one(&self, user: UserId, session: SessionId, signed_out: bool) -> Result<(), Refusal> {
        self.store.end(session, signed_out).await?;
        self.session_over(user, session).await
    }

    /// Announces the end of a session. Also on a repeat, even if the store had ended it already: the first try may have
    /// crashed in between.
    async fn session_over(&self, user: UserId, session: SessionId) -> Result<(), Refusal> {
        self.revocations.end_session(session);
        self.user_log.announce(user, OwnChange::SessionEnded(Some(session))).await
    }

    fn signed_in(&self, user: User, session: SessionId, refresh_token: Option<String>) -> SignedIn {
        let access_token = self.tokens.issue(&user, session, self.clock.now());
        SignedIn { access_token, expires_in: ACCESS_TOKEN_LIFE, refresh_token, device_mark: None, user }
    }
}

fn signed_out() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Your session has ended. Please sign in again.")
}

//! Sessions: opened by a sign-in, kept by refreshes, ended by the user, by theft or by time. The end is announced in
//! the user log, so that the session's sockets close on every node.

use crate::limits::{SESSION_LIFE, SESSIONS_PER_USER};
use domain::{Actor, Code, OwnChange, Refusal, SessionId, User, UserId};

use super::refresh_token::{RefreshToken, hash};
use super::sign_in::{Device, SignedIn};
use super::{Auth, in_time, unauthenticated};
use crate::ids;
use crate::ports::{Rotation, SessionRecord};

impl Auth {
    pub(super) async fn open_session(&self, user: User, device: &Device) -> Result<SignedIn, Refusal> {
        let now = self.clock.now();
        let token = self.refresh_tokens.first(ids::session());
        let text = self.refresh_tokens.text(token);
        let session = SessionRecord {
            id: token.session,
            user: user.id,
            current: hash(&text),
            previous: None,
            rotated_at: now,
            created_at: now,
            expires_at: now + SESSION_LIFE,
            revoked: false,
            device: device.name.clone(),
        };
        let mut open = self.store.sessions.list(user.id, now).await?;
        self.store.sessions.open(&session).await?;
        // The oldest sessions are ended. More than one only if the limit was lowered.
        open.sort_by_key(|session| session.rotated_at);
        for oldest in open.iter().take((open.len() + 1).saturating_sub(SESSIONS_PER_USER)) {
            self.end(user.id, oldest.id).await?;
        }
        Ok(self.signed_in(user, token.session, Some(text)))
    }

    /// Issues new tokens for a valid session, after its rights have changed. Replaces the current refresh token.
    pub(super) async fn restart_session(&self, user: User, session: SessionId) -> Result<SignedIn, Refusal> {
        let record = self.store.sessions.get(session).await?.filter(|record| !record.revoked);
        let record = record.ok_or_else(unauthenticated)?;
        let text = self.refresh_tokens.text(self.refresh_tokens.first(session));
        let now = self.clock.now();
        match self.store.sessions.rotate(session, record.current, hash(&text), now, now + SESSION_LIFE).await? {
            Rotation::Rotated(_) => Ok(self.signed_in(user, session, Some(text))),
            // A refresh came in between, so its token stays valid.
            _ => Ok(self.signed_in(user, session, None)),
        }
    }

    /// Exchanges a refresh token for an access token and a new refresh token. The previous refresh token works for
    /// [`crate::limits::REFRESH_GRACE`] (two tabs, a lost answer) and returns the current one again. Later it ends the
    /// session, since then two parties hold what one was given (RFC 9700 §4.14.2).
    pub async fn refresh(&self, refresh_token: &str) -> Result<SignedIn, Refusal> {
        in_time(self.replace(refresh_token)).await
    }

    async fn replace(&self, refresh_token: &str) -> Result<SignedIn, Refusal> {
        let presented = self.refresh_tokens.read(refresh_token).ok_or_else(signed_out)?;
        let next = self.refresh_tokens.text(self.refresh_tokens.after(presented));
        let now = self.clock.now();
        let sessions = &self.store.sessions;
        let rotation =
            sessions.rotate(presented.session, hash(refresh_token), hash(&next), now, now + SESSION_LIFE).await?;
        let (session, next) = match rotation {
            Rotation::Rotated(session) => (session, Some(next)),
            Rotation::Grace(session) if session.current == hash(&next) => (session, Some(next)),
            Rotation::Grace(session) => (session, None),
            Rotation::Reused(session) => {
                tracing::warn!(user = %session.user, session = %session.id, "refresh token reused, ending the session");
                self.session_over(session.user, session.id).await?;
                return Err(signed_out());
            }
            Rotation::Unknown => return Err(signed_out()),
        };
        let record = self.store.users.user(session.user).await?.filter(|record| !record.user.banned);
        let record = record.ok_or_else(signed_out)?;
        Ok(self.signed_in(record.user, session.id, next))
    }

    /// Ends the session of the caller, or else that of the refresh token. Succeeds if there is none.
    pub async fn logout(&self, actor: Option<Actor>, refresh_token: Option<&str>) -> Result<(), Refusal> {
        if let Some(Actor { user, session: Some(session), .. }) = actor {
            return self.end(user, session).await;
        }
        let Some(text) = refresh_token else { return Ok(()) };
        let Some(RefreshToken { session, .. }) = self.refresh_tokens.read(text) else { return Ok(()) };
        match self.store.sessions.get(session).await? {
            // Only the current token or the previous one may end it: an older one may be stolen.
            Some(record) if record.current == hash(text) || record.previous == Some(hash(text)) => {
                self.end(record.user, session).await
            }
            _ => Ok(()),
        }
    }

    /// Returns the caller's sessions that have not ended, newest first.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<SessionRecord>, Refusal> {
        let mut sessions = self.store.sessions.list(actor.user, self.clock.now()).await?;
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
        Ok(sessions)
    }

    /// Ends one of the caller's sessions. Returns `not_found` for another user's. A repeat announces the end again,
    /// since the first try may have crashed before its sockets were informed.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Refusal> {
        let record = self.store.sessions.get(session).await?;
        match record.filter(|record| record.user == actor.user) {
            Some(record) => self.end(record.user, record.id).await,
            None => Err(Refusal::not_found("There is no such session.")),
        }
    }

    /// Ends all sessions of the user but `kept`.
    pub(super) async fn end_others(&self, user: UserId, kept: Option<SessionId>) -> Result<(), Refusal> {
        for session in self.store.sessions.list(user, self.clock.now()).await? {
            if Some(session.id) != kept {
                self.end(user, session.id).await?;
            }
        }
        Ok(())
    }

    /// Removes expired rows. Called by a timer.
    pub async fn sweep(&self) -> Result<u64, Refusal> {
        Ok(self.store.sessions.sweep(self.clock.now()).await?)
    }

    async fn end(&self, user: UserId, session: SessionId) -> Result<(), Refusal> {
        self.store.sessions.end(session).await?;
        self.session_over(user, session).await
    }

    /// Announces the end of a session. Also on a repeat, even if the store had ended it already: the first try may have
    /// crashed in between.
    async fn session_over(&self, user: UserId, session: SessionId) -> Result<(), Refusal> {
        self.revocations.end_session(session);
        self.announce(user, OwnChange::SessionEnded(Some(session))).await
    }
}

fn signed_out() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Your session has ended. Please sign in again.")
}

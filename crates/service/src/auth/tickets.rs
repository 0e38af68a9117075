//! One-time tickets: a browser's way to open a socket without a token in a URL.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Actor, Refusal, UserRole};

use super::refresh_token::hash;
use super::sessions::Sessions;
use super::tokens::Grant;
use super::unauthenticated;
use crate::clock::Clock;
use crate::ids::Ids;
use crate::limits::{ACCESS_TOKEN_LIFE, TICKET_LIFE};
use crate::ports::{SessionStore, Ticket};

/// The use cases of tickets.
pub struct Tickets {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Ids,
    pub(super) sessions: Arc<Sessions>,
}

impl Tickets {
    /// Issues a ticket for the caller's session, valid for [`TICKET_LIFE`], once.
    pub async fn issue(&self, actor: &Actor) -> Result<String, Refusal> {
        let session = actor.session.ok_or_else(unauthenticated)?;
        let text = URL_SAFE_NO_PAD.encode(self.ids.random::<32>());
        let expires_at = self.clock.now() + TICKET_LIFE;
        self.store.put_ticket(&Ticket { hash: hash(&text), session, user: actor.user, expires_at }).await?;
        Ok(text)
    }

    /// Issues a token of the caller's session for a client of the older contract, valid for [`ACCESS_TOKEN_LIFE`].
    pub fn issue_compat_token(&self, actor: &Actor) -> Result<String, Refusal> {
        let session = actor.session.ok_or_else(unauthenticated)?;
        Ok(self.sessions.tokens.issue_for_compat(*actor, session, self.clock.now()))
    }

    /// Returns what a ticket grants, and uses it up in any case. The session must still be valid.
    pub async fn take(&self, ticket: &str) -> Result<Grant, Refusal> {
        let now = self.clock.now();
        let ticket = self.store.take_ticket(hash(ticket), now).await?.ok_or_else(unauthenticated)?;
        let user = self.sessions.user_of(ticket.session, ticket.user, now).await?;
        let actor = Actor {
            user: user.id,
            session: Some(ticket.session),
            admin: user.role == UserRole::Admin,
            guest: user.guest,
        };
        Ok(Grant { actor, expires_at: now + ACCESS_TOKEN_LIFE })
    }
}

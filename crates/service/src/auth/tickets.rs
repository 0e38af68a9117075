//! One-time tickets: a browser's way to open a socket without a token in a URL.

use crate::limits::{ACCESS_TOKEN_LIFE, TICKET_LIFE};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Actor, Refusal, UserRole};

use super::refresh_token::hash;
use super::{Auth, Grant, unauthenticated};
use crate::ids;
use crate::ports::Ticket;

impl Auth {
    /// Issues a ticket for the caller's session, valid for [`TICKET_LIFE`], once.
    pub async fn ticket(&self, actor: &Actor) -> Result<String, Refusal> {
        let session = actor.session.ok_or_else(unauthenticated)?;
        let text = URL_SAFE_NO_PAD.encode(ids::random::<32>());
        let expires_at = self.clock.now() + TICKET_LIFE;
        self.store.sessions.put_ticket(&Ticket { hash: hash(&text), session, user: actor.user, expires_at }).await?;
        Ok(text)
    }

    /// Returns what a ticket grants, and uses it up in any case. The session must still be valid.
    pub async fn take_ticket(&self, ticket: &str) -> Result<Grant, Refusal> {
        let now = self.clock.now();
        let ticket = self.store.sessions.take_ticket(hash(ticket), now).await?.ok_or_else(unauthenticated)?;
        let session = self.store.sessions.get(ticket.session).await?;
        let open = session.is_some_and(|session| !session.revoked && session.expires_at > now);
        let user = self.store.users.user(ticket.user).await?.map(|record| record.user);
        let user = user.filter(|user| open && !user.banned).ok_or_else(unauthenticated)?;
        let actor = Actor {
            user: user.id,
            session: Some(ticket.session),
            admin: user.role == UserRole::Admin,
            guest: user.guest,
        };
        Ok(Grant { actor, expires_at: now + ACCESS_TOKEN_LIFE })
    }
}

//! Links with which a user chooses a new password: made by an admin or an operator, used once, and void after
//! [`RESET_LIFE`] or when the password has changed in any other way.
//!
//! A link's token is only in the link. The store holds a hash of it together with the hash of the current password.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Refusal, SessionId, Timestamp, UserId};
use uuid::Uuid;

use super::hashing::Password;
use super::in_time;
use super::passwords::{Passwords, has_account};
use super::refresh_token::hash;
use super::sessions::{Device, Sessions, SignedIn};
use crate::clock::Clock;
use crate::ids::Ids;
use crate::limits::{RESET_LIFE, RESET_TOKEN_BYTES};
use crate::ports::{SessionStore, Ticket, UserRecord, UserStore};

/// The token of a link.
#[derive(Clone, PartialEq, Eq)]
pub struct ResetToken {
    /// The token. Its link is `<address of the page>/reset#<token>`: browsers send no server what follows the `#`.
    pub text: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The use cases of the links.
pub struct Resets {
    pub(super) users: Arc<dyn UserStore>,
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) passwords: Arc<Passwords>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Ids,
}

impl Resets {
    /// Makes a link's token for a user who has an account. Does not end sessions, and the old password works until the
    /// link is used.
    pub(crate) async fn issue(&self, user: UserId) -> Result<ResetToken, Refusal> {
        let record = self.users.user(user).await?.ok_or_else(|| Refusal::not_found("There is no such user."))?;
        has_account(&record)?;
        let text = format!("{}.{}", user.0.simple(), URL_SAFE_NO_PAD.encode(self.ids.random::<32>()));
        let expires_at = self.clock.now() + RESET_LIFE;
        self.store.put_ticket(&ticket(&record, &text, expires_at)).await?;
        Ok(ResetToken { text, expires_at })
    }

    /// Sets the new password of the user whose link this is, ends all their sessions, and signs them in.
    pub async fn redeem(&self, token: &str, password: Password, device: &Device) -> Result<SignedIn, Refusal> {
        in_time(self.use_up(token, password, device)).await
    }

    async fn use_up(&self, token: &str, password: Password, device: &Device) -> Result<SignedIn, Refusal> {
        self.passwords.attempts.admit_address(device.address).await?;
        let user = user_of(token).ok_or_else(void)?;
        let record = self.users.user(user).await?.filter(|record| !record.user.banned).ok_or_else(void)?;
        self.passwords.check_new(&record, &password)?;
        let presented = ticket(&record, token, self.clock.now()).hash;
        let taken = self.store.take_ticket(presented, self.clock.now()).await?.ok_or_else(void)?;

        // The link is used up now. If the password cannot be stored, it works again.
        if let Err(refusal) = self.passwords.replace(&record, password).await {
            self.store.put_ticket(&taken).await?;
            return Err(refusal);
        }
        self.sessions.end_others(user, None).await?;
        let signed_in = self.sessions.open(record.user, device).await?;
        Ok(self.passwords.marked(signed_in, device))
    }
}

/// Returns the user that a token names, if it has the form of one.
fn user_of(token: &str) -> Option<UserId> {
    let (user, _) = token.split_once('.').filter(|_| token.len() <= RESET_TOKEN_BYTES)?;
    Uuid::try_parse(user).ok().map(UserId)
}

/// Returns what the store holds of a link. Its hash is another one once the password has changed.
fn ticket(of: &UserRecord, token: &str, expires_at: Timestamp) -> Ticket {
    let current = of.password_hash.as_deref().unwrap_or_default();
    let text = format!("password reset\n{token}\n{current}");
    Ticket { hash: hash(&text), session: SessionId(Uuid::nil()), user: of.user.id, expires_at }
}

fn void() -> Refusal {
    Refusal::forbidden("This link has expired or has been used. Ask an admin of this server for a new one.")
}

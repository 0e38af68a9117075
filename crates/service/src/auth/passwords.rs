//! Sign-in with a password, and the change of one. Every guess is counted before a password is hashed.

use std::sync::Arc;

use domain::name::lookup_key;
use domain::{Code, Email, Refusal};

use super::attempts::Attempts;
use super::hashing::{Hasher, Password};
use super::in_time;
use super::sessions::{Device, Sessions, SignedIn};
use crate::ports::{StoreResult, UserRecord, UserStore};

/// The use cases of passwords.
pub struct Passwords {
    pub(super) users: Arc<dyn UserStore>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) hasher: Hasher,
    pub(super) attempts: Attempts,
}

impl Passwords {
    /// Signs in by name or address. A wrong password, an unknown name, a guest and a banned user get the same answer,
    /// in the same time.
    pub async fn login(&self, name: &str, password: String, device: &Device) -> Result<SignedIn, Refusal> {
        in_time(self.check_password(name, password, device)).await
    }

    async fn check_password(&self, name: &str, password: String, device: &Device) -> Result<SignedIn, Refusal> {
        self.attempts.admit_address(device.address)?;
        self.attempts.admit_name(name)?;
        let found = self.find(name).await?;
        if let Some(record) = &found {
            // Counted by id, whichever of their names was used, and however it was written.
            self.attempts.admit_name(&record.user.id.to_string())?;
        }

        let hash = found.as_ref().and_then(|record| record.password_hash.clone());
        let good = self.hasher.verify(password, hash).await?;
        match found {
            Some(record) if good && !record.user.banned => self.open_checked(record, device).await,
            _ => Err(wrong()),
        }
    }

    /// Opens a session for a user who gave the right password, unless they were banned or the password was changed
    /// while it was checked: that takes long, and what ended all sessions meanwhile did not know of this one.
    async fn open_checked(&self, shown: UserRecord, device: &Device) -> Result<SignedIn, Refusal> {
        let signed_in = self.sessions.open(shown.user, device).await?;
        let now = self.users.user(signed_in.user.id).await?;
        if now.is_some_and(|now| !now.user.banned && now.password_hash == shown.password_hash) {
            return Ok(signed_in);
        }
        // If its token is not valid any more, the session has been ended already.
        if let Ok(actor) = self.sessions.verify(&signed_in.access_token) {
            self.sessions.logout(Some(actor), None).await?;
        }
        Err(wrong())
    }

    async fn find(&self, name: &str) -> StoreResult<Option<UserRecord>> {
        // Neither an address nor a handle: the store need not be asked.
        if let Ok(email) = Email::parse(name) {
            return self.users.user_by_email(email.as_str()).await;
        }
        match lookup_key(name) {
            Some(key) => self.users.user_by_name(&key).await,
            None => Ok(None),
        }
    }

    /// Returns the hash of a new password, if the current one is right. Guesses are limited like those at sign-in: a
    /// stolen access token must not be a way to try passwords.
    pub(super) async fn changed(&self, of: &UserRecord, new: Password, old: String) -> Result<String, Refusal> {
        self.attempts.admit_name(of.user.name.as_str())?;
        if !self.hasher.verify(old, of.password_hash.clone()).await? {
            return Err(Refusal::forbidden("The current password is wrong."));
        }
        self.hasher.hash(new).await
    }
}

fn wrong() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Wrong name or password.")
}

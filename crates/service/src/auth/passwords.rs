//! Sign-in with a password, and the change of one. Every guess is counted before a password is hashed.

use std::sync::Arc;

use domain::name::{UserName, lookup_key};
use domain::{Code, Email, Refusal};

use super::attempts::Attempts;
use super::device_marks::{DeviceMark, DeviceMarks};
use super::hashing::{Hasher, Password};
use super::in_time;
use super::sessions::{Device, Sessions, SignedIn};
use super::weak_passwords::refuse_weak;
use crate::clock::Clock;
use crate::ids::Ids;
use crate::ports::{StoreResult, UserRecord, UserStore};

/// The use cases of passwords.
pub struct Passwords {
    pub(super) users: Arc<dyn UserStore>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) hasher: Hasher,
    pub(super) attempts: Attempts,
    pub(super) marks: DeviceMarks,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Ids,
}

impl Passwords {
    /// Signs in by name (or by address, if the account is that old). A wrong password, an unknown name, a guest and a banned
    /// user get the same answer, in the same time.
    pub async fn login(&self, name: &str, password: String, device: &Device) -> Result<SignedIn, Refusal> {
        in_time(self.check_password(name, password, device)).await
    }

    async fn check_password(&self, name: &str, password: String, device: &Device) -> Result<SignedIn, Refusal> {
        let mark = self.presented_mark(device);
        if mark.is_none() {
            self.attempts.admit_address(device.address).await?;
        }
        let found = self.find(name).await?;
        let account = found.as_ref().map(|record| record.user.id);

        // What a known device does is counted by itself, so that no stranger can use it up.
        let known = match mark.filter(|mark| Some(mark.user) == account) {
            Some(mark) => self.attempts.admit_device(&mark).await,
            None => None,
        };
        let guess = match (known, account) {
            (Some(guess), Some(account)) => match self.attempts.admit_check(account).await {
                Ok(()) => guess,
                Err(refusal) => {
                    // Nothing is compared.
                    guess.was_right().await;
                    return Err(refusal);
                }
            },
            _ => {
                if mark.is_some() {
                    self.attempts.admit_address(device.address).await?;
                }
                self.attempts.admit_guess(name, account, device.address).await?
            }
        };

        let hash = found.as_ref().and_then(|record| record.password_hash.clone());
        let good = self.hasher.verify(password, hash).await;
        // A wrong password counts, and one whose check did not end in time.
        if good.as_ref().map_or(true, |good| *good && found.as_ref().is_some_and(|record| !record.user.banned)) {
            guess.was_right().await;
        }
        match found {
            Some(record) if good? && !record.user.banned => self.open_checked(record, device).await,
            _ => Err(wrong()),
        }
    }

    /// Returns the mark that the device presents, if it is valid, whomever it is for.
    fn presented_mark(&self, device: &Device) -> Option<DeviceMark> {
        self.marks.read(device.mark.as_deref()?, self.clock.now())
    }

    /// Returns the sign-in with the mark by which the device is known to the account from now on. A device keeps the one
    /// that it has.
    pub(super) fn marked(&self, signed_in: SignedIn, device: &Device) -> SignedIn {
        let user = signed_in.user.id;
        let kept = self.presented_mark(device).filter(|mark| mark.user == user);
        let mark = kept.unwrap_or_else(|| DeviceMark::new(user, self.ids.random()));
        SignedIn { device_mark: Some(self.marks.text(mark, self.clock.now())), ..signed_in }
    }

    /// Returns the hash of a new password. Refuses one that is easy to guess.
    pub(super) async fn hash_new(
        &self,
        new: Password,
        name: &UserName,
        email: Option<&Email>,
    ) -> Result<String, Refusal> {
        refuse_weak(&new, name, email)?;
        self.hasher.hash(new).await
    }

    /// Refuses a new password of an account that is easy to guess.
    pub(super) fn check_new(&self, of: &UserRecord, new: &Password) -> Result<(), Refusal> {
        let email = of.contact().and_then(|contact| Email::parse(contact).ok());
        refuse_weak(new, &of.user.name, email.as_ref())
    }

    /// Replaces the password of an account. The error says what to do if it is easy to guess, or if there is no account.
    pub(super) async fn replace(&self, of: &UserRecord, new: Password) -> Result<(), Refusal> {
        has_account(of)?;
        let email = of.contact().and_then(|contact| Email::parse(contact).ok());
        let hash = self.hash_new(new, &of.user.name, email.as_ref()).await?;
        Ok(self.users.set_password(of.user.id, &hash).await?)
    }

    /// Opens a session for a user who gave the right password, unless they were banned or the password was changed
    /// while it was checked: that takes long, and what ended all sessions meanwhile did not know of this one.
    async fn open_checked(&self, shown: UserRecord, device: &Device) -> Result<SignedIn, Refusal> {
        let signed_in = self.sessions.open(shown.user, device).await?;
        let now = self.users.user(signed_in.user.id).await?;
        if now.is_some_and(|now| !now.user.banned && now.password_hash == shown.password_hash) {
            return Ok(self.marked(signed_in, device));
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

    /// Refuses a user who does not know the account's password. Guesses are limited like those at sign-in: a stolen access
    /// token must not be a way to try passwords.
    pub(super) async fn confirm(&self, of: &UserRecord, password: String) -> Result<(), Refusal> {
        self.attempts.admit_check(of.user.id).await?;
        let guess = self.attempts.admit_signed_in(of.user.id).await?;
        let good = self.hasher.verify(password, of.password_hash.clone()).await;
        if good != Ok(false) {
            guess.was_right().await;
        }
        if good? { Ok(()) } else { Err(Refusal::forbidden("The current password is wrong.")) }
    }
}

/// Refuses a user who has no account that a password could belong to.
pub(super) fn has_account(of: &UserRecord) -> Result<(), Refusal> {
    if of.user.guest || of.user.deleted {
        return Err(Refusal::bad_request("A guest has no account, and so no password."));
    }
    Ok(())
}

fn wrong() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Wrong name or password.")
}

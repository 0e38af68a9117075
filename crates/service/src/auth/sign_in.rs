//! The ways to sign in: a new account, a password, a guest's name.

use std::net::IpAddr;
use std::time::Duration;

use crate::limits::{ACCESS_TOKEN_LIFE, DEVICE_CHARS};
use domain::limits::USER_NAME_CHARS;
use domain::name::{UserName, lookup_key};
use domain::{Actor, Code, Email, Refusal, User, UserRole};

use super::{Auth, Password, in_time};
use crate::ids;
use crate::ports::{NewUser, StoreError, StoreResult, UserRecord};

/// Letters and digits of a guest's suffix: none that looks like another.
const SUFFIX_LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Characters of the suffix, after a hyphen.
const SUFFIX_CHARS: usize = 4;
/// Suffixes that are tried before a guest has to choose another name.
const SUFFIX_TRIES: usize = 8;

/// The device from which a user signs in.
#[derive(Debug, Clone)]
pub struct Device {
    /// The device's own name, cut to [`DEVICE_CHARS`]; only for the list of sessions.
    pub name: String,
    /// The device's address, for the rate limit.
    pub address: IpAddr,
}

impl Device {
    /// Creates a device, and keeps the printable part of its name.
    pub fn new(name: &str, address: IpAddr) -> Self {
        let name = name.chars().filter(|c| !c.is_control()).take(DEVICE_CHARS).collect();
        Device { name, address }
    }
}

/// The data of a new account.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The handle.
    pub name: UserName,
    /// The password.
    pub password: Password,
    /// The e-mail address, for sign-in by address.
    pub email: Option<Email>,
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
    /// The signed-in user.
    pub user: User,
}

impl Auth {
    /// Creates an account. A guest who registers keeps the user id and the session. The first account of an
    /// installation becomes admin. Returns `conflict` if the name or the address is taken.
    pub async fn register(
        &self,
        guest: Option<Actor>,
        registration: Registration,
        device: &Device,
    ) -> Result<SignedIn, Refusal> {
        in_time(self.make_account(guest, registration, device)).await
    }

    async fn make_account(
        &self,
        guest: Option<Actor>,
        registration: Registration,
        device: &Device,
    ) -> Result<SignedIn, Refusal> {
        self.admit_address(device.address)?;
        if !self.settings.registration {
            return Err(Refusal::forbidden("Registration is closed. Ask an admin to create an account for you."));
        }
        if guest.is_some_and(|actor| !actor.guest) {
            return Err(Refusal::new(Code::Conflict, "You already have an account. Sign out to create another one."));
        }
        let Registration { name, password, email } = registration;
        // Checked before the password is hashed, although the store decides in any case.
        let taken = self.store.users.user_by_name(&name.folded()).await?.map(|record| record.user.id);
        if taken.is_some() && taken != guest.map(|guest| guest.user) {
            return Err(StoreError::Taken("name").into());
        }
        let password_hash = self.passwords.hash(password).await?;
        let Some(guest) = guest else {
            let new = NewUser {
                user: self.new_user(name, false),
                email: email.map(|email| email.to_string()),
                password_hash: Some(password_hash),
            };
            let user = self.store.users.register(&new).await?;
            return self.open_session(user, device).await;
        };
        let email = email.as_ref().map(Email::as_str);
        let user = self.store.users.upgrade_guest(guest.user, &name, email, &password_hash).await?;
        let session = guest.session.ok_or_else(super::unauthenticated)?;
        let signed_in = self.restart_session(user, session).await?;
        self.announce_profile(&signed_in.user).await?;
        Ok(signed_in)
    }

    /// Signs in by name or address. A wrong password, an unknown name, a guest and a banned user get the same answer,
    /// in the same time.
    pub async fn login(&self, name: &str, password: String, device: &Device) -> Result<SignedIn, Refusal> {
        in_time(self.check_password(name, password, device)).await
    }

    async fn check_password(&self, name: &str, password: String, device: &Device) -> Result<SignedIn, Refusal> {
        self.admit_address(device.address)?;
        self.admit_name(name)?;
        let found = self.find(name).await?;
        if let Some(record) = &found {
            // Counted by id, whichever of their names was used, and however it was written.
            self.admit_name(&record.user.id.to_string())?;
        }
        let hash = found.as_ref().and_then(|record| record.password_hash.clone());
        let good = self.passwords.verify(password, hash).await?;
        match found {
            Some(record) if good && !record.user.banned => self.open_checked(record, device).await,
            _ => Err(wrong()),
        }
    }

    /// Opens a session for a user who gave the right password, unless they were banned or the password was changed
    /// while it was checked: that takes long, and what ended all sessions meanwhile did not know of this one.
    async fn open_checked(&self, shown: UserRecord, device: &Device) -> Result<SignedIn, Refusal> {
        let signed_in = self.open_session(shown.user, device).await?;
        let now = self.store.users.user(signed_in.user.id).await?;
        if now.is_some_and(|now| !now.user.banned && now.password_hash == shown.password_hash) {
            return Ok(signed_in);
        }
        // If its token is not valid any more, the session has been ended already.
        if let Ok(actor) = self.verify(&signed_in.access_token) {
            self.logout(Some(actor), None).await?;
        }
        Err(wrong())
    }

    async fn find(&self, name: &str) -> StoreResult<Option<UserRecord>> {
        // Neither an address nor a handle: the store need not be asked.
        if let Ok(email) = Email::parse(name) {
            return self.store.users.user_by_email(email.as_str()).await;
        }
        match lookup_key(name) {
            Some(key) => self.store.users.user_by_name(&key).await,
            None => Ok(None),
        }
    }

    /// Signs in a guest: the requested name with a suffix, no password.
    pub async fn guest(&self, name: &UserName, device: &Device) -> Result<SignedIn, Refusal> {
        in_time(self.make_guest(name, device)).await
    }

    async fn make_guest(&self, name: &UserName, device: &Device) -> Result<SignedIn, Refusal> {
        self.admit_address(device.address)?;
        if !self.settings.guests {
            return Err(Refusal::forbidden("Guests are not allowed on this server. Please register or sign in."));
        }
        for _ in 0..SUFFIX_TRIES {
            let new = NewUser { user: self.new_user(with_suffix(name)?, true), email: None, password_hash: None };
            match self.store.users.create_user(&new).await {
                Ok(()) => return self.open_session(new.user, device).await,
                Err(StoreError::Taken(_)) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::new(Code::Conflict, "Too many guests are using this name. Choose another one."))
    }

    pub(super) fn new_user(&self, name: UserName, guest: bool) -> User {
        User {
            id: ids::user(),
            name,
            display_name: None,
            guest,
            role: UserRole::User,
            banned: false,
            created_at: self.clock.now(),
        }
    }

    pub(super) fn signed_in(&self, user: User, session: domain::SessionId, refresh_token: Option<String>) -> SignedIn {
        let access_token = self.tokens.issue(&user, session, self.clock.now());
        SignedIn { access_token, expires_in: ACCESS_TOKEN_LIFE, refresh_token, user }
    }
}

fn wrong() -> Refusal {
    Refusal::new(Code::Unauthenticated, "Wrong name or password.")
}

/// Appends a suffix: `ada` becomes `ada-7f3k`.
fn with_suffix(name: &UserName) -> Result<UserName, Refusal> {
    let room = USER_NAME_CHARS - SUFFIX_CHARS - 1;
    let base: String = name.as_str().chars().take(room).collect();
    let base = base.trim_end_matches(|c: char| !c.is_alphanumeric());
    let letter = |byte: u8| char::from(SUFFIX_LETTERS[usize::from(byte) % SUFFIX_LETTERS.len()]);
    let suffix: String = ids::random::<SUFFIX_CHARS>().into_iter().map(letter).collect();
    Ok(UserName::parse(&format!("{base}-{suffix}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_fits_the_longest_name() {
        for name in ["ada", &"x".repeat(32), &format!("{}...y", "x".repeat(26))] {
            let guest = with_suffix(&UserName::parse(name).expect("valid")).expect("valid");
            assert!(guest.as_str().chars().count() <= USER_NAME_CHARS && guest.as_str().contains('-'), "{guest}");
        }
    }
}

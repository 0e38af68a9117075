//! Accounts: registration, guests, and what an operator or admin does to them. Checks the rights of callers from the
//! network; the command line is trusted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::name::{DisplayName, UserName};
use domain::{Actor, Code, Email, Refusal, User, UserId, UserRole};

use super::first_admin::{FirstAccount, FirstToken};
use super::guest_name::GuestName;
use super::hashing::Password;
use super::passwords::Passwords;
use super::profiles::refuse_impersonation;
use super::sessions::{Device, Sessions, SignedIn};
use super::user_log::UserLog;
use super::{AuthSettings, in_time, unauthenticated};
use crate::clock::Clock;
use crate::ids::Ids;
use crate::ports::{NewUser, StoreError, UserStore};
use crate::user_cache::UserCache;

/// Suffixes that are tried before a guest has to choose another name.
const SUFFIX_TRIES: usize = 8;

/// The data of a new account.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The handle.
    pub name: UserName,
    /// The password.
    pub password: Password,
    /// The e-mail address, as a contact.
    pub email: Option<Email>,
    /// The name shown to others, besides the handle.
    pub display_name: Option<DisplayName>,
}

/// The new names of a user. Fields that are `None` stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewNames {
    /// The handle.
    pub name: Option<UserName>,
    /// The display name, or `Some(None)` to remove it.
    pub display_name: Option<Option<DisplayName>>,
}

/// The use cases of accounts.
pub struct Accounts {
    pub(super) users: Arc<dyn UserStore>,
    pub(super) user_log: Arc<UserLog>,
    pub(super) user_cache: Arc<UserCache>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Ids,
    pub(super) passwords: Arc<Passwords>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) settings: AuthSettings,
    pub(super) first_token: FirstToken,
    /// Whether an account was seen: the last admin is never removed.
    pub(super) has_account: AtomicBool,
}

impl Accounts {
    /// Creates an account and signs it in. A guest who registers keeps the user id and the session. The first account
    /// of an installation becomes admin, and is refused unless `first` proves that the caller is the operator. Returns
    /// `conflict` if the name is taken.
    pub async fn register(
        &self,
        guest: Option<Actor>,
        registration: Registration,
        device: &Device,
        first: &FirstAccount,
    ) -> Result<SignedIn, Refusal> {
        in_time(self.make_account(guest, registration, device, first)).await
    }

    /// Returns the token that the first account needs, unless there is an account already.
    pub async fn first_token(&self) -> Result<Option<&str>, StoreError> {
        if !self.has_account.load(Ordering::Relaxed) && self.users.has_person().await? {
            self.has_account.store(true, Ordering::Relaxed);
        }
        Ok((!self.has_account.load(Ordering::Relaxed)).then(|| self.first_token.text()))
    }

    async fn make_account(
        &self,
        guest: Option<Actor>,
        registration: Registration,
        device: &Device,
        first: &FirstAccount,
    ) -> Result<SignedIn, Refusal> {
        self.passwords.attempts.admit_address(device.address).await?;
        if !self.settings.registration {
            return Err(Refusal::forbidden("Registration is closed. Ask an admin to create an account for you."));
        }
        if guest.is_some_and(|actor| !actor.guest) {
            return Err(Refusal::new(Code::Conflict, "You already have an account. Sign out to create another one."));
        }
        if self.first_token().await?.is_some() && !self.first_token.proves(first) {
            return Err(Refusal::forbidden(
                "The first account becomes the admin of this server. Enter the token that the server printed when it \
                 started; `palaver admin first-token` prints it again.",
            ));
        }

        let Registration { name, password, email, display_name } = registration;
        name.refuse_impersonation()?;
        if let Some(display_name) = &display_name {
            refuse_impersonation(&*self.users, guest.map(|guest| guest.user), display_name).await?;
        }
        // Checked before the password is hashed, although the store decides in any case.
        let taken = self.users.user_by_name(&name.folded()).await?.map(|record| record.user.id);
        if taken.is_some() && taken != guest.map(|guest| guest.user) {
            return Err(StoreError::Taken("name").into());
        }

        let password_hash = self.passwords.hash_new(password, &name, email.as_ref()).await?;
        let Some(guest) = guest else {
            let new = NewUser {
                user: User { display_name, ..self.new_user(name, false) },
                email: email.map(|email| email.to_string()),
                sign_in_email: None,
                password_hash: Some(password_hash),
            };
            let user = self.users.register(&new).await?;
            let signed_in = self.sessions.open(user, device).await?;
            return Ok(self.passwords.marked(signed_in, device));
        };

        let email = email.as_ref().map(Email::as_str);
        let mut user = self.users.upgrade_guest(guest.user, &name, email, &password_hash).await?;
        if display_name.is_some() {
            self.users.set_display_name(user.id, display_name.as_ref()).await?;
            user.display_name = display_name;
        }
        let session = guest.session.ok_or_else(unauthenticated)?;
        let signed_in = self.sessions.restart(user, session).await?;
        self.user_log.announce_profile(&signed_in.user).await?;
        Ok(self.passwords.marked(signed_in, device))
    }

    /// Signs in a guest, without a password. A handle that is taken gets a suffix.
    pub async fn guest(&self, name: &GuestName, device: &Device) -> Result<SignedIn, Refusal> {
        in_time(self.make_guest(name, device)).await
    }

    async fn make_guest(&self, name: &GuestName, device: &Device) -> Result<SignedIn, Refusal> {
        self.passwords.attempts.admit_address(device.address).await?;
        if !self.settings.guests {
            return Err(Refusal::forbidden("Guests are not allowed on this server. Please register or sign in."));
        }
        name.handle.refuse_impersonation()?;
        if let Some(shown) = &name.shown {
            refuse_impersonation(&*self.users, None, shown).await?;
        }
        for tried in 0..=SUFFIX_TRIES {
            let handle = name.attempt(tried, self.ids.random())?;
            let user = User { display_name: name.shown.clone(), ..self.new_user(handle, true) };
            let new = NewUser { user, email: None, sign_in_email: None, password_hash: None };
            match self.users.create_user(&new).await {
                Ok(()) => return self.sessions.open(new.user, device).await,
                Err(StoreError::Taken(_)) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refusal::new(Code::Conflict, "Too many guests are using this name. Choose another one."))
    }

    /// Creates an account with a role, whether registration is open or not. An operator may choose a name that could
    /// impersonate staff. Returns `conflict` if a name is taken.
    pub async fn create_user(&self, registration: Registration, role: UserRole) -> Result<User, Refusal> {
        let Registration { name, password, email, display_name } = registration;
        let password_hash = Some(self.passwords.hash_new(password, &name, email.as_ref()).await?);
        let user = User { role, display_name, ..self.new_user(name, false) };
        let email = email.map(|email| email.to_string());
        let new = NewUser { user, email, sign_in_email: None, password_hash };
        self.users.create_user(&new).await?;
        Ok(new.user)
    }

    /// Returns the user with this name.
    pub async fn user_named(&self, name: &UserName) -> Result<User, Refusal> {
        let found = self.users.user_by_name(&name.folded()).await?;
        Ok(found.ok_or_else(|| Refusal::not_found("No user has this name."))?.user)
    }

    /// Changes a user's role on the installation. Takes effect on every node within
    /// [`crate::limits::SESSION_BELIEVED`], also for tokens that claim the old role.
    pub async fn set_role(&self, name: &UserName, role: UserRole) -> Result<User, Refusal> {
        let user = self.user_named(name).await?;
        self.users.set_role(user.id, role).await?;
        self.user_cache.forget_user(user.id);
        self.sessions.set_role(user.id, role).await?;
        Ok(User { role, ..user })
    }

    /// Bans a user, or lifts the ban. A ban ends all their sessions.
    pub async fn set_banned(&self, by: &Actor, user: UserId, banned: bool) -> Result<(), Refusal> {
        if !by.admin {
            return Err(Refusal::forbidden("Only admins can ban users."));
        }
        if by.user == user {
            return Err(Refusal::bad_request("You cannot ban yourself."));
        }
        if self.users.user(user).await?.is_none_or(|record| record.user.deleted) {
            return Err(Refusal::not_found("There is no such user."));
        }

        self.users.set_banned(user, banned).await?;
        self.user_cache.forget_user(user);
        if banned {
            self.sessions.end_all(user).await?;
        }
        Ok(())
    }

    /// Gives a user another handle, or another display name, or both. An operator may choose names that could impersonate
    /// staff. Returns `conflict` if the handle is taken.
    pub(crate) async fn rename(&self, user: UserId, new: NewNames) -> Result<User, Refusal> {
        if let Some(name) = &new.name {
            self.users.rename(user, name).await?;
        }
        if let Some(shown) = &new.display_name {
            self.users.set_display_name(user, shown.as_ref()).await?;
        }
        let renamed = self.users.user(user).await?.ok_or(StoreError::NotFound)?.user;
        self.user_log.announce_profile(&renamed).await?;
        Ok(renamed)
    }

    /// Sets a password for a user who has an account, and ends all their sessions.
    pub(crate) async fn set_password(&self, user: UserId, password: Password) -> Result<(), Refusal> {
        let record = self.users.user(user).await?.ok_or(StoreError::NotFound)?;
        self.passwords.replace(&record, password).await?;
        self.sessions.end_others(user, None).await
    }

    fn new_user(&self, name: UserName, guest: bool) -> User {
        User {
            id: self.ids.user(),
            name,
            display_name: None,
            guest,
            role: UserRole::User,
            banned: false,
            deleted: false,
            created_at: self.clock.now(),
        }
    }
}

//! The guests of the older contract: made when their id is used for the first time, and called what they last said.

use std::time::Duration;

use domain::name::{DisplayName, UserName};
use domain::{Actor, CompatId, Refusal, User, UserId, UserRole};

use super::limits::Write;
use super::{Compat, Visitor, guest};
use crate::auth::{Grant, refuse_impersonation};
use crate::ports::{NewUser, StoreError};

/// What is added to a name that could impersonate staff.
const UNVERIFIED: &str = " (unverified)";
/// How long a guest's socket may stay open: as good as forever.
const SOCKET_LIFE: Duration = Duration::from_secs(3_650 * 24 * 3600);
/// What the user is called who owns what was made without a person.
const SYSTEM_NAME: &str = "Older clients";

impl Compat {
    /// Returns on whose behalf a call acts that names a user in its path: with a token it must be the token's user, without
    /// one it is the guest of this id, who is created if the id was never used.
    pub async fn act_as(&self, visitor: Visitor, user: &str, name: Option<&str>) -> Result<Actor, Refusal> {
        if let Some(actor) = visitor.actor {
            return token_user(actor, user);
        }
        self.admit_without_token()?;
        let id: CompatId = user.parse()?;
        let user = self.guest(&id, name, visitor).await?;
        Ok(guest(user.id))
    }

    /// Returns what a socket of a guest is granted: it does not expire.
    pub fn grant(&self, guest: Actor) -> Grant {
        Grant { actor: guest, expires_at: self.clock.now() + SOCKET_LIFE }
    }

    /// Returns the id of a user whom a call names in its path and only reads. Creates nobody.
    pub(super) fn named(&self, visitor: Visitor, user: &str) -> Result<Actor, Refusal> {
        if let Some(actor) = visitor.actor {
            return token_user(actor, user);
        }
        self.admit_without_token()?;
        Ok(guest(user.parse::<CompatId>()?.user()))
    }

    /// Returns the guest who is called this, and creates or renames them if necessary.
    pub(super) async fn guest(&self, id: &CompatId, name: Option<&str>, visitor: Visitor) -> Result<User, Refusal> {
        let shown = match name.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => Some(self.display_name(name).await?),
            None => None,
        };
        let Some(user) = self.user_cache.user(id.user()).await? else {
            return self.create_guest(id, shown, visitor).await;
        };
        if user.banned || user.deleted {
            return Err(Refusal::forbidden("This user was banned from this server. Ask an admin about it."));
        }
        match shown {
            Some(shown) if user.display_name.as_ref() != Some(&shown) => self.rename(user, shown, visitor).await,
            _ => Ok(user),
        }
    }

    async fn create_guest(&self, id: &CompatId, shown: Option<DisplayName>, visitor: Visitor) -> Result<User, Refusal> {
        self.throttles.take(Write::Guest, visitor.address)?;
        for is_taken in [false, true] {
            let user = self.new_user(id.user(), id.handle(is_taken), shown.clone());
            if let Some(user) = self.create(user).await? {
                return Ok(user);
            }
        }
        Err(Refusal::unavailable("This user cannot be created right now. Please retry in a moment.", 1_000))
    }

    /// Creates a user; none if the handle is another user's. A user whom another process has created in the meantime is
    /// returned as they are.
    async fn create(&self, user: User) -> Result<Option<User>, Refusal> {
        let new = NewUser { user, email: None, sign_in_email: None, password_hash: None };
        match self.store.users.create_user(&new).await {
            Ok(()) => Ok(Some(new.user)),
            Err(StoreError::Taken(_)) => Ok(self.store.users.user(new.user.id).await?.map(|record| record.user)),
            Err(error) => Err(error.into()),
        }
    }

    async fn rename(&self, user: User, shown: DisplayName, visitor: Visitor) -> Result<User, Refusal> {
        // A change of a name is a write like a new guest: two clients could take turns.
        self.throttles.take(Write::Guest, visitor.address)?;
        self.store.users.set_display_name(user.id, Some(&shown)).await?;
        self.user_cache.forget_user(user.id);
        Ok(User { display_name: Some(shown), ..user })
    }

    /// Returns the user who owns what was made without a person.
    pub(super) async fn system(&self) -> Result<Actor, Refusal> {
        let id = UserId::compat("");
        if self.user_cache.user(id).await?.is_none() {
            let name = UserName::from_stored(domain::compat::SYSTEM_HANDLE.to_owned());
            let shown = DisplayName::parse(SYSTEM_NAME).ok();
            let taken = || Refusal::forbidden("An account has the name `compat`. Ask an admin to rename it.");
            self.create(self.new_user(id, name, shown)).await?.ok_or_else(taken)?;
        }
        Ok(guest(id))
    }

    /// Returns a guest's name as everybody sees it. One that looks like an admin's says that it is none.
    async fn display_name(&self, name: &str) -> Result<DisplayName, Refusal> {
        let parsed = DisplayName::parse(name)?;
        match refuse_impersonation(&*self.store.users, None, &parsed).await {
            Ok(()) => Ok(parsed),
            Err(_) => Ok(DisplayName::parse(&format!("{}{UNVERIFIED}", parsed.as_str()))?),
        }
    }

    fn new_user(&self, id: UserId, name: UserName, display_name: Option<DisplayName>) -> User {
        User {
            id,
            name,
            display_name,
            guest: true,
            role: UserRole::User,
            banned: false,
            deleted: false,
            created_at: self.clock.now(),
        }
    }
}

/// Refuses a path that names another user than the token does.
fn token_user(actor: Actor, user: &str) -> Result<Actor, Refusal> {
    match user.parse::<UserId>().is_ok_and(|user| user == actor.user) {
        true => Ok(actor),
        false => {
            let why = format!("The token is not that of this user. Its user is called {}.", actor.user);
            Err(Refusal::forbidden(why))
        }
    }
}

//! What an operator or admin does to accounts: create one, give a role, ban. Checks the rights of callers from the
//! network; the command line is trusted.

use domain::name::UserName;
use domain::{Actor, OwnChange, Refusal, User, UserId, UserRole};

use super::{Auth, Registration, revocations};
use crate::ports::NewUser;

impl Auth {
    /// Creates an account with a role, whether registration is open or not. Returns `conflict` if a name is taken.
    pub async fn create_user(&self, registration: Registration, role: UserRole) -> Result<User, Refusal> {
        let Registration { name, password, email } = registration;
        let password_hash = Some(self.passwords.hash(password).await?);
        let user = User { role, ..self.new_user(name, false) };
        let new = NewUser { user, email: email.map(|email| email.to_string()), password_hash };
        self.store.users.create_user(&new).await?;
        Ok(new.user)
    }

    /// Returns the user with this name.
    pub async fn user_named(&self, name: &UserName) -> Result<User, Refusal> {
        let found = self.store.users.user_by_name(&name.folded()).await?;
        Ok(found.ok_or_else(|| Refusal::not_found("No user has this name."))?.user)
    }

    /// Changes a user's role on the installation. Takes effect on every node within
    /// [`crate::limits::SESSION_BELIEVED`], also for tokens that claim the old role.
    pub async fn set_role(&self, name: &UserName, role: UserRole) -> Result<User, Refusal> {
        let user = self.user_named(name).await?;
        self.store.users.set_role(user.id, role).await?;
        self.revocations.set_role(user.id, role);
        self.user_cache.forget_user(user.id);
        let value = serde_json::to_value(role).expect("a role is plain data");
        self.announce(user.id, OwnChange::Setting { name: revocations::ROLE.into(), value }).await?;
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
        if self.store.users.user(user).await?.is_none() {
            return Err(Refusal::not_found("There is no such user."));
        }
        self.store.users.set_banned(user, banned).await?;
        self.user_cache.forget_user(user);
        if banned {
            for session in self.store.sessions.end_all(user).await? {
                self.revocations.end_session(session);
            }
            self.announce(user, OwnChange::SessionEnded(None)).await?;
        }
        Ok(())
    }
}

//! Users: names, passwords' hashes, e-mail addresses.

use async_trait::async_trait;
use domain::name::{DisplayName, UserName};
use domain::{User, UserId, UserRole};

use super::StoreResult;

/// A user with what only sign-in may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The user.
    pub user: User,
    /// Lower-case, unique.
    pub email: Option<String>,
    /// argon2id, PHC string; none for a guest.
    pub password_hash: Option<String>,
}

/// What [`People::create_user`] writes; the same as a record.
pub type NewUser = UserRecord;

/// Users. Names are unique by `UserName::folded`, e-mail addresses by their lower-case form.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// A new user. `Taken("name")` or `Taken("email")`.
    async fn create_user(&self, new: &NewUser) -> StoreResult<()>;

    /// As [`People::create_user`], but the first user without `guest` becomes admin, atomically.
    /// Returns the user as written.
    async fn register(&self, new: &NewUser) -> StoreResult<User>;

    /// Whether somebody has registered, or was made: then who registers next is no admin. One read.
    async fn has_person(&self) -> StoreResult<bool>;

    /// A guest becomes a person, with the same id (and admin, if the first). `NotFound` when there is
    /// no such guest, `Taken` as above.
    async fn upgrade_guest(
        &self,
        user: UserId,
        name: &UserName,
        email: Option<&str>,
        password_hash: &str,
    ) -> StoreResult<User>;

    /// Another handle. `Taken("name")`.
    async fn rename(&self, user: UserId, name: &UserName) -> StoreResult<()>;

    /// Another display name, or none.
    async fn set_display_name(&self, user: UserId, name: Option<&DisplayName>) -> StoreResult<()>;

    /// Another address, or none. `Taken("email")`.
    async fn set_email(&self, user: UserId, email: Option<&str>) -> StoreResult<()>;

    /// Another password.
    async fn set_password(&self, user: UserId, password_hash: &str) -> StoreResult<()>;

    /// Another role on the installation.
    async fn set_role(&self, user: UserId, role: UserRole) -> StoreResult<()>;

    /// Banned from the installation, or no longer.
    async fn set_banned(&self, user: UserId, banned: bool) -> StoreResult<()>;

    /// One user.
    async fn user(&self, user: UserId) -> StoreResult<Option<UserRecord>>;

    /// Several, in one read; unknown ones are left out.
    async fn users(&self, users: &[UserId]) -> StoreResult<Vec<User>>;

    /// By name, folded.
    async fn user_by_name(&self, folded: &str) -> StoreResult<Option<UserRecord>>;

    /// Several by folded names, in one read: `(folded, id)`.
    async fn ids_by_names(&self, folded: &[String]) -> StoreResult<Vec<(String, UserId)>>;

    /// By e-mail address, lower-case.
    async fn user_by_email(&self, email: &str) -> StoreResult<Option<UserRecord>>;

    /// Users whose folded name begins with `prefix` (folded), in order of it, after `after`.
    async fn users_by_prefix(&self, prefix: &str, after: Option<&str>, limit: usize) -> StoreResult<Vec<User>>;
}

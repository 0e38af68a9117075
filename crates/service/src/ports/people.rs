//! Stores users: names, password hashes, e-mail addresses.

use async_trait::async_trait;
use domain::name::{DisplayName, UserName};
use domain::{User, UserId, UserRole};

use super::StoreResult;

/// A user, with the fields that only sign-in may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The user.
    pub user: User,
    /// The e-mail address as a contact: lower-case, not unique, and not for sign-in.
    pub email: Option<String>,
    /// The e-mail address that the user can sign in with: lower-case, unique. Only accounts of releases before addresses
    /// became contacts have one, until they change their address.
    pub sign_in_email: Option<String>,
    /// The argon2id hash as a PHC string, or `None` for a guest.
    pub password_hash: Option<String>,
}

impl UserRecord {
    /// Returns the e-mail address that the user gave last.
    pub fn contact(&self) -> Option<&str> {
        self.email.as_deref().or(self.sign_in_email.as_deref())
    }

    /// Returns the record with lower-case addresses: the form that stores hold, and by which those for sign-in are unique.
    pub fn with_lower_case_emails(&self) -> UserRecord {
        let lower = |email: &Option<String>| email.as_ref().map(|email| email.to_lowercase());
        UserRecord { email: lower(&self.email), sign_in_email: lower(&self.sign_in_email), ..self.clone() }
    }

    /// Returns whether the user is an admin who can sign in. Every store counts by this.
    pub fn can_administer(&self) -> bool {
        self.user.role == UserRole::Admin && !self.user.banned
    }

    /// Returns what is left of the record when the account is deleted: the id, and the handle `tombstone`. It is banned,
    /// too, so that every check that refuses banned users refuses it, those of older releases included.
    pub fn ended(&self, tombstone: &UserName) -> UserRecord {
        let user = User {
            id: self.user.id,
            name: tombstone.clone(),
            display_name: None,
            guest: self.user.guest,
            role: UserRole::User,
            banned: true,
            deleted: true,
            created_at: self.user.created_at,
        };
        UserRecord { user, email: None, sign_in_email: None, password_hash: None }
    }

    /// Changes or removes the e-mail address. It stays an address for sign-in only if it is the same one.
    pub fn set_email(&mut self, email: Option<String>) {
        self.sign_in_email.take_if(|old| Some(&*old) != email.as_ref());
        self.email = email;
    }
}

/// The argument of [`UserStore::create_user`], which is the same as a record.
pub type NewUser = UserRecord;

/// Stores users. Names are unique by `UserName::folded`, e-mail addresses for sign-in by their lower-case
/// form.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Creates a user. Returns `Taken("name")` or, for an address for sign-in, `Taken("email")` if another user has it.
    async fn create_user(&self, new: &NewUser) -> StoreResult<()>;

    /// Like [`UserStore::create_user`], but the first user without `guest` becomes admin, atomically. Returns the user as
    /// written.
    async fn register(&self, new: &NewUser) -> StoreResult<User>;

    /// Returns whether any account exists (registered or created by an admin), so that the next user who registers does
    /// not become admin. One read.
    async fn has_person(&self) -> StoreResult<bool>;

    /// Turns a guest into a registered user with the same id (and into an admin, if the first). Returns `NotFound` if
    /// there is no such guest, `Taken` as above.
    async fn upgrade_guest(
        &self,
        user: UserId,
        name: &UserName,
        email: Option<&str>,
        password_hash: &str,
    ) -> StoreResult<User>;

    /// Changes the handle. Returns `Taken("name")` if another user has it.
    async fn rename(&self, user: UserId, name: &UserName) -> StoreResult<()>;

    /// Changes or removes the display name.
    async fn set_display_name(&self, user: UserId, name: Option<&DisplayName>) -> StoreResult<()>;

    /// Changes or removes the e-mail address, as [`UserRecord::set_email`] says.
    async fn set_email(&self, user: UserId, email: Option<&str>) -> StoreResult<()>;

    /// Changes the password.
    async fn set_password(&self, user: UserId, password_hash: &str) -> StoreResult<()>;

    /// Changes the role on the installation. Returns `LastAdmin` if no other admin could sign in afterwards, also if two
    /// admins lose the role at the same time.
    async fn set_role(&self, user: UserId, role: UserRole) -> StoreResult<()>;

    /// Bans a user from the installation, or lifts the ban. Returns `LastAdmin` as [`UserStore::set_role`] does.
    async fn set_banned(&self, user: UserId, banned: bool) -> StoreResult<()>;

    /// Returns a user.
    async fn user(&self, user: UserId) -> StoreResult<Option<UserRecord>>;

    /// Returns several users in one read. Unknown ids are left out.
    async fn users(&self, users: &[UserId]) -> StoreResult<Vec<User>>;

    /// Returns a user by folded name.
    async fn user_by_name(&self, folded: &str) -> StoreResult<Option<UserRecord>>;

    /// Returns several users by folded names in one read, as `(folded, id)`.
    async fn ids_by_names(&self, folded: &[String]) -> StoreResult<Vec<(String, UserId)>>;

    /// Returns the user who can sign in with this lower-case e-mail address.
    async fn user_by_email(&self, email: &str) -> StoreResult<Option<UserRecord>>;

    /// Returns which of `users` block `other`, in one read. Appends to the user logs write the blocks (see
    /// `domain::RowWrite`).
    async fn blocked_by(&self, users: &[UserId], other: UserId) -> StoreResult<Vec<UserId>>;

    /// Returns whom a user blocks, in order of id; at most [`domain::limits::BLOCKED_USERS`].
    async fn blocks(&self, user: UserId) -> StoreResult<Vec<UserId>>;

    /// Returns users whose folded name begins with `prefix` (folded), in order of that name, after `after`.
    async fn users_by_prefix(&self, prefix: &str, after: Option<&str>, limit: usize) -> StoreResult<Vec<User>>;
}

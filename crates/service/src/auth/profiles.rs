//! Profiles: what users show of themselves, how they change it, and the look-up of users by name.

use std::sync::Arc;

use domain::limits::PAGE_ROWS;
use domain::name::{DisplayName, UserName, handle_prefix, lookup_key, search_key};
use domain::{Actor, Email, Refusal, User, UserId, UserRole};

use super::hashing::Password;
use super::passwords::Passwords;
use super::sessions::Sessions;
use super::unauthenticated;
use super::user_log::UserLog;
use crate::limits::{GUEST_SEARCH_CHARS, GUEST_SEARCH_USERS, USERS_LOOKED_AT, USERS_READ_AT_ONCE};
use crate::ports::{StoreError, UserRecord, UserStore};

/// Changes of the caller's own profile. Fields that are `None` stay as they are.
#[derive(Debug, Clone, Default)]
pub struct ProfilePatch {
    /// The new handle.
    pub name: Option<UserName>,
    /// The new display name, or `Some(None)` to remove it.
    pub display_name: Option<Option<DisplayName>>,
    /// The new e-mail address, or `Some(None)` to remove it.
    pub email: Option<Option<Email>>,
    /// The new password.
    pub password: Option<Password>,
    /// The current password. A user who has one must give it to change the handle, the address or the password.
    pub old_password: Option<String>,
}

/// Users in order of their folded names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersPage {
    /// At most as many as requested.
    pub users: Vec<User>,
    /// The name after which the next page begins.
    pub next: Option<String>,
}

/// The use cases of profiles.
pub struct Profiles {
    pub(super) users: Arc<dyn UserStore>,
    pub(super) user_log: Arc<UserLog>,
    pub(super) passwords: Arc<Passwords>,
    pub(super) sessions: Arc<Sessions>,
}

impl Profiles {
    /// Returns the caller's own account.
    pub async fn get(&self, actor: &Actor) -> Result<UserRecord, Refusal> {
        self.users.user(actor.user).await?.ok_or_else(unauthenticated)
    }

    /// Changes the caller's account. A user who has a password must give it to change the handle, the address or the
    /// password: a stolen access token must not be enough to take an account over. A new password ends the other sessions.
    /// Everything that can be refused is refused before anything is written.
    pub async fn update(&self, actor: &Actor, patch: ProfilePatch) -> Result<UserRecord, Refusal> {
        let before = self.get(actor).await?;
        let ProfilePatch { name, display_name, email, password, old_password } = patch;
        if before.user.guest && (name.is_some() || email.is_some() || password.is_some()) {
            let message = "Guests have no account. Register to choose a name, an email address or a password.";
            return Err(Refusal::forbidden(message));
        }

        if let Some(name) = &name {
            // An account that has such a name already may change how it is written.
            let had_it = before.user.name.refuse_impersonation().is_err();
            if !had_it || name.folded() != before.user.name.folded() {
                name.refuse_impersonation()?;
            }
        }
        if let Some(Some(display_name)) = &display_name
            && before.user.display_name.as_ref() != Some(display_name)
        {
            refuse_impersonation(&*self.users, Some(actor.user), display_name).await?;
        }
        if let Some(name) = &name
            && let Some(other) = self.users.user_by_name(&name.folded()).await?
            && other.user.id != actor.user
        {
            return Err(StoreError::Taken("name").into());
        }

        if name.is_some() || email.is_some() || password.is_some() {
            self.confirm(&before, old_password).await?;
        }
        let hash = match password {
            Some(new) => {
                let shown_name = name.as_ref().unwrap_or(&before.user.name);
                let kept = before.contact().and_then(|contact| Email::parse(contact).ok());
                let contact = email.as_ref().map_or(kept.as_ref(), Option::as_ref);
                Some(self.passwords.hash_new(new, shown_name, contact).await?)
            }
            None => None,
        };

        if let Some(name) = &name {
            self.users.rename(actor.user, name).await?;
        }
        if let Some(display_name) = &display_name {
            self.users.set_display_name(actor.user, display_name.as_ref()).await?;
        }
        if let Some(email) = &email {
            self.users.set_email(actor.user, email.as_ref().map(Email::as_str)).await?;
        }
        if let Some(hash) = hash {
            self.users.set_password(actor.user, &hash).await?;
            self.sessions.end_others(actor.user, actor.session).await?;
        }

        let after = self.get(actor).await?;
        if after.user != before.user {
            self.user_log.announce_profile(&after.user).await?;
        }
        Ok(after)
    }

    async fn confirm(&self, record: &UserRecord, password: Option<String>) -> Result<(), Refusal> {
        let missing =
            "To change your name, email address or password, also send your current password as `old_password`.";
        self.confirm_or(record, password, missing).await
    }

    /// Refuses to delete the account of a caller who has a password and does not give it.
    pub(crate) async fn confirm_deletion(&self, of: &UserRecord, password: Option<String>) -> Result<(), Refusal> {
        self.confirm_or(of, password, "To delete your account, also send your current password as `password`.").await
    }

    async fn confirm_or(&self, record: &UserRecord, password: Option<String>, missing: &str) -> Result<(), Refusal> {
        if record.password_hash.is_none() {
            return Ok(());
        }
        let password = password.ok_or_else(|| Refusal::bad_request(missing))?;
        self.passwords.confirm(record, password).await
    }

    /// Returns users whose name begins like `prefix`, ignoring case and look-alikes, after `after` of the previous
    /// page. A guest finds a few users by the beginning of a name, and gets no further page: guests are anybody, and
    /// must not list all accounts.
    pub async fn search(
        &self,
        reader: &Actor,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<UsersPage, Refusal> {
        if reader.guest {
            return self.search_as_guest(prefix, limit).await;
        }
        let limit = limit.clamp(1, PAGE_ROWS);
        let Some(prefix) = handle_prefix(prefix) else { return Ok(UsersPage { users: Vec::new(), next: None }) };
        let mut users = self.users.users_by_prefix(&prefix, after, limit + 1).await?;
        let more = users.len() > limit;
        users.truncate(limit);
        let next = users.last().filter(|_| more).map(|user| user.name.folded());
        // So a page may be short.
        users.retain(|user| !user.deleted);
        Ok(UsersPage { users, next })
    }

    /// Returns users whose handle or display name contains each word of `part`, ignoring case and accents, in order of
    /// their handles after `after` of the previous page. Examines at most [`USERS_LOOKED_AT`] users, so a page may be short,
    /// or even empty, although another follows. A guest sends at least [`GUEST_SEARCH_CHARS`] characters and gets a few
    /// users and no further page.
    pub async fn find(
        &self,
        reader: &Actor,
        part: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<UsersPage, Refusal> {
        let words: Vec<String> = search_key(part).split_whitespace().map(str::to_owned).collect();
        let is_short = part.trim().chars().count() < GUEST_SEARCH_CHARS;
        if words.is_empty() || (reader.guest && is_short) {
            return Ok(UsersPage { users: Vec::new(), next: None });
        }

        let limit = limit.clamp(1, if reader.guest { GUEST_SEARCH_USERS } else { PAGE_ROWS });
        let mut found = Vec::new();
        let mut from = after.map(str::to_owned);
        let mut next = None;
        for _ in 0..USERS_LOOKED_AT / USERS_READ_AT_ONCE {
            let users = self.users.users_by_prefix("", from.as_deref(), USERS_READ_AT_ONCE).await?;
            let is_last = users.len() < USERS_READ_AT_ONCE;
            from = users.last().map(|user| user.name.folded());
            next = from.clone().filter(|_| !is_last);
            for user in users.into_iter().filter(|user| !user.deleted && contains(user, &words)) {
                if found.len() == limit {
                    next = found.last().map(|user: &User| user.name.folded());
                    return Ok(UsersPage { users: found, next: next.filter(|_| !reader.guest) });
                }
                found.push(user);
            }
            if is_last {
                break;
            }
        }
        Ok(UsersPage { users: found, next: next.filter(|_| !reader.guest) })
    }

    async fn search_as_guest(&self, prefix: &str, limit: usize) -> Result<UsersPage, Refusal> {
        let Some(prefix) = handle_prefix(prefix) else { return Ok(UsersPage { users: Vec::new(), next: None }) };
        let limit = limit.clamp(1, GUEST_SEARCH_USERS);
        let users: Vec<User> = match prefix.chars().count() >= GUEST_SEARCH_CHARS {
            true => self.users.users_by_prefix(&prefix, None, limit).await?,
            // A whole name may be shorter.
            false => self.users.user_by_name(&prefix).await?.into_iter().map(|record| record.user).collect(),
        };
        let users = users.into_iter().filter(|user| !user.deleted).collect();
        Ok(UsersPage { users, next: None })
    }
}

fn contains(user: &User, words: &[String]) -> bool {
    let handle = search_key(user.name.as_str());
    let shown = user.display_name.as_ref().map(|name| search_key(name.as_str())).unwrap_or_default();
    words.iter().all(|word| handle.contains(word) || shown.contains(word))
}

/// Refuses a display name that could impersonate staff or the system, or is the handle of an admin other than `own`. Those
/// of other users may repeat: where they do, the page shows handles.
pub(crate) async fn refuse_impersonation(
    users: &dyn UserStore,
    own: Option<UserId>,
    display_name: &DisplayName,
) -> Result<(), Refusal> {
    display_name.refuse_impersonation()?;
    let handle = display_name.as_str().trim_start_matches('@');
    let Some(key) = lookup_key(handle) else { return Ok(()) };
    match users.user_by_name(&key).await? {
        Some(other) if other.user.role == UserRole::Admin && Some(other.user.id) != own => {
            Err(Refusal::bad_request("This is the name of an admin. Choose another display name."))
        }
        _ => Ok(()),
    }
}

//! Implements `People`. A user's row is written with the rows that make name and address unique, in one transaction.

use async_trait::async_trait;
use domain::limits::BLOCKED_USERS;
use domain::name::{DisplayName, UserName};
use domain::{User, UserId, UserRole};
use futures_util::future::try_join_all;
use service::ports::{NewUser, StoreError, StoreResult, UserRecord, UserStore, readable};

use super::people_rows::{self as rows, ATTEMPTS, Changes, FIRST_NAME, LAST_NAME, Refused};
use crate::error::unavailable;
use crate::item::{Item, flag, text, word};
use crate::keys::{self, Key};
use crate::op::{Change, Op, When};
use crate::table_store::{Range, TableStore, WriteError};

/// Users whose missing key is filled between two reads.
const FILLED_AT_ONCE: usize = 200;

/// Costs, besides one read or write: a new user 8 to 12 WRU (the row, its name under two keys, its line in the list of
/// names, an address, the mark of the first registered user) and a read; another name or address for sign-in 12 or 6 WRU
/// and two reads; by name or address 2 reads; by prefix a read in each part of the list, and one per user.
#[async_trait]
impl UserStore for TableStore {
    async fn create_user(&self, new: &NewUser) -> StoreResult<()> {
        self.insert(new.with_lower_case_emails(), false).await.map(|_| ())
    }

    async fn register(&self, new: &NewUser) -> StoreResult<User> {
        self.insert(new.with_lower_case_emails(), true).await
    }

    async fn has_person(&self) -> StoreResult<bool> {
        Ok(self.get(keys::first_person()).await?.is_some())
    }

    async fn upgrade_guest(
        &self,
        user: UserId,
        name: &UserName,
        email: Option<&str>,
        password_hash: &str,
    ) -> StoreResult<User> {
        let email = email.map(str::to_lowercase);
        for _ in 0..ATTEMPTS {
            let guest = self.record(user).await?.filter(|row| row.user.guest).ok_or(StoreError::NotFound)?;
            let first = self.get(keys::first_person()).await?.is_none();
            let mut new = guest.clone();
            new.user.name = name.clone();
            new.user.guest = false;
            new.set_email(email.clone());
            new.password_hash = Some(password_hash.to_owned());
            if first {
                new.user.role = UserRole::Admin;
            }
            let mut changes = Changes::default();
            let unchanged = When::All(vec![When::Is("gu", flag(true)), rows::unchanged(&guest)]);
            let mut change = rows::renamed(&new).set("gu", flag(false)).set("ph", text(password_hash));
            if first {
                change = change.set("ro", word(&new.user.role));
            }
            changes.profile(Op::Update(change, unchanged));
            changes.name(Some(&guest), self.owns_written(&guest).await?, &new);
            changes.email(guest.sign_in_email.as_deref(), &new);
            changes.admin(Some(&guest), &new.user);
            if first {
                changes.first_person(user);
            }
            match self.change(changes).await {
                Ok(()) => return Ok(new.user),
                Err(Refused::Moved) => {}
                Err(Refused::Other(error)) => return Err(error),
            }
        }
        Err(contended())
    }

    async fn rename(&self, user: UserId, name: &UserName) -> StoreResult<()> {
        self.rewrite(user, |row| row.user.name = name.clone()).await
    }

    async fn set_display_name(&self, user: UserId, name: Option<&DisplayName>) -> StoreResult<()> {
        let shown = name.map(|name| text(name.as_str()));
        self.set(Change::of(keys::profile(user)).set_or_remove("dn", shown)).await
    }

    async fn set_email(&self, user: UserId, email: Option<&str>) -> StoreResult<()> {
        self.rewrite(user, |row| row.set_email(email.map(str::to_lowercase))).await
    }

    async fn set_password(&self, user: UserId, password_hash: &str) -> StoreResult<()> {
        self.set(Change::of(keys::profile(user)).set("ph", text(password_hash))).await
    }

    async fn set_role(&self, user: UserId, role: UserRole) -> StoreResult<()> {
        self.change_rights(user, |row| row.user.role = role).await
    }

    async fn set_banned(&self, user: UserId, banned: bool) -> StoreResult<()> {
        self.change_rights(user, |row| row.user.banned = banned).await
    }

    async fn user(&self, user: UserId) -> StoreResult<Option<UserRecord>> {
        self.record(user).await
    }

    async fn users(&self, users: &[UserId]) -> StoreResult<Vec<User>> {
        let found = self.get_all(users.iter().map(|user| keys::profile(*user)).collect()).await?;
        readable(found.iter().map(|item| Ok(rows::record(item)?.user)))
    }

    async fn user_by_name(&self, folded: &str) -> StoreResult<Option<UserRecord>> {
        let found = self.user_of(keys::name(folded)).await?;
        Ok(found.filter(|row| row.user.name.folded() == folded))
    }

    async fn ids_by_names(&self, folded: &[String]) -> StoreResult<Vec<(String, UserId)>> {
        let found = self.get_all(folded.iter().map(|folded| keys::name(folded)).collect()).await?;
        let named = |item: &Item| Ok((keys::name_of(&item.key()?).to_owned(), UserId(item.id("us")?)));
        let named = found.iter().map(named).collect::<StoreResult<Vec<_>>>()?;
        // The handle of a deleted account names nobody.
        Ok(named.into_iter().filter(|(_, user)| *user != UserId::SYSTEM).collect())
    }

    async fn user_by_email(&self, email: &str) -> StoreResult<Option<UserRecord>> {
        let email = email.to_lowercase();
        let found = self.user_of(keys::email(&email)).await?;
        Ok(found.filter(|row| row.sign_in_email.as_deref() == Some(&email)))
    }

    async fn blocked_by(&self, users: &[UserId], other: UserId) -> StoreResult<Vec<UserId>> {
        let found = self.get_all(users.iter().map(|user| keys::block(*user, other)).collect()).await?;
        found.iter().map(|item| keys::user_of(&item.key()?)).collect()
    }

    async fn blocks(&self, user: UserId) -> StoreResult<Vec<UserId>> {
        let range = Range::beginning(keys::user_rows(user), keys::BLOCKS).limit(BLOCKED_USERS);
        self.query(range).await?.iter().map(|item| keys::blocked(&item.key()?)).collect()
    }

    async fn users_by_prefix(&self, prefix: &str, after: Option<&str>, limit: usize) -> StoreResult<Vec<User>> {
        let mut users: Vec<User> = Vec::new();
        let mut after = after.map(str::to_owned);
        while users.len() < limit {
            let wanted = limit - users.len();
            let names = self.names(prefix, after.as_deref(), wanted).await?;
            let found = UserStore::users(self, &names.iter().map(|(_, user)| *user).collect::<Vec<_>>()).await?;
            // A user who was renamed between the two reads is found under the new name, if it has the prefix.
            users.extend(names.iter().filter_map(|(folded, user)| {
                found.iter().find(|found| found.id == *user && found.name.folded() == *folded).cloned()
            }));
            match names.last() {
                Some((last, _)) if names.len() == wanted => after = Some(last.clone()),
                _ => break,
            }
        }
        Ok(users)
    }
}

impl TableStore {
    pub(super) async fn record(&self, user: UserId) -> StoreResult<Option<UserRecord>> {
        self.get(keys::profile(user)).await?.as_ref().map(rows::record).transpose()
    }

    /// Returns the user that a unique name belongs to.
    async fn user_of(&self, unique: Key) -> StoreResult<Option<UserRecord>> {
        match self.get(unique).await? {
            Some(item) => self.record(UserId(item.id("us")?)).await,
            None => Ok(None),
        }
    }

    async fn insert(&self, mut new: NewUser, may_be_admin: bool) -> StoreResult<User> {
        let mut first = !new.user.guest && self.get(keys::first_person()).await?.is_none();
        let role = new.user.role;
        loop {
            new.user.role = if first && may_be_admin { UserRole::Admin } else { role };
            let mut changes = Changes::default();
            changes.profile(Op::Put(rows::item(&new), When::Absent));
            changes.name(None, false, &new);
            changes.email(None, &new);
            changes.admin(None, &new.user);
            if first {
                changes.first_person(new.user.id);
            }
            match self.change(changes).await {
                Ok(()) => return Ok(new.user),
                // Another user registered first.
                Err(Refused::Moved) if first => first = false,
                Err(Refused::Moved) => return Err(StoreError::Taken("user")),
                Err(Refused::Other(error)) => return Err(error),
            }
        }
    }

    /// Returns whether the row of the second key of a user's name is their own: not if somebody else looked like it before
    /// this key was unique.
    pub(super) async fn owns_written(&self, of: &UserRecord) -> StoreResult<bool> {
        match self.get(keys::written(&of.user.name.written())).await? {
            Some(item) => Ok(item.id("us")? == of.user.id.0),
            None => Ok(false),
        }
    }

    /// Gives names of an older release their second key where it is free, once for each table. A user who looks like another
    /// keeps the name, without the key. Costs a read, and 4 WRU for each user the first time.
    pub(crate) async fn fill_written(&self) -> StoreResult<()> {
        if self.get(keys::epoch()).await?.is_none_or(|row| row.flag("wr")) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let users = self.users_by_prefix("", after.as_deref(), FILLED_AT_ONCE).await?;
            for user in &users {
                let (profile, name) = (Change::of(keys::profile(user.id)), text(user.name.as_str()));
                let same = Op::Update(profile.set("nm", name.clone()), When::Is("nm", name));
                match self.write(vec![same, rows::written_if_free(user)]).await {
                    Ok(()) | Err(WriteError::Refused(_)) => {}
                    Err(WriteError::Store(error)) => return Err(error),
                }
            }
            match users.last() {
                Some(last) if users.len() == FILLED_AT_ONCE => after = Some(last.name.folded()),
                _ => break,
            }
        }
        self.set(Change::of(keys::epoch()).set("wr", flag(true))).await
    }

    /// Changes the name or address.
    async fn rewrite(&self, user: UserId, with: impl Fn(&mut UserRecord) + Send + Sync) -> StoreResult<()> {
        for _ in 0..ATTEMPTS {
            let old = self.record(user).await?.ok_or(StoreError::NotFound)?;
            let mut new = old.clone();
            with(&mut new);
            let mut changes = Changes::default();
            changes.profile(Op::Update(rows::renamed(&new), rows::unchanged(&old)));
            changes.name(Some(&old), self.owns_written(&old).await?, &new);
            changes.email(old.sign_in_email.as_deref(), &new);
            match self.change(changes).await {
                Ok(()) => return Ok(()),
                Err(Refused::Moved) => {}
                Err(Refused::Other(error)) => return Err(error),
            }
        }
        Err(contended())
    }

    pub(super) async fn change(&self, changes: Changes) -> Result<(), Refused> {
        let (ops, rows) = changes.into_parts();
        self.write(ops).await.map_err(|error| rows::refused(error, &rows))
    }

    async fn set(&self, change: Change) -> StoreResult<()> {
        self.write(vec![Op::Update(change, When::Present)]).await.map_err(|error| error.or(StoreError::NotFound))
    }

    /// Returns folded names with this prefix and their users, from all parts of the list, in order.
    async fn names(&self, prefix: &str, after: Option<&str>, limit: usize) -> StoreResult<Vec<(String, UserId)>> {
        // The smallest text above `after`; the smallest name has at least one character.
        let from = after.map(|after| format!("{after}{FIRST_NAME}")).unwrap_or_default();
        let from = from.max(prefix.to_owned()).max(FIRST_NAME.to_string());
        let to = format!("{prefix}{LAST_NAME}");
        let parts = (0..keys::NAME_SHARDS)
            .map(|shard| self.query(Range::between(keys::names_shard(shard), from.as_str(), to.as_str()).limit(limit)));
        let mut names = Vec::new();
        for item in try_join_all(parts).await?.iter().flatten() {
            names.push((item.key()?.sk, UserId(item.id("us")?)));
        }
        names.sort();
        names.truncate(limit);
        Ok(names)
    }
}

pub(super) fn contended() -> StoreError {
    unavailable("a user's row kept changing", crate::error::THROTTLED_MS)
}

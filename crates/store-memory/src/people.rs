//! `People` in memory.

use async_trait::async_trait;
use domain::limits::BLOCKED_USERS;
use domain::name::{DisplayName, UserName};
use domain::{User, UserId, UserRole};
use service::ports::{NewUser, StoreError, StoreResult, UserRecord, UserStore, held_keys};

use super::state::State;
use crate::MemoryStore;

#[async_trait]
impl UserStore for MemoryStore {
    async fn create_user(&self, new: &NewUser) -> StoreResult<()> {
        create(&mut *self.up()?, new.clone()).map(|_| ())
    }

    async fn register(&self, new: &NewUser) -> StoreResult<User> {
        let mut state = self.up()?;
        let mut new = new.clone();
        if !new.user.guest && is_first_person(&state) {
            new.user.role = UserRole::Admin;
        }
        create(&mut state, new)
    }

    async fn has_person(&self) -> StoreResult<bool> {
        Ok(!is_first_person(&*self.up()?))
    }

    async fn upgrade_guest(
        &self,
        user: UserId,
        name: &UserName,
        email: Option<&str>,
        password_hash: &str,
    ) -> StoreResult<User> {
        let mut state = self.up()?;
        if !state.people.get(&user).is_some_and(|row| row.user.guest) {
            return Err(StoreError::NotFound);
        }
        check_free(&state, user, name, None)?;
        let first = is_first_person(&state);
        let row = state.people.get_mut(&user).expect("the guest existed a line ago");
        row.user.name = name.clone();
        row.user.guest = false;
        if first {
            row.user.role = UserRole::Admin;
        }
        row.set_email(email.map(str::to_lowercase));
        row.password_hash = Some(password_hash.to_owned());
        Ok(row.user.clone())
    }

    async fn rename(&self, user: UserId, name: &UserName) -> StoreResult<()> {
        let mut state = self.up()?;
        check_free(&state, user, name, None)?;
        change(&mut state, user, |row| row.user.name = name.clone())
    }

    async fn set_display_name(&self, user: UserId, name: Option<&DisplayName>) -> StoreResult<()> {
        change(&mut *self.up()?, user, |row| row.user.display_name = name.cloned())
    }

    async fn set_email(&self, user: UserId, email: Option<&str>) -> StoreResult<()> {
        change(&mut *self.up()?, user, |row| row.set_email(email.map(str::to_lowercase)))
    }

    async fn set_password(&self, user: UserId, password_hash: &str) -> StoreResult<()> {
        change(&mut *self.up()?, user, |row| row.password_hash = Some(password_hash.to_owned()))
    }

    async fn set_role(&self, user: UserId, role: UserRole) -> StoreResult<()> {
        let mut state = self.up()?;
        if role != UserRole::Admin {
            keep_an_admin(&state, user)?;
        }
        change(&mut state, user, |row| row.user.role = role)
    }

    async fn set_banned(&self, user: UserId, banned: bool) -> StoreResult<()> {
        let mut state = self.up()?;
        if banned {
            keep_an_admin(&state, user)?;
        }
        change(&mut state, user, |row| row.user.banned = banned)
    }

    async fn user(&self, user: UserId) -> StoreResult<Option<UserRecord>> {
        Ok(self.up()?.people.get(&user).cloned())
    }

    async fn users(&self, users: &[UserId]) -> StoreResult<Vec<User>> {
        let state = self.up()?;
        Ok(state.people.values().filter(|row| users.contains(&row.user.id)).map(|row| row.user.clone()).collect())
    }

    async fn user_by_name(&self, folded: &str) -> StoreResult<Option<UserRecord>> {
        Ok(self.up()?.people.values().find(|row| row.user.name.folded() == folded).cloned())
    }

    async fn ids_by_names(&self, folded: &[String]) -> StoreResult<Vec<(String, UserId)>> {
        let state = self.up()?;
        let named = state.people.values().map(|row| (row.user.name.folded(), row.user.id));
        Ok(named.filter(|(name, _)| folded.contains(name)).collect())
    }

    async fn user_by_email(&self, email: &str) -> StoreResult<Option<UserRecord>> {
        let email = email.to_lowercase();
        Ok(self.up()?.people.values().find(|row| row.sign_in_email.as_deref() == Some(&email)).cloned())
    }

    async fn blocked_by(&self, users: &[UserId], other: UserId) -> StoreResult<Vec<UserId>> {
        let state = self.up()?;
        Ok(users.iter().copied().filter(|user| state.blocks.contains(&(*user, other))).collect())
    }

    async fn blocks(&self, user: UserId) -> StoreResult<Vec<UserId>> {
        let state = self.up()?;
        let blocks = state.blocks.iter().filter(|(of, _)| *of == user).map(|(_, other)| *other);
        Ok(blocks.take(BLOCKED_USERS).collect())
    }

    async fn users_by_prefix(&self, prefix: &str, after: Option<&str>, limit: usize) -> StoreResult<Vec<User>> {
        let state = self.up()?;
        let named = state.people.values().map(|row| (row.user.name.folded(), &row.user));
        let mut found: Vec<(String, &User)> = named
            .filter(|(name, _)| name.starts_with(prefix) && after.is_none_or(|after| name.as_str() > after))
            .collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(found.into_iter().take(limit).map(|(_, user)| user.clone()).collect())
    }
}

fn is_first_person(state: &State) -> bool {
    state.people.values().all(|row| row.user.guest)
}

fn create(state: &mut State, new: NewUser) -> StoreResult<User> {
    let new = new.with_lower_case_emails();
    check_free(state, new.user.id, &new.user.name, new.sign_in_email.as_deref())?;
    if state.people.contains_key(&new.user.id) {
        return Err(StoreError::Taken("user"));
    }
    let user = new.user.clone();
    state.people.insert(user.id, new);
    Ok(user)
}

pub(super) fn check_free(state: &State, user: UserId, name: &UserName, email: Option<&str>) -> StoreResult<()> {
    let had_it = state.people.get(&user).is_some_and(|row| row.user.name == *name);
    if !had_it && held_keys(name).iter().any(|key| state.held_names.contains(key)) {
        return Err(StoreError::Taken("name"));
    }
    let mut others = state.people.values().filter(|row| row.user.id != user);
    let looks_alike = |other: &UserName| other.folded() == name.folded() || other.written() == name.written();
    if others.clone().any(|row| looks_alike(&row.user.name)) {
        return Err(StoreError::Taken("name"));
    }
    if email.is_some() && others.any(|row| row.sign_in_email.as_deref() == email) {
        return Err(StoreError::Taken("email"));
    }
    Ok(())
}

/// Refuses a change after which no admin could sign in.
pub(super) fn keep_an_admin(state: &State, user: UserId) -> StoreResult<()> {
    let is_one = state.people.get(&user).is_some_and(UserRecord::can_administer);
    let others = state.people.values().any(|row| row.user.id != user && row.can_administer());
    if is_one && !others { Err(StoreError::LastAdmin) } else { Ok(()) }
}

fn change(state: &mut State, user: UserId, with: impl FnOnce(&mut UserRecord)) -> StoreResult<()> {
    state.people.get_mut(&user).map(with).ok_or(StoreError::NotFound)
}

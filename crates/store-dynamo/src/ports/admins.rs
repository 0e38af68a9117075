//! The rights of users on the installation. At least one admin who can sign in is left: changes that take rights away
//! exclude each other by one counter, and look at the list of admins before.

use domain::UserId;
use service::ports::{StoreError, StoreResult, UserRecord, readable};

use super::people::contended;
use super::people_rows::{self as rows, ATTEMPTS, Changes, Refused};
use crate::item::{flag, id, number, word};
use crate::keys;
use crate::op::{Change, Op, When};
use crate::table_store::{Range, TableStore};

/// Users that are read at once to fill the list of admins.
const FILLED_AT_ONCE: usize = 200;

impl TableStore {
    /// Changes the role or the ban of a user. Costs a read and 2 WRU, and with the list of admins 4 to 6 WRU; to take an
    /// admin's rights away also a read of the list and one for each other admin.
    pub(super) async fn change_rights(
        &self,
        user: UserId,
        with: impl Fn(&mut UserRecord) + Send + Sync,
    ) -> StoreResult<()> {
        for _ in 0..ATTEMPTS {
            let old = self.record(user).await?.ok_or(StoreError::NotFound)?;
            let mut new = old.clone();
            with(&mut new);
            let change = Change::of(keys::profile(user)).set("ro", word(&new.user.role));
            let change = change.set("ba", flag(new.user.banned));
            let mut changes = Changes::default();
            changes.profile(Op::Update(change, rows::same_rights(&old)));
            changes.admin(Some(&old), &new.user);
            if !new.can_administer() {
                self.keep_an_admin(&mut changes, &old).await?;
            }
            match self.change(changes).await {
                Ok(()) => return Ok(()),
                Err(Refused::Moved) => {}
                Err(Refused::Other(error)) => return Err(error),
            }
        }
        Err(contended())
    }

    /// Refuses a change after which no admin could sign in. Adds the condition that no other admin loses the rights
    /// meanwhile.
    pub(super) async fn keep_an_admin(&self, changes: &mut Changes, of: &UserRecord) -> StoreResult<()> {
        if !of.can_administer() {
            return Ok(());
        }
        // Read before the list, so that what is decided on is not newer than the condition.
        let revoked = self.get(keys::admins_revoked()).await?.map(|row| row.number("n")).transpose()?;
        let listed = self.query(Range::all(keys::ADMINS)).await?;
        let others = listed.iter().map(|row| Ok(UserId(row.id("us")?))).collect::<StoreResult<Vec<_>>>()?;
        let others = others.into_iter().filter(|other| *other != of.user.id).map(keys::profile).collect();
        let others = self.get_all(others).await?;
        if !readable(others.iter().map(rows::record))?.iter().any(UserRecord::can_administer) {
            return Err(StoreError::LastAdmin);
        }

        let count = Change::of(keys::admins_revoked()).set("n", number(revoked.unwrap_or(0) + 1));
        changes.decided(Op::Update(count, When::same("n", revoked.map(number))));
        Ok(())
    }

    /// Lists the admins of a table of an older release, once for each table. Costs a read, and the first time one of all
    /// users and 2 WRU for each admin.
    pub(crate) async fn fill_admins(&self) -> StoreResult<()> {
        if self.get(keys::epoch()).await?.is_none_or(|row| row.flag("ad")) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let users = service::ports::UserStore::users_by_prefix(self, "", after.as_deref(), FILLED_AT_ONCE).await?;
            for admin in users.iter().filter(|user| user.role == domain::UserRole::Admin) {
                self.put(crate::item::Item::at(keys::admin(admin.id)).with("us", id(admin.id.0))).await?;
            }
            match users.last() {
                Some(last) if users.len() == FILLED_AT_ONCE => after = Some(last.name.folded()),
                _ => break,
            }
        }
        let filled = Change::of(keys::epoch()).set("ad", flag(true));
        self.write(vec![Op::Update(filled, When::Present)]).await.map_err(|error| error.or(StoreError::NotFound))
    }
}

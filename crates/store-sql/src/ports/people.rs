//! Implements `People`.

use async_trait::async_trait;
use domain::limits::BLOCKED_USERS;
use domain::name::{DisplayName, UserName};
use domain::{User, UserId, UserRole};
use service::ports::{NewUser, StoreError, StoreResult, UserRecord, UserStore, readable};
use sqlx::AssertSqlSafe;

use super::people_rows::{self as rows, USER};
use crate::connections::{SqlConnections, texts};
use crate::sql;

#[async_trait]
impl UserStore for SqlConnections {
    async fn create_user(&self, new: &NewUser) -> StoreResult<()> {
        let new = new.with_lower_case_emails();
        self.write(move |connection| {
            let new = new.clone();
            Box::pin(async move { rows::insert(connection, &new).await })
        })
        .await
    }

    async fn register(&self, new: &NewUser) -> StoreResult<User> {
        let new = new.with_lower_case_emails();
        self.write(move |connection| {
            let mut new = new.clone();
            Box::pin(async move {
                if !new.user.guest && rows::is_first_person(connection).await? {
                    new.user.role = UserRole::Admin;
                }
                rows::insert(connection, &new).await?;
                Ok(new.user)
            })
        })
        .await
    }

    async fn has_person(&self) -> StoreResult<bool> {
        Ok(self.one(sql::query(rows::ANY_PERSON)).await?.is_some())
    }

    async fn upgrade_guest(
        &self,
        user: UserId,
        name: &UserName,
        email: Option<&str>,
        password_hash: &str,
    ) -> StoreResult<User> {
        let (name, email, hash) = (name.clone(), email.map(str::to_lowercase), password_hash.to_owned());
        self.write(move |connection| {
            let (name, email, hash) = (name.clone(), email.clone(), hash.clone());
            Box::pin(async move {
                let guest = rows::read(connection, user).await?.filter(|row| row.user.guest);
                let mut row = guest.ok_or(StoreError::NotFound)?;
                if rows::is_first_person(connection).await? {
                    row.user.role = UserRole::Admin;
                }
                row.user.name = name;
                row.user.guest = false;
                row.set_email(email);
                row.password_hash = Some(hash);
                rows::update(connection, &row).await?;
                Ok(row.user)
            })
        })
        .await
    }

    async fn rename(&self, user: UserId, name: &UserName) -> StoreResult<()> {
        let name = name.clone();
        self.change(user, move |row| row.user.name = name.clone()).await
    }

    async fn set_display_name(&self, user: UserId, name: Option<&DisplayName>) -> StoreResult<()> {
        let name = name.cloned();
        self.change(user, move |row| row.user.display_name = name.clone()).await
    }

    async fn set_email(&self, user: UserId, email: Option<&str>) -> StoreResult<()> {
        let email = email.map(str::to_lowercase);
        self.change(user, move |row| row.set_email(email.clone())).await
    }

    async fn set_password(&self, user: UserId, password_hash: &str) -> StoreResult<()> {
        let hash = password_hash.to_owned();
        self.change(user, move |row| row.password_hash = Some(hash.clone())).await
    }

    async fn set_role(&self, user: UserId, role: UserRole) -> StoreResult<()> {
        self.change_rights(user, move |row| row.user.role = role).await
    }

    async fn set_banned(&self, user: UserId, banned: bool) -> StoreResult<()> {
        self.change_rights(user, move |row| row.user.banned = banned).await
    }

    async fn user(&self, user: UserId) -> StoreResult<Option<UserRecord>> {
        self.user_where("user_id = $1", user.to_string()).await
    }

    async fn users(&self, users: &[UserId]) -> StoreResult<Vec<User>> {
        let select = format!("SELECT {USER} FROM usr WHERE user_id");
        let found = self.all_in(&select, &[], &texts(users)).await?;
        readable(found.iter().map(|row| Ok(rows::record(row)?.user)))
    }

    async fn user_by_name(&self, folded: &str) -> StoreResult<Option<UserRecord>> {
        self.user_where("folded = $1", folded.to_owned()).await
    }

    async fn ids_by_names(&self, folded: &[String]) -> StoreResult<Vec<(String, UserId)>> {
        let found = self.all_in("SELECT folded, user_id FROM usr WHERE folded", &[], folded).await?;
        found.iter().map(|row| Ok((row.get("folded")?, row.parsed("user_id")?))).collect()
    }

    async fn user_by_email(&self, email: &str) -> StoreResult<Option<UserRecord>> {
        self.user_where("email = $1", email.to_lowercase()).await
    }

    async fn blocked_by(&self, users: &[UserId], other: UserId) -> StoreResult<Vec<UserId>> {
        let select = "SELECT user_id FROM block WHERE other = $1 AND user_id";
        let found = self.all_in(select, &[other.to_string()], &texts(users)).await?;
        found.iter().map(|row| row.parsed("user_id")).collect()
    }

    async fn blocks(&self, user: UserId) -> StoreResult<Vec<UserId>> {
        let query = "SELECT other FROM block WHERE user_id = $1 ORDER BY other LIMIT $2";
        let query = sql::query(query).bind(user.to_string()).bind(sql::limit(BLOCKED_USERS));
        self.all(query).await?.iter().map(|row| row.parsed("other")).collect()
    }

    async fn users_by_prefix(&self, prefix: &str, after: Option<&str>, limit: usize) -> StoreResult<Vec<User>> {
        let query = format!(
            "SELECT {USER} FROM usr WHERE folded >= $1 AND folded < $2 AND folded > $3 ORDER BY folded LIMIT $4"
        );
        let query = sql::query(AssertSqlSafe(query)).bind(prefix.to_owned()).bind(sql::prefix_end(prefix));
        let query = query.bind(after.unwrap_or_default().to_owned()).bind(sql::limit(limit));
        readable(self.all(query).await?.iter().map(|row| Ok(rows::record(row)?.user)))
    }
}

impl SqlConnections {
    async fn user_where(&self, condition: &str, value: String) -> StoreResult<Option<UserRecord>> {
        let query = format!("SELECT {USER} FROM usr WHERE {condition}");
        let row = self.one(sql::query(AssertSqlSafe(query)).bind(value)).await?;
        row.as_ref().map(rows::record).transpose()
    }

    /// Like [`SqlConnections::change`], but refuses a change after which no admin could sign in.
    async fn change_rights(
        &self,
        user: UserId,
        with: impl Fn(&mut UserRecord) + Send + Sync + 'static,
    ) -> StoreResult<()> {
        let with = std::sync::Arc::new(with);
        self.write(move |connection| {
            let with = with.clone();
            Box::pin(async move {
                let row = rows::read(connection, user).await?.ok_or(StoreError::NotFound)?;
                let mut changed = row.clone();
                with(&mut changed);
                if !changed.can_administer() {
                    rows::keep_an_admin(connection, &row).await?;
                }
                rows::update(connection, &changed).await
            })
        })
        .await
    }

    async fn change(&self, user: UserId, with: impl Fn(&mut UserRecord) + Send + Sync + 'static) -> StoreResult<()> {
        let with = std::sync::Arc::new(with);
        self.write(move |connection| {
            let with = with.clone();
            Box::pin(async move {
                let mut row = rows::read(connection, user).await?.ok_or(StoreError::NotFound)?;
                with(&mut row);
                rows::update(connection, &row).await
            })
        })
        .await
    }
}

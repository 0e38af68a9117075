//! A user's row: reads it, checks for taken names, writes it.

use domain::name::UserName;
use domain::{User, UserId};
use service::ports::{StoreError, StoreResult, UserRecord, held_keys, readable};
use stored::UserRest;

use crate::codec::{decoded, json, word};
use crate::database::{Connection, Row};
use crate::error::Fault;
use crate::sql;

/// The columns of a user, for `SELECT` on `usr`.
pub const USER: &str = "user_id, name, folded, email, guest, role, body";

pub fn record(row: &Row) -> StoreResult<UserRecord> {
    decoded("user", row, &["user_id"], read_record)
}

fn read_record(row: &Row) -> StoreResult<UserRecord> {
    let rest: UserRest = row.json("body")?;
    let user = User {
        id: row.parsed("user_id")?,
        name: UserName::from_stored(row.get("name")?),
        display_name: rest.display_name,
        guest: row.flag("guest")?,
        role: row.word("role")?,
        banned: rest.banned,
        deleted: rest.deleted,
        created_at: rest.created_at,
    };
    Ok(UserRecord { user, email: rest.email, sign_in_email: row.get("email")?, password_hash: rest.password_hash })
}

pub async fn read(connection: &mut dyn Connection, user: UserId) -> Result<Option<UserRecord>, Fault> {
    let select = "SELECT user_id, name, folded, email, guest, role, body FROM usr WHERE user_id = $1";
    let row = sql::query(select).bind(user.to_string()).fetch_optional(connection).await?;
    Ok(row.as_ref().map(record).transpose()?)
}

/// Selects any registered user.
pub const ANY_PERSON: &str = "SELECT 1 FROM usr WHERE guest = 0 LIMIT 1";

/// Returns whether there is no user without `guest` yet.
pub async fn is_first_person(connection: &mut dyn Connection) -> Result<bool, Fault> {
    Ok(sql::query(ANY_PERSON).fetch_optional(connection).await?.is_none())
}

/// Refuses a name or an address that another user has.
pub async fn check_free(connection: &mut dyn Connection, new: &UserRecord) -> Result<(), Fault> {
    let id = new.user.id.to_string();
    let name = sql::query("SELECT 1 FROM usr WHERE folded = $1 AND user_id <> $2");
    let name = name.bind(new.user.name.folded()).bind(id.clone());
    if name.fetch_optional(&mut *connection).await?.is_some() {
        return Err(StoreError::Taken("name").into());
    }
    // A user who has had the name since before this key was unique keeps it.
    let written = sql::query(
        "SELECT 1 FROM usr WHERE written = $1 AND user_id <> $2
         AND NOT EXISTS (SELECT 1 FROM usr WHERE user_id = $2 AND name = $3)",
    );
    let written = written.bind(new.user.name.written()).bind(id.clone()).bind(new.user.name.as_str().to_owned());
    if written.fetch_optional(&mut *connection).await?.is_some() {
        return Err(StoreError::Taken("name").into());
    }
    let held = held_keys(&new.user.name);
    let query = sql::query(
        "SELECT 1 FROM held_name WHERE k IN ($1, $2)
         AND NOT EXISTS (SELECT 1 FROM usr WHERE user_id = $3 AND name = $4)",
    );
    let query = query.bind(held[0].clone()).bind(held[1].clone()).bind(new.user.id.to_string());
    let query = query.bind(new.user.name.as_str().to_owned());
    if query.fetch_optional(&mut *connection).await?.is_some() {
        return Err(StoreError::Taken("name").into());
    }
    let Some(email) = &new.sign_in_email else { return Ok(()) };
    let email = sql::query("SELECT 1 FROM usr WHERE email = $1 AND user_id <> $2").bind(email.clone()).bind(id);
    if email.fetch_optional(connection).await?.is_some() {
        return Err(StoreError::Taken("email").into());
    }
    Ok(())
}

/// Refuses a change after which no admin could sign in. Its transaction is serializable, so of two admins who lose their
/// rights at the same time one fails here.
pub async fn keep_an_admin(connection: &mut dyn Connection, row: &UserRecord) -> Result<(), Fault> {
    if !row.can_administer() {
        return Ok(());
    }
    let sql = "SELECT user_id, name, folded, email, guest, role, body FROM usr WHERE role = 'admin'";
    let admins = sql::query(sql).fetch_all(connection).await?;
    let others = readable(admins.iter().map(record))?;
    match others.iter().any(|other| other.user.id != row.user.id && other.can_administer()) {
        true => Ok(()),
        false => Err(StoreError::LastAdmin.into()),
    }
}

pub async fn insert(connection: &mut dyn Connection, new: &UserRecord) -> Result<(), Fault> {
    check_free(connection, new).await?;
    if read(connection, new.user.id).await?.is_some() {
        return Err(StoreError::Taken("user").into());
    }
    let sql = "INSERT INTO usr (name, folded, email, guest, role, body, user_id, written)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    write(connection, sql, new).await
}

pub async fn update(connection: &mut dyn Connection, changed: &UserRecord) -> Result<(), Fault> {
    check_free(connection, changed).await?;
    let sql = "UPDATE usr SET name = $1, folded = $2, email = $3, guest = $4, role = $5, body = $6,
               written = CASE WHEN name = $1 THEN written ELSE $8 END WHERE user_id = $7";
    write(connection, sql, changed).await
}

async fn write(connection: &mut dyn Connection, sql: &'static str, row: &UserRecord) -> Result<(), Fault> {
    let rest = UserRest::new(&row.user, row.email.clone(), row.password_hash.clone());
    let query = sql::query(sql).bind(row.user.name.as_str().to_owned()).bind(row.user.name.folded());
    let query = query.bind(row.sign_in_email.clone()).bind(i64::from(row.user.guest)).bind(word(&row.user.role));
    let query = query.bind(json(&rest)).bind(row.user.id.to_string()).bind(row.user.name.written());
    query.execute(connection).await?;
    Ok(())
}

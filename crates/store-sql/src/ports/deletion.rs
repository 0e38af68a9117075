//! Implements `DeletionStore`.

use async_trait::async_trait;
use domain::name::UserName;
use domain::{RoomId, UserId};
use service::ports::{Deletion, DeletionStore, StoreError, StoreResult, held_keys};

use super::people_rows as rows;
use crate::connections::SqlConnections;
use crate::database::Row;
use crate::limits::ERASED_ROWS;
use crate::sql;

/// Deletes some of a user's notifications: the only rows of a user that may be many.
const ERASE_NOTIFICATIONS: &str = "DELETE FROM notif WHERE user_id = $1 AND (user_id, at, room, seq) IN
    (SELECT user_id, at, room, seq FROM notif WHERE user_id = $1 LIMIT $2)";

/// Deletes the other rows of a user.
const ERASE: [&str; 4] = [
    "DELETE FROM session WHERE user_id = $1",
    "DELETE FROM user_room WHERE user_id = $1",
    "DELETE FROM block WHERE user_id = $1",
    "DELETE FROM push WHERE user_id = $1",
];

#[async_trait]
impl DeletionStore for SqlConnections {
    async fn end_account(&self, deletion: Deletion, tombstone: &UserName) -> StoreResult<()> {
        let tombstone = tombstone.clone();
        self.write(move |connection| {
            let tombstone = tombstone.clone();
            Box::pin(async move {
                let old = rows::read(connection, deletion.user).await?.ok_or(StoreError::NotFound)?;
                if old.user.deleted {
                    return Ok(());
                }
                rows::keep_an_admin(connection, &old).await?;
                let owned = sql::query("SELECT 1 FROM usr WHERE user_id = $1 AND written IS NOT NULL");
                let owned = owned.bind(deletion.user.to_string()).fetch_optional(&mut *connection).await?.is_some();
                rows::update(connection, &old.ended(&tombstone)).await?;

                // A second key that another user has is theirs.
                for key in held_keys(&old.user.name).into_iter().take(if owned { 2 } else { 1 }) {
                    let hold = sql::query("INSERT INTO held_name (k) VALUES ($1) ON CONFLICT (k) DO NOTHING").bind(key);
                    hold.execute(connection).await?;
                }
                let list = "INSERT INTO deletion (user_id, messages, at) VALUES ($1, $2, $3)";
                let list = sql::query(list).bind(deletion.user.to_string()).bind(i64::from(deletion.messages));
                let list = list.bind(deletion.at.0);
                list.execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    async fn deletions(&self, limit: usize) -> StoreResult<Vec<Deletion>> {
        let query =
            sql::query("SELECT user_id, messages, at FROM deletion WHERE user_id > $1 ORDER BY user_id LIMIT $2");
        self.all(query.bind(String::new()).bind(sql::limit(limit))).await?.iter().map(deletion).collect()
    }

    async fn rooms_ever(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<RoomId>> {
        let sql = "SELECT room FROM user_room WHERE user_id = $1 AND room > $2 ORDER BY room LIMIT $3";
        let after = after.map(|room| room.to_string()).unwrap_or_default();
        let query = sql::query(sql).bind(user.to_string()).bind(after).bind(sql::limit(limit));
        self.all(query).await?.iter().map(|row| row.parsed("room")).collect()
    }

    async fn erase(&self, user: UserId) -> StoreResult<()> {
        let some = move || sql::query(ERASE_NOTIFICATIONS).bind(user.to_string()).bind(sql::limit(ERASED_ROWS));
        while self.execute(some).await? >= ERASED_ROWS as u64 {}

        self.write(move |connection| {
            Box::pin(async move {
                for statement in ERASE {
                    sql::query(statement).bind(user.to_string()).execute(connection).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn finish(&self, user: UserId) -> StoreResult<()> {
        let sql = "DELETE FROM deletion WHERE user_id = $1";
        self.execute(move || sql::query(sql).bind(user.to_string())).await.map(drop)
    }
}

fn deletion(row: &Row) -> StoreResult<Deletion> {
    Ok(Deletion { user: row.parsed("user_id")?, messages: row.flag("messages")?, at: row.time("at")? })
}

//! Implements `Notifications`.

use async_trait::async_trait;
use domain::{Notification, NotificationKey, Timestamp, UserId};
use service::ports::{NotificationPage, NotificationStore, StoreResult, readable};
use sqlx::AssertSqlSafe;
use stored::NotificationRecord;

use crate::codec::{decoded, int};
use crate::connections::SqlConnections;
use crate::database::{Row, Statement};
use crate::sql;

#[async_trait]
impl NotificationStore for SqlConnections {
    async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        before: Option<NotificationKey>,
        limit: usize,
    ) -> StoreResult<NotificationPage> {
        let unread = if unread_only { "AND seen IS NULL" } else { "" };
        let older = before.map_or("", |_| "AND (at, room, seq) < ($3, $4, $5)");
        let query = format!(
            "SELECT room, seq, seen, body FROM notif WHERE user_id = $1 AND state = 'there' {unread} {older}
             ORDER BY at DESC, room DESC, seq DESC LIMIT $2"
        );
        // One more than requested shows whether there is a next page.
        let asked = sql::limit(limit.saturating_add(1));
        let mut query = sql::query(AssertSqlSafe(query)).bind(user.to_string()).bind(asked);
        if let Some(key) = before {
            query = query.bind(key.at.0).bind(key.room.to_string()).bind(int(key.seq));
        }
        let rows = self.all(query).await?;
        let items = readable(rows.iter().take(limit).map(notification))?;
        let next = if rows.len() > limit { items.last().map(|last| last.key) } else { None };
        Ok(NotificationPage { items, next })
    }

    async fn get(&self, user: UserId, key: NotificationKey) -> StoreResult<Option<Notification>> {
        let query = "SELECT room, seq, seen, body FROM notif
                     WHERE user_id = $1 AND at = $2 AND room = $3 AND seq = $4 AND state = 'there'";
        self.one(of(query, user, key)).await?.as_ref().map(notification).transpose()
    }

    async fn known(&self, user: UserId, key: NotificationKey) -> StoreResult<bool> {
        let query = "SELECT 1 AS found FROM notif WHERE user_id = $1 AND at = $2 AND room = $3 AND seq = $4";
        Ok(self.one(of(query, user, key)).await?.is_some())
    }

    async fn unread(&self, user: UserId, cap: usize) -> StoreResult<usize> {
        let query = "SELECT COUNT(*) AS unread FROM
                     (SELECT 1 FROM notif WHERE user_id = $1 AND state = 'there' AND seen IS NULL LIMIT $2) AS few";
        let row = self.one(sql::query(query).bind(user.to_string()).bind(sql::limit(cap))).await?;
        let unread = row.map_or(Ok(0), |row| row.number("unread"))?;
        Ok(usize::try_from(unread).unwrap_or(cap))
    }

    async fn sweep(&self, now: Timestamp) -> StoreResult<u64> {
        self.execute(move || sql::query("DELETE FROM notif WHERE state = 'dropped' AND expires <= $1").bind(now.0))
            .await
    }
}

fn of(query: &'static str, user: UserId, key: NotificationKey) -> Statement {
    let query = sql::query(query).bind(user.to_string()).bind(key.at.0);
    query.bind(key.room.to_string()).bind(int(key.seq))
}

pub fn notification(row: &Row) -> StoreResult<Notification> {
    decoded("notification", row, &["room", "seq"], |row| {
        let read_at = row.get::<Option<i64>>("seen")?.map(Timestamp);
        Ok(Notification { read_at, ..row.json::<NotificationRecord>("body")?.0 })
    })
}

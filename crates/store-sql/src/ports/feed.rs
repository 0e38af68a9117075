//! Implements `Feed`.

use std::time::Duration;

use async_trait::async_trait;
use domain::{LogId, RoomId, Seq, Timestamp};
use service::ports::{Behind, FeedCursor, FeedStore, Fence, StoreResult};

use crate::codec::int;
use crate::connections::SqlConnections;
use crate::sql;

#[async_trait]
impl FeedStore for SqlConnections {
    async fn cursors(&self, room: RoomId) -> StoreResult<Vec<FeedCursor>> {
        let query = sql::query("SELECT consumer, seq FROM feed WHERE room = $1 ORDER BY consumer");
        let rows = self.all(query.bind(room.to_string())).await?;
        rows.iter().map(|row| Ok(FeedCursor { consumer: row.get("consumer")?, seq: row.number("seq")? })).collect()
    }

    async fn advance(&self, room: RoomId, consumer: &str, fence: Fence, seq: Seq) -> StoreResult<()> {
        let consumer = consumer.to_owned();
        let advanced = self.execute(move || {
            let sql = "INSERT INTO feed (room, consumer, seq, fence) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (room, consumer) DO UPDATE SET fence = excluded.fence,
                       seq = CASE WHEN excluded.seq > feed.seq THEN excluded.seq ELSE feed.seq END
                       WHERE excluded.fence >= feed.fence";
            let query = sql::query(sql).bind(room.to_string()).bind(consumer.clone());
            query.bind(int(seq)).bind(int(fence.0))
        });
        advanced.await.map(|_| ())
    }

    async fn lease(&self, name: &str, owner: &str, now: Timestamp, life: Duration) -> StoreResult<Option<Fence>> {
        let (name, owner, until) = (name.to_owned(), owner.to_owned(), now + life);
        self.write(move |connection| {
            let (name, owner) = (name.clone(), owner.clone());
            Box::pin(async move {
                // A late renewal counts as a new holder: another process may have believed the lease free.
                let sql = "INSERT INTO lease (name, owner, until, fence) VALUES ($1, $2, $3, 1)
                           ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until,
                           fence = CASE WHEN lease.until <= $4 THEN lease.fence + 1 ELSE lease.fence END
                           WHERE lease.until <= $4 OR lease.owner = excluded.owner RETURNING fence";
                let query = sql::query(sql).bind(name).bind(owner).bind(until.0).bind(now.0);
                let row = query.fetch_optional(connection).await?;
                Ok(row.map(|row| row.number("fence").map(Fence)).transpose()?)
            })
        })
        .await
    }

    async fn release(&self, name: &str, owner: &str) -> StoreResult<()> {
        let (name, owner) = (name.to_owned(), owner.to_owned());
        // The row stays, so that the next holder's fence is higher.
        let sql = "UPDATE lease SET until = 0 WHERE name = $1 AND owner = $2";
        self.execute(move || sql::query(sql).bind(name.clone()).bind(owner.clone())).await.map(|_| ())
    }

    async fn behind(&self, consumer: &str, after: Option<RoomId>, limit: usize) -> StoreResult<Behind> {
        let query = "SELECT l.log, l.head FROM log l
                     LEFT JOIN feed f ON f.room = substr(l.log, 3) AND f.consumer = $1
                     WHERE l.log > $2 AND l.log < 'r;' AND l.head > COALESCE(f.seq, 0) ORDER BY l.log LIMIT $3";
        let after = after.map_or("r:".to_owned(), |room| LogId::Room(room).to_string());
        let query = sql::query(query).bind(consumer.to_owned()).bind(after).bind(sql::limit(limit));
        let mut behind = Vec::new();
        for row in self.all(query).await? {
            if let LogId::Room(room) = row.parsed("log")? {
                behind.push((room, row.number("head")?));
            }
        }
        Ok(Behind::up_to(limit, behind))
    }
}

//! Implements `Marks`.

use async_trait::async_trait;
use domain::limits::MENTIONS_PER_ROW;
use domain::{RoomId, Seq, UserId};
use service::ports::{MarkRow, MarkStore, StoreError, StoreResult};

use crate::codec::{self, int, json};
use crate::connections::{SqlConnections, texts};
use crate::database::{Connection, Row};
use crate::error::Fault;
use crate::sql;

#[async_trait]
impl MarkStore for SqlConnections {
    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> StoreResult<MarkRow> {
        self.write(move |connection| {
            Box::pin(async move {
                let mut row = read(connection, user, room).await?.ok_or(StoreError::NotFound)?;
                if seq > row.read_seq {
                    row.read_seq = seq;
                    row.read_n = row.read_n.max(n);
                    row.mentions.retain(|mention| *mention > seq);
                    write(connection, user, room, &row).await?;
                }
                Ok(row)
            })
        })
        .await
    }

    async fn add_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        self.write(move |connection| {
            Box::pin(async move {
                let Some(mut row) = read(connection, user, room).await? else { return Ok(()) };
                let wanted = seq > row.read_seq && !row.mentions.contains(&seq);
                if wanted && row.mentions.len() < MENTIONS_PER_ROW {
                    row.mentions.push(seq);
                    row.mentions.sort_unstable();
                    write(connection, user, room, &row).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn drop_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        self.write(move |connection| {
            Box::pin(async move {
                let Some(mut row) = read(connection, user, room).await? else { return Ok(()) };
                if row.mentions.contains(&seq) {
                    row.mentions.retain(|mention| *mention != seq);
                    write(connection, user, room, &row).await?;
                }
                Ok(())
            })
        })
        .await
    }

    async fn marks(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<(UserId, MarkRow)>> {
        let select = "SELECT user_id, read_seq, read_n, mentions FROM user_room WHERE room = $1 AND user_id";
        let rows = self.all_in(select, &[room.to_string()], &texts(users)).await?;
        rows.iter().map(|row| Ok((row.parsed("user_id")?, mark(row)?))).collect()
    }
}

fn mark(row: &Row) -> StoreResult<MarkRow> {
    let read_seq = row.number("read_seq")?;
    Ok(MarkRow { read_seq, read_n: row.number("read_n")?, mentions: codec::mentions(row, read_seq)? })
}

async fn read(connection: &mut dyn Connection, user: UserId, room: RoomId) -> Result<Option<MarkRow>, Fault> {
    let query = sql::query("SELECT read_seq, read_n, mentions FROM user_room WHERE user_id = $1 AND room = $2");
    let row = query.bind(user.to_string()).bind(room.to_string()).fetch_optional(connection).await?;
    Ok(row.as_ref().map(mark).transpose()?)
}

async fn write(connection: &mut dyn Connection, user: UserId, room: RoomId, row: &MarkRow) -> Result<(), Fault> {
    let sql = "UPDATE user_room SET read_seq = $1, read_n = $2, mentions = $3 WHERE user_id = $4 AND room = $5";
    let query = sql::query(sql).bind(int(row.read_seq)).bind(int(row.read_n)).bind(json(&row.mentions));
    query.bind(user.to_string()).bind(room.to_string()).execute(connection).await?;
    Ok(())
}

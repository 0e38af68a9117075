//! Implements `Transfer`: reads all tables page by page, and fills an empty database.

mod rows;
mod tables;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Entry, Epoch, LogId, Seq, Timestamp};
use serde::{Deserialize, Serialize};
use service::ports::{RecordPage, StoreError, StoreResult, Transfer, TransferRecord, TransferState};
use sqlx::AssertSqlSafe;
use stored::Record;

use crate::codec::int;
use crate::connections::SqlConnections;
use crate::database::{Value, unreadable};
use crate::limits::{REMOVED_AT_ONCE, TRANSFER_ROWS};
use crate::schema;
use crate::sql;
use rows::NewRow;
use tables::TABLES;

/// Where a page begins: in this table, after the row with this key.
#[derive(Serialize, Deserialize)]
struct Position {
    table: usize,
    after: Option<Vec<KeyPart>>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum KeyPart {
    Int(i64),
    Text(String),
}

/// Tables that are emptied, each with its primary key.
const EMPTIED: [(&str, &str); 24] = [
    ("entry", "log, seq"),
    ("log", "log"),
    ("feed", "room, consumer"),
    ("usr", "user_id"),
    ("session", "session"),
    ("room", "room"),
    ("member", "room, user_id"),
    ("user_room", "user_id, room"),
    ("block", "user_id, other"),
    ("held_name", "k"),
    ("deletion", "user_id"),
    ("audit", "month, at, id"),
    ("pin", "room, seq"),
    ("thread", "room, root, seq"),
    ("react", "log, seq, emoji, user_id"),
    ("file", "file"),
    ("file_usage", "owner"),
    ("notif", "user_id, at, room, seq"),
    ("conn", "user_id, id"),
    ("socket", "id"),
    ("node", "node"),
    ("lease", "name"),
    ("ticket", "hash"),
    ("push", "user_id, id"),
];

#[async_trait]
impl Transfer for SqlConnections {
    async fn state(&self) -> StoreResult<TransferState> {
        let mark = sql::query("SELECT v FROM meta WHERE k = $1").bind(schema::INCOMPLETE.to_owned());
        if self.one(mark).await?.is_some() {
            return Ok(TransferState::Incomplete);
        }
        for name in TABLES.iter().map(|table| table.name).chain(["log", "entry"]) {
            let any = sql::query(AssertSqlSafe(format!("SELECT 1 AS found FROM {name} LIMIT 1")));
            if self.one(any).await?.is_some() {
                return Ok(TransferState::InUse);
            }
        }
        Ok(TransferState::Empty)
    }

    async fn begin(&self) -> StoreResult<()> {
        self.write(|connection| {
            Box::pin(async move { Ok(schema::set(connection, schema::INCOMPLETE, "a copy has begun").await?) })
        })
        .await
    }

    async fn clear(&self) -> StoreResult<()> {
        for (table, keys) in EMPTIED {
            let some = format!("DELETE FROM {table} WHERE ({keys}) IN (SELECT {keys} FROM {table} LIMIT $1)");
            loop {
                let some = some.clone();
                let removed = self.execute(move || sql::query(AssertSqlSafe(some.clone())).bind(REMOVED_AT_ONCE));
                if removed.await? == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn records(&self, after: Option<&str>, now: Timestamp) -> StoreResult<RecordPage> {
        let position = match after {
            None => Position { table: 0, after: None },
            Some(text) => serde_json::from_str(text).map_err(|_| unreadable("position", "it is none of this store"))?,
        };
        let Some(table) = TABLES.get(position.table) else { return Ok(RecordPage::default()) };
        let after: Option<Vec<Value>> = position.after.map(|parts| parts.into_iter().map(Value::from).collect());
        let rows = self.all(table.page(after.as_deref(), TRANSFER_ROWS)).await?;

        let mut page = RecordPage::default();
        for row in &rows {
            match (table.record)(row) {
                Ok(record) if record.is_expired(now) => {}
                Ok(record) => page.records.push(TransferRecord {
                    kind: record.kind(),
                    text: stored::to_json(&record),
                    file: record.file(),
                }),
                Err(StoreError::Unreadable { why, .. }) => {
                    page.unreadable.push(format!("{} {:?}: {why}", table.name, parts_of(&table.key_of(row)?)));
                }
                Err(error) => return Err(error),
            }
        }

        let next = match rows.last().filter(|_| rows.len() == TRANSFER_ROWS) {
            Some(last) => Position { table: position.table, after: Some(parts(table.key_of(last)?)) },
            None => Position { table: position.table + 1, after: None },
        };
        page.next = (next.table < TABLES.len()).then(|| stored::to_json(&next));
        Ok(page)
    }

    async fn put_records(&self, records: &[TransferRecord]) -> StoreResult<()> {
        let row = |record: &TransferRecord| {
            let decoded = stored::from_json::<Record>(&record.text).map_err(|why| unreadable("record", why))?;
            rows::row_of(&decoded)
        };
        let mut rows = records.iter().map(row).collect::<StoreResult<Vec<NewRow>>>()?;
        rows.sort_by_key(|row| row.into);
        self.insert(rows).await
    }

    async fn put_entries(&self, log: LogId, entries: &[Entry]) -> StoreResult<()> {
        let Some(last) = entries.last() else { return Ok(()) };
        let (head, n, at) = (int(last.seq), int(last.n), last.at.0);
        self.insert(entries.iter().map(|entry| rows::row_of_entry(log, entry)).collect()).await?;
        // Readers of the new epoch begin after everything that is copied, so no entry is a change for them.
        let sql = "INSERT INTO log (log, head, n, at, floor, chg) VALUES ($1, $2, $3, $4, 0, 0)
                   ON CONFLICT (log) DO UPDATE SET head = excluded.head, n = excluded.n, at = excluded.at";
        let name = log.to_string();
        self.execute(move || sql::query(sql).bind(name.clone()).bind(head).bind(n).bind(at)).await.map(drop)
    }

    async fn put_floor(&self, log: LogId, floor: Seq) -> StoreResult<()> {
        let name = log.to_string();
        let sql = "UPDATE log SET floor = $1 WHERE log = $2";
        self.execute(move || sql::query(sql).bind(int(floor)).bind(name.clone())).await.map(drop)
    }

    async fn finish(&self) -> StoreResult<Epoch> {
        self.count_members().await?;
        self.write(|connection| {
            Box::pin(async move {
                let epoch = schema::renew(connection).await?;
                schema::complete(connection).await?;
                Ok(epoch)
            })
        })
        .await
    }
}

impl SqlConnections {
    async fn insert(&self, rows: Vec<NewRow>) -> StoreResult<()> {
        let rows = Arc::new(rows);
        self.write(move |connection| {
            let rows = rows.clone();
            Box::pin(async move { Ok(rows::insert(connection, &rows).await?) })
        })
        .await
    }

    /// Counts the members of each room, some rooms at a time.
    async fn count_members(&self) -> StoreResult<()> {
        let mut after = String::new();
        loop {
            let query = sql::query("SELECT room FROM room WHERE room > $1 ORDER BY room LIMIT $2");
            let rows = self.all(query.bind(after.clone()).bind(sql::limit(TRANSFER_ROWS))).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            let (first, last) = (after, last.get::<String>("room")?);
            after = last.clone();
            let count = "UPDATE room SET members = (SELECT COUNT(*) FROM member m
                         WHERE m.room = room.room AND m.state = 'joined') WHERE room > $1 AND room <= $2";
            self.execute(move || sql::query(count).bind(first.clone()).bind(last.clone())).await?;
        }
    }
}

fn parts(key: Vec<Value>) -> Vec<KeyPart> {
    let part = |value| match value {
        Value::Int(Some(number)) => KeyPart::Int(number),
        Value::Text(Some(text)) => KeyPart::Text(text),
        other => unreachable!("a key of a table has a text or a number, not {other:?}"),
    };
    key.into_iter().map(part).collect()
}

/// Returns a key to be printed.
fn parts_of(key: &[Value]) -> String {
    stored::to_json(&parts(key.to_vec()))
}

impl From<KeyPart> for Value {
    fn from(part: KeyPart) -> Value {
        match part {
            KeyPart::Int(number) => number.into(),
            KeyPart::Text(text) => text.into(),
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;

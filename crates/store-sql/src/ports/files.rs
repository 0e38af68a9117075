//! Implements `Files`.

use async_trait::async_trait;
use domain::{File, FileId, FileState, RoomId, Timestamp, UserId};
use service::ports::{Charged, FileStore, Quota, StoreError, StoreResult, Usage, readable};
use sqlx::AssertSqlSafe;
use stored::FileRest;

use crate::codec::{decoded, int, json, word};
use crate::connections::{SqlConnections, texts};
use crate::database::{Connection, Row, Statement};
use crate::error::Fault;
use crate::sql;

/// Whose usage is that of all users.
pub const ALL: &str = "";

const FILE: &str = "file, room, user_id, seq, state, at, body";

#[async_trait]
impl FileStore for SqlConnections {
    async fn put(&self, file: &File, quota: Quota) -> StoreResult<Charged> {
        let file = file.clone();
        self.write(move |connection| {
            let file = file.clone();
            Box::pin(async move {
                let there = sql::query("SELECT file FROM file WHERE file = $1").bind(file.id.to_string());
                if there.fetch_optional(connection).await?.is_some() {
                    return Ok(Charged::Done);
                }
                let charged = used(connection, file.user).await?.check(file.counted_bytes().max(1), quota);
                if charged != Charged::Done {
                    return Ok(charged);
                }
                let sql = "INSERT INTO file (file, room, user_id, state, at, body) VALUES ($1, $2, $3, $4, $5, $6)";
                let query = sql::query(sql).bind(file.id.to_string()).bind(file.room.to_string());
                let query = query.bind(file.user.to_string()).bind(word(&FileState::Uploading)).bind(file.at.0);
                query.bind(json(&rest(&file))).execute(connection).await?;
                charge(connection, file.user, int(file.counted_bytes())).await?;
                Ok(Charged::Done)
            })
        })
        .await
    }

    async fn complete(&self, file: &File, quota: Quota) -> StoreResult<Charged> {
        let (id, user, new) = (file.id, file.user, rest(file));
        self.write(move |connection| {
            let new = new.clone();
            Box::pin(async move {
                let select = "SELECT body FROM file WHERE file = $1 AND state IN ('uploading', 'unsent')";
                let row = sql::query(select).bind(id.to_string()).fetch_optional(connection).await?;
                let old: FileRest = row.ok_or(StoreError::NotFound)?.json("body")?;
                let further = int(counted(&new)) - int(counted(&old));
                if further > 0 {
                    let charged = used(connection, user).await?.check(further.unsigned_abs(), quota);
                    if charged != Charged::Done {
                        return Ok(charged);
                    }
                }
                let body = json(&FileRest { name: old.name, ..new });
                let update = sql::query("UPDATE file SET state = 'unsent', body = $1 WHERE file = $2");
                update.bind(body).bind(id.to_string()).execute(connection).await?;
                charge(connection, user, further).await?;
                Ok(Charged::Done)
            })
        })
        .await
    }

    async fn usage(&self, user: UserId) -> StoreResult<Usage> {
        usage(&self.all(usage_of(user)).await?)
    }

    async fn drop_file(&self, file: FileId) -> StoreResult<()> {
        let sql = "UPDATE file SET state = 'dropped' WHERE file = $1";
        let dropped = self.execute(move || sql::query(sql).bind(file.to_string())).await?;
        if dropped == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    async fn drop_unsent(&self, file: FileId) -> StoreResult<bool> {
        let sql = "UPDATE file SET state = 'dropped' WHERE file = $1 AND state <> 'sent'";
        Ok(self.execute(move || sql::query(sql).bind(file.to_string())).await? == 1)
    }

    async fn forget(&self, file: FileId) -> StoreResult<()> {
        self.write(move |connection| {
            Box::pin(async move {
                let select = "SELECT user_id, body FROM file WHERE file = $1 AND state = 'dropped'";
                let row = sql::query(select).bind(file.to_string()).fetch_optional(connection).await?;
                let Some(row) = row else { return Ok(()) };
                let delete = sql::query("DELETE FROM file WHERE file = $1").bind(file.to_string());
                delete.execute(connection).await?;
                // What cannot be read was not counted by this release.
                let read = row.json::<FileRest>("body").and_then(|rest| Ok((row.parsed("user_id")?, counted(&rest))));
                match read {
                    Ok((user, bytes)) => Ok(charge(connection, user, -int(bytes)).await?),
                    Err(_) => Ok(()),
                }
            })
        })
        .await
    }

    async fn get(&self, file: FileId) -> StoreResult<Option<File>> {
        Ok(self.get_all(&[file]).await?.pop())
    }

    async fn get_all(&self, files: &[FileId]) -> StoreResult<Vec<File>> {
        let rows = self.all_in(&format!("SELECT {FILE} FROM file WHERE file"), &[], &texts(files)).await?;
        readable(rows.iter().map(decode))
    }

    async fn room_files(
        &self,
        room: RoomId,
        before: Option<(Timestamp, FileId)>,
        limit: usize,
    ) -> StoreResult<Vec<File>> {
        let older = before.map_or("", |_| "AND (at, file) < ($3, $4)");
        let query = format!(
            "SELECT {FILE} FROM file WHERE room = $1 AND state = 'sent' {older} ORDER BY at DESC, file DESC LIMIT $2"
        );
        let mut query = sql::query(AssertSqlSafe(query)).bind(room.to_string()).bind(sql::limit(limit));
        if let Some((at, file)) = before {
            query = query.bind(at.0).bind(file.to_string());
        }
        readable(self.all(query).await?.iter().map(decode))
    }

    async fn user_unsent(&self, user: UserId, limit: usize) -> StoreResult<Vec<File>> {
        let mut files: Vec<File> = Vec::new();
        // One statement for both would sort all of a user's files, while each of these stops at its limit.
        for state in ["uploading", "unsent"] {
            let query = format!(
                "SELECT {FILE} FROM file WHERE user_id = $1 AND state = '{state}' ORDER BY at DESC, file DESC LIMIT $2"
            );
            let query = sql::query(AssertSqlSafe(query)).bind(user.to_string()).bind(sql::limit(limit));
            files.extend(readable(self.all(query).await?.iter().map(decode))?);
        }
        files.sort_by_key(|file| std::cmp::Reverse((file.at, file.id)));
        files.truncate(limit);
        Ok(files)
    }

    async fn expired(&self, older_than: Timestamp, limit: usize) -> StoreResult<Vec<File>> {
        let query = format!(
            "SELECT {FILE} FROM file WHERE state = 'dropped' OR (state = 'uploading' AND at < $1)
             OR (state = 'unsent' AND at < $1) LIMIT $2"
        );
        let query = sql::query(AssertSqlSafe(query)).bind(older_than.0).bind(sql::limit(limit));
        readable(self.all(query).await?.iter().map(decode))
    }
}

/// Returns the rows of what counts for a user and for all.
fn usage_of(user: UserId) -> Statement {
    sql::query("SELECT owner, bytes FROM file_usage WHERE owner IN ($1, $2)")
        .bind(user.to_string())
        .bind(ALL.to_owned())
}

fn usage(rows: &[Row]) -> StoreResult<Usage> {
    let mut usage = Usage::default();
    for row in rows {
        let bytes = row.get::<i64>("bytes")?.max(0).unsigned_abs();
        match row.get::<String>("owner")?.as_str() {
            ALL => usage.all = bytes,
            _ => usage.user = bytes,
        }
    }
    Ok(usage)
}

/// Returns what counts, in a transaction that will change it.
async fn used(connection: &mut dyn Connection, user: UserId) -> Result<Usage, Fault> {
    Ok(usage(&usage_of(user).fetch_all(connection).await?)?)
}

/// Adds to what counts for a user and for all.
async fn charge(connection: &mut dyn Connection, user: UserId, bytes: i64) -> Result<(), sqlx::Error> {
    if bytes == 0 {
        return Ok(());
    }
    for owner in [user.to_string(), ALL.to_owned()] {
        let sql = "INSERT INTO file_usage (owner, bytes) VALUES ($1, $2)
                   ON CONFLICT (owner) DO UPDATE SET bytes = file_usage.bytes + excluded.bytes";
        sql::query(sql).bind(owner).bind(bytes).execute(connection).await?;
    }
    Ok(())
}

fn counted(rest: &FileRest) -> u64 {
    if rest.counted { rest.size } else { 0 }
}

pub fn rest(file: &File) -> FileRest {
    FileRest {
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        size: file.size,
        digest: file.digest.clone(),
        picture: file.picture,
        metadata: file.metadata,
        counted: file.counted,
    }
}

pub fn decode(row: &Row) -> StoreResult<File> {
    decoded("file", row, &["file"], read)
}

fn read(row: &Row) -> StoreResult<File> {
    let rest: FileRest = row.json("body")?;
    Ok(File {
        id: row.parsed("file")?,
        room: row.parsed("room")?,
        user: row.parsed("user_id")?,
        seq: row.get::<Option<i64>>("seq")?.and_then(|seq| u64::try_from(seq).ok()),
        state: row.word("state")?,
        at: row.time("at")?,
        name: rest.name,
        content_type: rest.content_type,
        size: rest.size,
        digest: rest.digest,
        picture: rest.picture,
        metadata: rest.metadata,
        counted: rest.counted,
    })
}

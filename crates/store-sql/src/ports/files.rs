//! Implements `Files`.

use async_trait::async_trait;
use domain::{File, FileId, FileState, RoomId, Timestamp, UserId};
use service::ports::{FileStore, StoreError, StoreResult, readable};
use sqlx::AssertSqlSafe;
use stored::FileRest;

use crate::codec::{decoded, json, word};
use crate::connections::{SqlConnections, texts};
use crate::database::Row;
use crate::sql;

const FILE: &str = "file, room, user_id, seq, state, at, body";

#[async_trait]
impl FileStore for SqlConnections {
    async fn put(&self, file: &File) -> StoreResult<()> {
        let file = file.clone();
        let put = self.execute(move || {
            let sql = "INSERT INTO file (file, room, user_id, state, at, body) VALUES ($1, $2, $3, $4, $5, $6)
                       ON CONFLICT (file) DO NOTHING";
            let query = sql::query(sql).bind(file.id.to_string()).bind(file.room.to_string());
            let query = query.bind(file.user.to_string()).bind(word(&FileState::Uploading)).bind(file.at.0);
            query.bind(json(&rest(&file)))
        });
        put.await.map(|_| ())
    }

    async fn complete(&self, file: &File) -> StoreResult<()> {
        let (id, new) = (file.id, rest(file));
        self.write(move |connection| {
            let new = new.clone();
            Box::pin(async move {
                let select = "SELECT body FROM file WHERE file = $1 AND state IN ('uploading', 'unsent')";
                let row = sql::query(select).bind(id.to_string()).fetch_optional(&mut *connection).await?;
                let old: FileRest = row.ok_or(StoreError::NotFound)?.json("body")?;
                let body = json(&FileRest { name: old.name, ..new });
                let update = sql::query("UPDATE file SET state = 'unsent', body = $1 WHERE file = $2");
                update.bind(body).bind(id.to_string()).execute(connection).await?;
                Ok(())
            })
        })
        .await
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
        let sql = "DELETE FROM file WHERE file = $1 AND state = 'dropped'";
        self.execute(move || sql::query(sql).bind(file.to_string())).await.map(|_| ())
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

fn rest(file: &File) -> FileRest {
    FileRest {
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        size: file.size,
        digest: file.digest.clone(),
        picture: file.picture,
    }
}

fn decode(row: &Row) -> StoreResult<File> {
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
    })
}

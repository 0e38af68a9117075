//! Implements `RoomLog`.

use async_trait::async_trait;
use domain::{Body, Entry, EntryKey, Epoch, LogId, RoomId, RowWrite, Seq};
use service::limits::ENTRY_BYTES;
use service::ports::{
    AppendError, Appended, ChangedLogs, ChangesCursor, KeyRange, LogPage, PageFrom, RoomLog, StoreResult, Tip,
    last_within,
};

use sqlx::AssertSqlSafe;

use crate::codec::{self, ENTRY, EntryRow, int};
use crate::connections::{SqlConnections, texts};
use crate::database::Row;
use crate::limits::KEY_ROWS;
use crate::sql;

/// Entries that one step of `raise_floor` blanks: few, so that appends do not wait long.
const FLOOR_STEP: u64 = 256;

// The seqs come from an index that contains only messages, the messages by key.
pub const PAGE_BACK: &str = "SELECT seq, n, by_id, id, at, v, body FROM entry WHERE log = $1 AND seq IN
    (SELECT seq FROM entry WHERE log = $1 AND seq < $2 AND kind = 'message' ORDER BY seq DESC LIMIT $3) ORDER BY seq";
pub const PAGE_FORWARD: &str = "SELECT seq, n, by_id, id, at, v, body FROM entry WHERE log = $1 AND seq IN
    (SELECT seq FROM entry WHERE log = $1 AND seq > $2 AND kind = 'message' ORDER BY seq LIMIT $3) ORDER BY seq";

// `octet_length` reads the length of a long body from its row, not the body itself.
const WITHIN: &str = "SELECT seq, n, by_id, id, at, v, body FROM entry WHERE log = $1 AND seq >= $2 AND seq <=
    (SELECT COALESCE(MIN(few.seq), $3) FROM
        (SELECT seq, SUM(octet_length(body) + $5) OVER (ORDER BY seq) AS filled FROM entry
         WHERE log = $1 AND seq >= $2 AND seq <= $3) few
     WHERE few.filled >= $4) ORDER BY seq";

#[async_trait]
impl RoomLog for SqlConnections {
    async fn epoch(&self) -> StoreResult<Epoch> {
        let row = self.one(sql::query("SELECT v AS epoch FROM meta WHERE k = 'epoch'")).await?;
        self.epoch_of(row.as_ref().ok_or_else(codec::no_epoch)?)
    }

    async fn tip(&self, log: LogId) -> StoreResult<Tip> {
        // One statement, so that head and epoch belong together.
        let query = "SELECT m.v AS epoch, COALESCE(l.head, 0) AS head, COALESCE(l.n, 0) AS n, COALESCE(l.at, 0) AS at
                     FROM meta m LEFT JOIN log l ON l.log = $1 WHERE m.k = 'epoch'";
        let row = self.one(sql::query(query).bind(log.to_string())).await?.ok_or_else(codec::no_epoch)?;
        let head = codec::head(&row)?;
        Ok(Tip::from_store(self.epoch_of(&row)?, head.seq, head.n, head.at))
    }

    async fn append(&self, log: LogId, after: &Tip, entries: &[Entry], row_writes: &[RowWrite]) -> Appended {
        if let Err(why) = after.check(entries) {
            debug_assert!(false, "{why}");
            return Err(AppendError::Unavailable { why, retry_ms: 1_000 });
        }
        SqlConnections::append(self, log, after, entries, row_writes).await
    }

    async fn read(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<Vec<Entry>> {
        let query = "SELECT seq, n, by_id, id, at, v, body FROM entry
                     WHERE log = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq";
        entries(log, &self.all(sql::query(query).bind(log.to_string()).bind(int(from)).bind(int(to))).await?)
    }

    async fn read_within(&self, log: LogId, from: Seq, to: Seq, bytes: usize) -> StoreResult<Vec<Entry>> {
        let to = last_within(from, to, bytes);
        let query = sql::query(WITHIN).bind(log.to_string()).bind(int(from)).bind(int(to));
        let query = query.bind(int(bytes as u64)).bind(int(ENTRY_BYTES as u64));
        entries(log, &self.all(query).await?)
    }

    async fn read_keys(&self, log: LogId, from: Seq, to: Seq) -> StoreResult<KeyRange> {
        // The body is the last column, so the pages of a long one are not even read.
        let query = "SELECT seq, by_id, id, at, kind FROM entry
                     WHERE log = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq LIMIT $4";
        let (mut keys, mut from): (Vec<EntryKey>, Seq) = (Vec::new(), from);
        loop {
            // In steps, so that the rows of a step are freed before the next step is read.
            let query = sql::query(query).bind(log.to_string()).bind(int(from)).bind(int(to));
            let rows = self.all(query.bind(sql::limit(KEY_ROWS))).await?;
            keys.extend(rows.iter().map(codec::entry_key).collect::<StoreResult<Vec<_>>>()?);
            match keys.last() {
                Some(last) if rows.len() == KEY_ROWS => from = last.seq + 1,
                _ => return Ok(KeyRange::of(keys)),
            }
        }
    }

    async fn read_back(&self, log: LogId, before: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        let query = sql::query(PAGE_BACK).bind(log.to_string()).bind(int(before)).bind(sql::limit(limit));
        entries(log, &self.all(query).await?)
    }

    async fn read_forward(&self, log: LogId, after: Seq, limit: usize) -> StoreResult<Vec<Entry>> {
        let query = sql::query(PAGE_FORWARD).bind(log.to_string()).bind(int(after)).bind(sql::limit(limit));
        entries(log, &self.all(query).await?)
    }

    async fn messages(&self, log: LogId, seqs: &[Seq]) -> StoreResult<Vec<Entry>> {
        let select = format!("SELECT {ENTRY} FROM entry WHERE kind = 'message' AND log = $1 AND seq");
        let seqs: Vec<i64> = seqs.iter().map(|seq| int(*seq)).collect();
        let mut found = entries(log, &self.all_in(&select, &[log.to_string()], &seqs).await?)?;
        found.sort_by_key(|entry| entry.seq);
        found.dedup_by_key(|entry| entry.seq);
        Ok(found)
    }

    async fn messages_of(&self, places: &[(RoomId, Seq)]) -> StoreResult<Vec<(RoomId, Entry)>> {
        let mut found = Vec::new();
        for some in places.chunks(sql::ROWS) {
            let some = sql::padded(some);
            let rows = sql::rows(some.len(), 2);
            let select =
                format!("SELECT log, {ENTRY} FROM entry WHERE kind = 'message' AND (log, seq) IN (VALUES {rows})");
            let query = some.iter().fold(sql::query(AssertSqlSafe(select)), |query, (room, seq)| {
                query.bind(LogId::Room(*room).to_string()).bind(int(*seq))
            });
            for row in self.all(query).await? {
                let log: LogId = row.parsed("log")?;
                let entry = codec::entry(log, &row)?;
                found.extend(log.room().map(|room| (room, entry)));
            }
        }
        Ok(found)
    }

    async fn changes(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        self.changed_since(cursor).await
    }

    async fn page(&self, log: LogId, from: PageFrom, limit: usize, min_seq: Option<Seq>) -> StoreResult<LogPage> {
        if let Some(min_seq) = min_seq
            && let Some(page) = self.backend.replica_page(log, from, limit, min_seq).await
        {
            return Ok(page);
        }
        service::ports::strong_page(self, log, from, limit).await
    }

    async fn raise_floor(&self, log: LogId, floor: Seq) -> StoreResult<()> {
        while !self.raise_floor_by_a_step(log, floor).await? {}
        Ok(())
    }

    async fn floor(&self, log: LogId) -> StoreResult<Seq> {
        let row = self.one(sql::query("SELECT floor FROM log WHERE log = $1").bind(log.to_string())).await?;
        row.map_or(Ok(0), |row| row.number("floor"))
    }

    async fn all_logs(&self, after: Option<LogId>, limit: usize) -> StoreResult<Vec<(LogId, Seq)>> {
        let query = sql::query("SELECT log, head FROM log WHERE log > $1 ORDER BY log LIMIT $2");
        let after = after.map(|log| log.to_string()).unwrap_or_default();
        let rows = self.all(query.bind(after).bind(sql::limit(limit))).await?;
        rows.iter().map(codec::log_head).collect()
    }
}

impl SqlConnections {
    /// Returns the epoch that the database reported. It is never cached: a restored database has another one, and every
    /// later answer to this process belongs to that one.
    fn epoch_of(&self, row: &Row) -> StoreResult<Epoch> {
        let epoch = row.parsed("epoch")?;
        self.backend.note_epoch(epoch);
        Ok(epoch)
    }

    /// Blanks one step. Returns whether the floor is as high as requested, or as the head.
    async fn raise_floor_by_a_step(&self, log: LogId, asked: Seq) -> StoreResult<bool> {
        self.write(move |connection| {
            Box::pin(async move {
                let name = log.to_string();
                // An update, so that appends wait for this step from its beginning on.
                let row = "UPDATE log SET floor = floor WHERE log = $1 RETURNING head, floor";
                let row = sql::query(row).bind(name.clone());
                let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(true) };
                let (head, floor) = (row.number("head")?, row.number("floor")?);
                let asked = asked.min(head);
                let step = asked.min(floor + FLOOR_STEP);
                if step <= floor {
                    return Ok(true);
                }
                let select = "SELECT seq, n, by_id, id, at, v, body FROM entry
                              WHERE log = $1 AND seq > $2 AND seq <= $3";
                let select = sql::query(select).bind(name.clone()).bind(int(floor)).bind(int(step));
                let mut files = Vec::new();
                for mut entry in entries(log, &select.fetch_all(&mut *connection).await?)? {
                    files.extend(entry.message().map(|message| texts(&message.files)).unwrap_or_default());
                    let before = entry.body.clone();
                    entry.body.blank();
                    if before == entry.body {
                        continue;
                    }
                    let row = EntryRow::encode(&entry);
                    let deleted = matches!(entry.body, Body::Message(_));
                    let update = "UPDATE entry SET body = $1, deleted = $2 WHERE log = $3 AND seq = $4";
                    let update = sql::query(update).bind(row.body).bind(i64::from(deleted));
                    update.bind(name.clone()).bind(int(entry.seq)).execute(&mut *connection).await?;
                }
                for file in files {
                    let update = sql::query("UPDATE file SET state = 'dropped' WHERE file = $1");
                    update.bind(file).execute(&mut *connection).await?;
                }
                let update = sql::query("UPDATE log SET floor = $1 WHERE log = $2");
                update.bind(int(step)).bind(name).execute(&mut *connection).await?;
                Ok(step == asked)
            })
        })
        .await
    }
}

pub fn entries(log: LogId, rows: &[Row]) -> StoreResult<Vec<Entry>> {
    rows.iter().map(|row| codec::entry(log, row)).collect()
}

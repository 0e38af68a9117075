//! Implements `RoomLog::changes`: which logs were appended to since the last look.
//!
//! `log.chg` is the transaction in which a log was last appended to. On SQLite transactions commit in the order of
//! their numbers. On PostgreSQL one with a lower number may commit after one with a higher, even much later. So a
//! cursor is the whole snapshot of the last look, and what that one did not see yet is new to this one.

use domain::{Epoch, LogId, Seq};
use service::ports::{ChangedLogs, ChangesCursor, RoomLog as _, StoreResult};

use crate::connections::SqlConnections;
use crate::database::Row;
use crate::dialect::Dialect;
use crate::sql;

impl SqlConnections {
    pub async fn changed_since(&self, cursor: Option<&ChangesCursor>) -> StoreResult<ChangedLogs> {
        // Read before the look: if the epoch changes in between, the cursor gets the old one, and the next look
        // notices.
        let epoch = self.epoch().await?;
        let since = cursor.and_then(|cursor| look_of(cursor, epoch));
        let is_lost = cursor.is_some() && since.is_none();
        match self.reads.dialect() {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => {
                let since = since.and_then(|since| since.parse().ok());
                self.by_counter(epoch, since, is_lost || (cursor.is_some() && since.is_none())).await
            }
            #[cfg(feature = "postgres")]
            Dialect::Postgres => {
                let since = since.and_then(Snapshot::parse);
                self.by_snapshot(epoch, since, is_lost || (cursor.is_some() && since.is_none())).await
            }
        }
    }

    #[cfg(feature = "sqlite")]
    async fn by_counter(&self, epoch: Epoch, since: Option<i64>, lost: bool) -> StoreResult<ChangedLogs> {
        let Some(since) = since else {
            let row = self.one(sql::query("SELECT COALESCE(MAX(chg), 0) AS chg FROM log")).await?;
            let now = row.map_or(Ok(0), |row| row.get("chg"))?;
            return Ok(changed(epoch, Vec::new(), &now.to_string(), lost));
        };
        let rows = self.all(sql::query("SELECT log, head, chg FROM log WHERE chg > $1").bind(since)).await?;
        let mut next = since;
        for row in &rows {
            next = next.max(row.get("chg")?);
        }
        Ok(changed(epoch, rows.iter().map(head).collect::<StoreResult<_>>()?, &next.to_string(), false))
    }

    #[cfg(feature = "postgres")]
    async fn by_snapshot(&self, epoch: Epoch, since: Option<Snapshot<'_>>, lost: bool) -> StoreResult<ChangedLogs> {
        let Some(since) = since else {
            let row = self.one(sql::query("SELECT pg_current_snapshot()::text AS look")).await?;
            let now = row.map_or(Ok(String::new()), |row| row.get("look"))?;
            return Ok(changed(epoch, Vec::new(), &now, lost));
        };
        // One statement, so that exactly what it does not see is missing from its snapshot.
        let query = "SELECT now.look, l.log, l.head FROM (SELECT pg_current_snapshot()::text AS look) AS now
                     LEFT JOIN log l ON l.chg >= $1 AND NOT pg_visible_in_snapshot(l.chg::text::xid8, $2::pg_snapshot)";
        let rows = self.all(sql::query(query).bind(since.oldest).bind(since.text.to_owned())).await?;
        let now = rows.first().map_or(Ok(String::new()), |row| row.get("look"))?;
        if Snapshot::parse(&now).is_none_or(|now| now.next < since.next) {
            // Another server continued from an earlier moment: its new transactions have numbers that this cursor has
            // seen.
            return Ok(changed(epoch, Vec::new(), &now, true));
        }
        let mut logs = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.get::<Option<String>>("log")?.is_some() {
                logs.push(head(row)?);
            }
        }
        Ok(changed(epoch, logs, &now, false))
    }
}

/// Returns a cursor's look, or `None` if it has another epoch or is not one of ours.
fn look_of(cursor: &ChangesCursor, epoch: Epoch) -> Option<&str> {
    let (of, look) = cursor.0.split_once('.')?;
    if of.parse() == Ok(epoch) { Some(look) } else { None }
}

fn changed(epoch: Epoch, logs: Vec<(LogId, Seq)>, next: &str, lost: bool) -> ChangedLogs {
    ChangedLogs { epoch, logs, next: ChangesCursor(format!("{epoch}.{next}")), lost }
}

fn head(row: &Row) -> StoreResult<(LogId, Seq)> {
    Ok((row.parsed("log")?, row.number("head")?))
}

/// Parses `oldest:next:running,…`, as <https://www.postgresql.org/docs/current/functions-info.html> describes
/// `pg_snapshot`.
#[cfg(feature = "postgres")]
#[derive(Clone, Copy)]
struct Snapshot<'t> {
    text: &'t str,
    /// All transactions before this one had ended.
    oldest: i64,
    /// Neither this one nor any later one had begun.
    next: i64,
}

#[cfg(feature = "postgres")]
impl Snapshot<'_> {
    fn parse(text: &str) -> Option<Snapshot<'_>> {
        let mut parts = text.splitn(3, ':');
        let (oldest, next) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let running = parts.next()?;
        let is_list = running.is_empty() || running.split(',').all(|id| id.parse::<i64>().is_ok());
        is_list.then_some(Snapshot { text, oldest, next })
    }
}

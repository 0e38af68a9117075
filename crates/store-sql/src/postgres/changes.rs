//! Which logs were appended to since the last look. A transaction with a lower number may commit after one with a
//! higher, even much later. So a look is a whole snapshot, and what that one did not see yet is new to this one.

use service::ports::StoreResult;

use super::backend::PostgresBackend;
use crate::backend::{Backend as _, Changes};
use crate::{codec, sql};

pub async fn since(backend: &PostgresBackend, look: Option<&str>) -> StoreResult<Changes> {
    let Some(since) = look.and_then(Snapshot::parse) else {
        let row = backend.one(sql::query("SELECT pg_current_snapshot()::text AS look")).await?;
        let now = row.map_or(Ok(String::new()), |row| row.get("look"))?;
        return Ok(Changes { logs: Vec::new(), look: now, lost: look.is_some() });
    };

    // One statement, so that exactly what it does not see is missing from its snapshot.
    let query = "SELECT now.look, l.log, l.head FROM (SELECT pg_current_snapshot()::text AS look) AS now
                 LEFT JOIN log l ON l.chg >= $1 AND NOT pg_visible_in_snapshot(l.chg::text::xid8, $2::pg_snapshot)";
    let rows = backend.all(sql::query(query).bind(since.oldest).bind(since.text.to_owned())).await?;
    let now = rows.first().map_or(Ok(String::new()), |row| row.get("look"))?;
    if Snapshot::parse(&now).is_none_or(|now| now.next < since.next) {
        // Another server continued from an earlier moment: its new transactions have numbers that this cursor has
        // seen.
        return Ok(Changes { logs: Vec::new(), look: now, lost: true });
    }

    let mut logs = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.get::<Option<String>>("log")?.is_some() {
            logs.push(codec::log_head(row)?);
        }
    }
    Ok(Changes { logs, look: now, lost: false })
}

/// Parses `oldest:next:running,…`, as <https://www.postgresql.org/docs/current/functions-info.html> describes
/// `pg_snapshot`.
#[derive(Clone, Copy)]
struct Snapshot<'t> {
    text: &'t str,
    /// All transactions before this one had ended.
    oldest: i64,
    /// Neither this one nor any later one had begun.
    next: i64,
}

impl Snapshot<'_> {
    fn parse(text: &str) -> Option<Snapshot<'_>> {
        let mut parts = text.splitn(3, ':');
        let (oldest, next) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let running = parts.next()?;
        let is_list = running.is_empty() || running.split(',').all(|id| id.parse::<i64>().is_ok());
        is_list.then_some(Snapshot { text, oldest, next })
    }
}

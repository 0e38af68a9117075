//! The appends of many logs in one transaction.
//!
//! Everything is decided before the first row is written, under the write lock: the epoch, each log's
//! head, each claimed slug. So one log's conflict costs the others nothing.

use std::collections::HashMap;

use domain::{Effect, LogId, RoomId};
use service::ports::{AppendError, Appended, Tip};
use sqlx::{AssertSqlSafe, Row as _};
use tokio::sync::oneshot;

use super::effects;
use crate::codec::{EntryRow, int};
use crate::dialect::Connection;
use crate::error::Failure;
use crate::sql::{self, ROWS};

/// An append that waits.
pub struct Append {
    pub log: LogId,
    pub after: Tip,
    pub rows: Vec<EntryRow>,
    pub effects: Vec<Effect>,
    decided: Option<Appended>,
    answer: oneshot::Sender<Appended>,
}

impl Append {
    pub fn new(
        log: LogId,
        after: Tip,
        rows: Vec<EntryRow>,
        effects: Vec<Effect>,
        answer: oneshot::Sender<Appended>,
    ) -> Append {
        Append { log, after, rows, effects, decided: None, answer }
    }

    fn is_accepted(&self) -> bool {
        matches!(self.decided, Some(Ok(_)))
    }

    /// Tells the caller how it ended.
    pub fn answer(self, ended: Result<(), &Failure>) {
        let appended = match ended {
            Ok(()) => self.decided.unwrap_or(Err(AppendError::Unknown)),
            Err(Failure::Unavailable { why, retry_ms }) => {
                Err(AppendError::Unavailable { why: why.clone(), retry_ms: *retry_ms })
            }
            Err(Failure::Row(why)) => Err(AppendError::Unavailable { why: why.clone(), retry_ms: 1_000 }),
            // What was refused would not have been written either way.
            Err(Failure::Unclear(_)) if self.decided.as_ref().is_some_and(Result::is_err) => {
                self.decided.expect("it was just looked at")
            }
            Err(Failure::Unclear(_)) => Err(AppendError::Unknown),
        };
        // The caller may have gone; what is written stays.
        let _ = self.answer.send(appended);
    }
}

/// The last entry of a log.
#[derive(Clone, Copy)]
struct LogHead {
    seq: i64,
}

/// Decides and writes; returns how many entries. After a rollback it may be run again.
pub async fn run(connection: &mut Connection, appends: &mut [Append]) -> Result<u64, sqlx::Error> {
    if appends.is_empty() {
        return Ok(0);
    }
    let moment = "SELECT (SELECT v FROM meta WHERE k = 'epoch') AS epoch,
                         (SELECT COALESCE(MAX(chg), 0) + 1 FROM log) AS chg";
    let moment = sql::query(moment).fetch_one(&mut *connection).await?;
    let (epoch, change): (String, i64) = (moment.try_get("epoch")?, moment.try_get("chg")?);
    let mut heads = read_heads(connection, appends).await?;
    let mut slugs = HashMap::new();
    for append in appends.iter_mut() {
        let decided = decide(connection, append, &epoch, &heads, &mut slugs).await?;
        if let Ok(tip) = &decided {
            heads.insert(append.log, LogHead { seq: int(tip.seq()) });
        }
        append.decided = Some(decided);
    }
    let accepted: Vec<&Append> = appends.iter().filter(|append| append.is_accepted()).collect();
    let written = insert_entries(connection, &accepted).await?;
    write_heads(connection, &accepted, change).await?;
    for append in accepted {
        effects::apply(connection, append).await?;
    }
    Ok(written)
}

async fn decide(
    connection: &mut Connection,
    append: &Append,
    epoch: &str,
    heads: &HashMap<LogId, LogHead>,
    slugs: &mut HashMap<String, RoomId>,
) -> Result<Appended, sqlx::Error> {
    if append.after.epoch().to_string() != epoch {
        return Ok(Err(AppendError::OtherEpoch));
    }
    let head = heads.get(&append.log).map_or(0, |head| head.seq);
    if head != int(append.after.seq()) {
        return Ok(Err(AppendError::Conflict { slot: None }));
    }
    for effect in &append.effects {
        let Effect::Room(room) = effect else { continue };
        let Some(slug) = &room.slug else { continue };
        let owner = sql::query("SELECT room FROM room WHERE slug = $1 AND room <> $2");
        let owner = owner.bind(slug.as_str().to_owned()).bind(room.id.to_string());
        let claimed = slugs.get(slug.as_str()).is_some_and(|by| *by != room.id);
        if claimed || owner.fetch_optional(&mut *connection).await?.is_some() {
            return Ok(Err(AppendError::Taken("slug")));
        }
        slugs.insert(slug.as_str().to_owned(), room.id);
    }
    let Some(last) = append.rows.last() else { return Ok(Err(AppendError::Conflict { slot: None })) };
    Ok(Ok(Tip::from_store(append.after.epoch(), last.seq, last.n, last.at)))
}

async fn read_heads(connection: &mut Connection, appends: &[Append]) -> Result<HashMap<LogId, LogHead>, sqlx::Error> {
    let mut heads = HashMap::new();
    for some in appends.chunks(sql::IN_LIST) {
        let names: Vec<(String, LogId)> = some.iter().map(|append| (append.log.to_string(), append.log)).collect();
        let padded = sql::padded(&names);
        let select = format!("SELECT log, head FROM log WHERE log IN ({})", sql::list(1, padded.len()));
        let mut query = sql::query(AssertSqlSafe(select));
        for (name, _) in padded {
            query = query.bind(name);
        }
        let by_name: HashMap<String, LogId> = names.into_iter().collect();
        for row in query.fetch_all(&mut *connection).await? {
            let name: String = row.try_get("log")?;
            if let Some(log) = by_name.get(&name) {
                heads.insert(*log, LogHead { seq: row.try_get("head")? });
            }
        }
    }
    Ok(heads)
}

async fn insert_entries(connection: &mut Connection, appends: &[&Append]) -> Result<u64, sqlx::Error> {
    let rows: Vec<(String, &EntryRow)> =
        appends.iter().flat_map(|append| append.rows.iter().map(|row| (append.log.to_string(), row))).collect();
    for some in rows.chunks(ROWS) {
        let insert = "INSERT INTO entry (log, seq, kind, by_id, id, at, n, rev, deleted, v, body) VALUES";
        let mut query = sql::query(AssertSqlSafe(format!("{insert} {}", sql::rows(some.len(), 11))));
        for (log, row) in some {
            query = query.bind(log.clone()).bind(int(row.seq)).bind(row.kind.clone()).bind(row.by.to_string());
            query = query.bind(row.id.to_string()).bind(row.at.0).bind(int(row.n)).bind(int(row.rev));
            query = query.bind(i64::from(row.deleted)).bind(i64::from(row.v)).bind(row.body.clone());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(rows.len() as u64)
}

/// The heads after the transaction; of several appends to one log the last one's.
async fn write_heads(connection: &mut Connection, appends: &[&Append], change: i64) -> Result<(), sqlx::Error> {
    let mut last: HashMap<LogId, &EntryRow> = HashMap::new();
    for append in appends {
        if let Some(row) = append.rows.last() {
            last.insert(append.log, row);
        }
    }
    // In one order, so that two writers of a database that locks rows do not wait for each other.
    let mut last: Vec<(LogId, &EntryRow)> = last.into_iter().collect();
    last.sort_by_key(|(log, _)| *log);
    for some in last.chunks(ROWS) {
        let insert = "INSERT INTO log (log, head, n, at, floor, chg) VALUES";
        let update = "ON CONFLICT (log) DO UPDATE SET head = excluded.head, n = excluded.n, at = excluded.at,
                      chg = excluded.chg";
        let mut query = sql::query(AssertSqlSafe(format!("{insert} {} {update}", sql::rows(some.len(), 6))));
        for (log, row) in some {
            query = query.bind(log.to_string()).bind(int(row.seq)).bind(int(row.n)).bind(row.at.0);
            query = query.bind(0_i64).bind(change);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

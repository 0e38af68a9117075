//! SQLite: appends to many logs in one transaction, with no other transaction in between.
//!
//! Everything is decided before the first row is written, under the lock of the whole file: the epoch, each log's head,
//! each claimed slug. So a conflict in one log costs the others nothing.

use std::collections::HashMap;

use domain::{LogId, RoomId};
use service::ports::{AppendError, Appended};
use sqlx::AssertSqlSafe;

use crate::codec::{EntryRow, int};
use crate::database::Connection;
use crate::jobs::{Append, claims, is_taken, tip_after};
use crate::sql::{self, ROWS};

/// Decides each append after those before it, and moves the heads of all accepted ones.
pub async fn decide(connection: &mut dyn Connection, appends: &mut [Append]) -> Result<(), sqlx::Error> {
    if appends.is_empty() {
        return Ok(());
    }
    let Moment { epoch, change, mut heads } = read_moment(connection, appends).await?;
    let mut slugs = HashMap::new();
    for append in appends.iter_mut() {
        let decided = decide_one(connection, append, &epoch, &heads, &mut slugs).await?;
        if let Ok(tip) = &decided {
            heads.insert(append.log, int(tip.seq()));
        }
        append.decide(decided);
    }
    let accepted: Vec<&Append> = appends.iter().filter(|append| append.is_accepted()).collect();
    write_heads(connection, &accepted, change).await
}

async fn decide_one(
    connection: &mut dyn Connection,
    append: &Append,
    epoch: &str,
    heads: &HashMap<LogId, i64>,
    slugs: &mut HashMap<String, RoomId>,
) -> Result<Appended, sqlx::Error> {
    if append.after.epoch().to_string() != epoch {
        return Ok(Err(AppendError::OtherEpoch));
    }
    if heads.get(&append.log).copied().unwrap_or(0) != int(append.after.seq()) {
        return Ok(Err(AppendError::Conflict { slot: None }));
    }
    for (slug, room) in claims(append) {
        let claimed = slugs.get(slug).is_some_and(|by| *by != room);
        if claimed || is_taken(connection, slug, room).await? {
            return Ok(Err(AppendError::Taken("slug")));
        }
        slugs.insert(slug.to_owned(), room);
    }
    Ok(tip_after(append))
}

/// What appends are compared with.
struct Moment {
    epoch: String,
    /// The number of the change that this transaction makes.
    change: i64,
    heads: HashMap<LogId, i64>,
}

/// Reads the moment in one statement, unless the appends are to very many logs: each statement is a round trip to the
/// connection's thread.
async fn read_moment(connection: &mut dyn Connection, appends: &[Append]) -> Result<Moment, sqlx::Error> {
    let mut moment = Moment { epoch: String::new(), change: 0, heads: HashMap::new() };
    for some in appends.chunks(sql::IN_LIST) {
        let names: Vec<(String, LogId)> = some.iter().map(|append| (append.log.to_string(), append.log)).collect();
        let padded = sql::padded(&names);
        let select = format!(
            "SELECT (SELECT v FROM meta WHERE k = 'epoch') AS epoch, (SELECT COALESCE(MAX(chg), 0) + 1 FROM log) AS chg,
                    log.log, log.head FROM (SELECT 1) LEFT JOIN log ON log.log IN ({})",
            sql::list(1, padded.len())
        );
        let mut query = sql::query(AssertSqlSafe(select));
        for (name, _) in padded {
            query = query.bind(name);
        }
        let by_name: HashMap<String, LogId> = names.into_iter().collect();
        for row in query.fetch_all(&mut *connection).await? {
            (moment.epoch, moment.change) = (row.try_get("epoch")?, row.try_get("chg")?);
            let name: Option<String> = row.try_get("log")?;
            if let Some(log) = name.and_then(|name| by_name.get(&name)) {
                moment.heads.insert(*log, row.try_get("head")?);
            }
        }
    }
    Ok(moment)
}

/// Writes the heads after the transaction; of several appends to one log the last one's.
async fn write_heads(connection: &mut dyn Connection, appends: &[&Append], change: i64) -> Result<(), sqlx::Error> {
    let mut last: HashMap<LogId, &EntryRow> = HashMap::new();
    for append in appends {
        if let Some(row) = append.rows.last() {
            last.insert(append.log, row);
        }
    }
    let last: Vec<(LogId, &EntryRow)> = last.into_iter().collect();
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

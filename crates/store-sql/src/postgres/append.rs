//! PostgreSQL: appends to one log in a transaction, while others write.
//!
//! The log's row is the lock: the transaction that moves its head first wins; the next one waits for that commit and
//! then finds another head than it builds on. If two claim a slug at once, one of them fails, is retried and then finds
//! it taken.

use service::ports::{AppendError, Appended};

use crate::codec::int;
use crate::database::Connection;
use crate::jobs::{Append, claims, is_taken, tip_after};
use crate::sql;

/// Decides an append, and moves the head if it is accepted. Never several in one transaction: in opposite orders they
/// would wait for each other.
pub async fn decide(connection: &mut dyn Connection, appends: &mut [Append]) -> Result<(), sqlx::Error> {
    debug_assert!(appends.len() <= 1, "one log per transaction");
    for append in appends {
        let decided = decide_one(connection, append).await?;
        append.decide(decided);
    }
    Ok(())
}

async fn decide_one(connection: &mut dyn Connection, append: &Append) -> Result<Appended, sqlx::Error> {
    for (slug, room) in claims(append) {
        if is_taken(connection, slug, room).await? {
            // An append that is also too late gets that answer, and the slug does not matter.
            return Ok(Err(why_not(connection, append).await?.unwrap_or(AppendError::Taken("slug"))));
        }
    }
    if move_head(connection, append).await? {
        return Ok(tip_after(append));
    }
    Ok(Err(why_not(connection, append).await?.unwrap_or(AppendError::Conflict { slot: None })))
}

/// Moves the head, if the epoch and the head are those that the append builds on. The change number is the
/// transaction's id, from which `changes` knows what had not committed at a look.
async fn move_head(connection: &mut dyn Connection, append: &Append) -> Result<bool, sqlx::Error> {
    let Some(last) = append.rows.last() else { return Ok(false) };
    let sql = if append.after.seq() == 0 {
        "INSERT INTO log (log, head, n, at, floor, chg)
         SELECT $1, $2, $3, $4, 0, pg_current_xact_id()::text::bigint FROM meta WHERE k = 'epoch' AND v = $5
         ON CONFLICT (log) DO NOTHING"
    } else {
        "UPDATE log SET head = $2, n = $3, at = $4, chg = pg_current_xact_id()::text::bigint
         WHERE log = $1 AND head = $6 AND EXISTS (SELECT 1 FROM meta WHERE k = 'epoch' AND v = $5)"
    };
    let query = sql::query(sql).bind(append.log.to_string()).bind(int(last.seq)).bind(int(last.n)).bind(last.at.0);
    let query = query.bind(append.after.epoch().to_string());
    let query = if append.after.seq() == 0 { query } else { query.bind(int(append.after.seq())) };
    Ok(query.execute(connection).await? == 1)
}

/// Returns which part of the tip does not match.
async fn why_not(connection: &mut dyn Connection, append: &Append) -> Result<Option<AppendError>, sqlx::Error> {
    let query = "SELECT m.v AS epoch, COALESCE(l.head, 0) AS head FROM meta m LEFT JOIN log l ON l.log = $1
                 WHERE m.k = 'epoch'";
    let row = sql::query(query).bind(append.log.to_string()).fetch_one(connection).await?;
    let (epoch, head): (String, i64) = (row.try_get("epoch")?, row.try_get("head")?);
    Ok(if epoch != append.after.epoch().to_string() {
        Some(AppendError::OtherEpoch)
    } else if head != int(append.after.seq()) {
        Some(AppendError::Conflict { slot: None })
    } else {
        None
    })
}

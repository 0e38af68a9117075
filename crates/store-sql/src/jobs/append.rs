//! Appends in a transaction: decided, then written with their row writes.
//!
//! A refused append has written nothing. How a log's head is compared and moved depends on who else may write, so each
//! backend decides appends itself.

use domain::{LogId, RoomId, RowWrite};
use service::ports::{AppendError, Appended, Tip};
use sqlx::AssertSqlSafe;
use tokio::sync::oneshot;

use super::row_writes;
use crate::codec::{EntryRow, int};
use crate::database::Connection;
use crate::error::Failure;
use crate::sql::{self, ROWS};

/// A waiting append.
pub struct Append {
    pub log: LogId,
    pub after: Tip,
    pub rows: Vec<EntryRow>,
    pub row_writes: Vec<RowWrite>,
    decided: Option<Appended>,
    answer: oneshot::Sender<Appended>,
}

impl Append {
    pub fn new(
        log: LogId,
        after: Tip,
        rows: Vec<EntryRow>,
        row_writes: Vec<RowWrite>,
        answer: oneshot::Sender<Appended>,
    ) -> Append {
        Append { log, after, rows, row_writes, decided: None, answer }
    }

    /// Sets whether it is accepted, before anything of it is written except its log's head.
    pub fn decide(&mut self, decided: Appended) {
        self.decided = Some(decided);
    }

    pub fn is_accepted(&self) -> bool {
        matches!(self.decided, Some(Ok(_)))
    }

    /// Sends the outcome to the caller.
    pub fn answer(self, ended: Result<(), &Failure>) {
        let appended = match ended {
            Ok(()) => self.decided.unwrap_or(Err(AppendError::Unknown)),
            Err(Failure::Unavailable { why, retry_ms }) => {
                Err(AppendError::Unavailable { why: why.clone(), retry_ms: *retry_ms })
            }
            Err(Failure::Full(why)) => Err(AppendError::Full { why: why.clone() }),
            Err(Failure::Race(why)) => Err(AppendError::Unavailable { why: why.clone(), retry_ms: 100 }),
            Err(Failure::Row(why)) => Err(AppendError::Unavailable { why: why.clone(), retry_ms: 1_000 }),
            // A refused append would not have been written in either case.
            Err(Failure::Unclear(_)) if self.decided.as_ref().is_some_and(Result::is_err) => {
                self.decided.expect("the line above checked that it is decided")
            }
            Err(Failure::Unclear(_)) => Err(AppendError::Unknown),
        };
        // The caller may have stopped waiting; what is written stays.
        let _ = self.answer.send(appended);
    }
}

/// Writes the accepted ones of decided appends, and returns the number of entries.
pub async fn write(connection: &mut dyn Connection, appends: &[Append]) -> Result<u64, sqlx::Error> {
    let accepted: Vec<&Append> = appends.iter().filter(|append| append.is_accepted()).collect();
    let written = insert_entries(connection, &accepted).await?;
    for append in accepted {
        row_writes::apply(connection, append).await?;
    }
    Ok(written)
}

/// Returns the tip after an append.
pub fn tip_after(append: &Append) -> Appended {
    let last = append.rows.last().ok_or(AppendError::Conflict { slot: None })?;
    Ok(Tip::from_store(append.after.epoch(), last.seq, last.n, last.at))
}

/// Returns the slugs that an append claims, with the rooms that would have them.
pub fn claims(append: &Append) -> impl Iterator<Item = (&str, RoomId)> {
    append.row_writes.iter().filter_map(|row_write| match row_write {
        RowWrite::Room(room) => Some((room.slug.as_ref()?.as_str(), room.id)),
        _ => None,
    })
}

pub async fn is_taken(connection: &mut dyn Connection, slug: &str, room: RoomId) -> Result<bool, sqlx::Error> {
    let owner = sql::query("SELECT room FROM room WHERE slug = $1 AND room <> $2");
    let owner = owner.bind(slug.to_owned()).bind(room.to_string());
    Ok(owner.fetch_optional(connection).await?.is_some())
}

async fn insert_entries(connection: &mut dyn Connection, appends: &[&Append]) -> Result<u64, sqlx::Error> {
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

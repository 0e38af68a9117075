//! A streaming replica that serves pages of history, as far as it has caught up.
//!
//! It never serves more than that: what it does not have yet, and what it fails to answer, is read
//! from the primary.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::{Epoch, LogId, Seq};
use service::ports::{LogPage, PageFrom, StoreResult};
use sqlx::postgres::PgConnectOptions;

use super::reads::Reads;
use super::{Rest, kind};
use crate::codec::int;
use crate::database::Row;
use crate::error::Kind;
use crate::ports::log::{PAGE_BACK, PAGE_FORWARD, entries};
use crate::settings::SqlSettings;
use crate::sql;

/// How long a page waits for a replica, since the primary is available as well.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a failed replica is left alone.
const REST: Duration = Duration::from_secs(5);

/// A replica, which may be unavailable or behind.
pub struct Replica {
    reads: Reads,
    name: String,
    /// The primary's epoch, as last seen.
    epoch: AtomicU64,
    rest: Rest,
}

impl Replica {
    /// Creates a replica that is connected to on first use.
    pub fn new(options: PgConnectOptions, epoch: Epoch, settings: &SqlSettings) -> Replica {
        let name = super::name_of(&options);
        let epoch = AtomicU64::new(epoch.0);
        let settings = SqlSettings { read_timeout: PATIENCE, ..settings.clone() };
        Replica { reads: Reads::new(options, &settings), name, epoch, rest: Rest::default() }
    }

    /// Sets the primary's epoch: pages of another one are not served from now on.
    pub fn primary_is_of(&self, epoch: Epoch) {
        self.epoch.store(epoch.0, Ordering::Release);
    }

    /// Returns a page with its head, both from one moment. Returns `None` if that head is below `min_seq`, or the
    /// replica has another epoch, or does not answer.
    pub async fn page(&self, log: LogId, from: PageFrom, limit: usize, min_seq: Seq) -> Option<LogPage> {
        if !self.rest.is_over() {
            return None;
        }
        let (page, edge) = match from {
            PageFrom::Before(before) => (PAGE_BACK, before),
            PageFrom::After(after) => (PAGE_FORWARD, after),
        };
        let query = format!(
            "SELECT here.epoch, here.head, page.* FROM (SELECT m.v AS epoch, l.head FROM meta m, log l
             WHERE m.k = 'epoch' AND l.log = $1) AS here LEFT JOIN ({page}) AS page ON TRUE ORDER BY page.seq"
        );
        let query = sql::query(sqlx::AssertSqlSafe(query));
        let query = query.bind(log.to_string()).bind(int(edge)).bind(sql::limit(limit));
        match tokio::time::timeout(PATIENCE, self.reads.all(query)).await {
            Ok(Ok(rows)) => self.decode(log, &rows).ok().flatten().filter(|page| page.as_of >= min_seq),
            // The primary removed rows that the replica was reading: nothing is wrong with the replica.
            Ok(Err(error)) if kind(&error) == Kind::Race => None,
            Ok(Err(error)) => self.leave_alone(&error.to_string()),
            Err(_) => self.leave_alone("it does not answer in time"),
        }
    }

    fn decode(&self, log: LogId, rows: &[Row]) -> StoreResult<Option<LogPage>> {
        let Some(first) = rows.first() else { return Ok(None) };
        let (epoch, as_of): (Epoch, Seq) = (first.parsed("epoch")?, first.number("head")?);
        if epoch.0 != self.epoch.load(Ordering::Acquire) {
            return Ok(self.leave_alone("it has another epoch than the primary"));
        }
        let entries = if first.get::<Option<i64>>("seq")?.is_some() { entries(log, rows)? } else { Vec::new() };
        Ok(Some(LogPage { epoch, as_of, entries }))
    }

    fn leave_alone(&self, why: &str) -> Option<LogPage> {
        tracing::warn!(replica = self.name, why, "replica not available, reading pages from the primary");
        self.rest.begin(REST);
        None
    }

    pub async fn close(&self) {
        self.reads.close().await;
    }
}

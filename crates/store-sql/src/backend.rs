//! What the store needs from a database beyond portable SQL. `sqlite` and `postgres` each implement it once.

use std::any::Any;
use std::path::Path;

use async_trait::async_trait;
use domain::{Epoch, LogId, Seq};
use service::ports::{LogPage, PageFrom, StoreResult};

use crate::database::{Row, Statement};
use crate::error::OpenError;
use crate::jobs::{Job, Rejected, Span, Stats};

/// An open database.
#[async_trait]
pub trait Backend: Any + Send + Sync {
    /// Returns all rows of a query, as of the last commit.
    async fn all(&self, query: Statement) -> StoreResult<Vec<Row>>;

    /// Returns the only row of a query, if there is one.
    async fn one(&self, query: Statement) -> StoreResult<Option<Row>>;

    /// Starts a job, which is answered when its transaction has ended, even if its caller has stopped waiting.
    fn start(&self, job: Job, span: Span) -> Result<(), Rejected>;

    /// Returns the logs that were appended to since an earlier look, or only a first look.
    async fn changes(&self, since: Option<&str>) -> StoreResult<Changes>;

    /// Returns a page from a replica that has the log up to `min_seq`, if there is one.
    async fn replica_page(&self, _log: LogId, _from: PageFrom, _limit: usize, _min_seq: Seq) -> Option<LogPage> {
        None
    }

    /// Records the database's epoch: a replica with another one must not be read.
    fn note_epoch(&self, _epoch: Epoch) {}

    /// Copies the whole database into a new file.
    async fn backup_to(&self, _target: &Path) -> Result<(), OpenError> {
        Err(OpenError::NoFile)
    }

    /// Returns what was committed since it was opened.
    fn stats(&self) -> Stats;

    /// Commits waiting jobs, accepts no further ones, and closes all connections.
    async fn close(&self);
}

/// The logs that were appended to since an earlier look.
pub struct Changes {
    pub logs: Vec<(LogId, Seq)>,
    /// What this look saw, for the next one.
    pub look: String,
    /// Whether the earlier look means nothing to this database, so that changes may be missing.
    pub lost: bool,
}

//! The store's backend on a PostgreSQL database.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Epoch, LogId, Seq};
use service::ports::{LogPage, PageFrom, StoreError, StoreResult};

use super::link::Link;
use super::reads::Reads;
use super::replica::Replica;
use super::writer::Writer;
use super::{changes, kind};
use crate::backend::{Backend, Changes};
use crate::database::{Row, Statement};
use crate::jobs::{Job, Rejected, Span, Stats};

/// An open database: connections that read and write, and perhaps a replica.
pub struct PostgresBackend {
    pub reads: Reads,
    pub writer: Writer,
    pub link: Arc<Link>,
    pub replica: Option<Replica>,
}

impl PostgresBackend {
    /// Runs a read, unless the server is known not to answer, and makes an error's text helpful.
    async fn read<T>(&self, read: impl Future<Output = Result<T, sqlx::Error>>) -> StoreResult<T> {
        let admitted = self.link.admit();
        admitted.map_err(|open| StoreError::Unavailable { why: open.why, retry_ms: open.retry_ms })?;
        match read.await {
            Ok(found) => {
                self.link.works();
                Ok(found)
            }
            Err(error) => {
                let kind = kind(&error);
                Err(kind.unavailable(self.link.why(error).await))
            }
        }
    }
}

#[async_trait]
impl Backend for PostgresBackend {
    async fn all(&self, query: Statement) -> StoreResult<Vec<Row>> {
        self.read(self.reads.all(query)).await
    }

    async fn one(&self, query: Statement) -> StoreResult<Option<Row>> {
        self.read(self.reads.one(query)).await
    }

    fn start(&self, job: Job, span: Span) -> Result<(), Rejected> {
        self.writer.start(job, span)
    }

    async fn changes(&self, since: Option<&str>) -> StoreResult<Changes> {
        changes::since(self, since).await
    }

    async fn replica_page(&self, log: LogId, from: PageFrom, limit: usize, min_seq: Seq) -> Option<LogPage> {
        self.replica.as_ref()?.page(log, from, limit, min_seq).await
    }

    fn note_epoch(&self, epoch: Epoch) {
        if let Some(replica) = &self.replica {
            replica.primary_is_of(epoch);
        }
    }

    fn stats(&self) -> Stats {
        self.writer.stats()
    }

    async fn close(&self) {
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
        self.reads.close().await;
        self.writer.close().await;
    }
}

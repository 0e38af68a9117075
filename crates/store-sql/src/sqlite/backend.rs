//! The store's backend on one SQLite file.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use service::ports::{StoreError, StoreResult};
use tempfile::TempDir;

use super::readers::Readers;
use super::writer::Writer;
use super::{backup, changes, kind};
use crate::backend::{Backend, Changes};
use crate::database::{Connection as _, Row, Statement};
use crate::error::OpenError;
use crate::jobs::{Job, Rejected, Span, Stats};
use crate::settings::SqlSettings;

/// An open file: connections that read, and the task that writes.
pub struct SqliteBackend {
    pub reads: Readers,
    pub writer: Writer,
    pub path: PathBuf,
    pub settings: SqlSettings,
    /// The temporary folder of a test, removed with the store.
    pub _folder: Option<TempDir>,
}

#[async_trait]
impl Backend for SqliteBackend {
    async fn all(&self, query: Statement) -> StoreResult<Vec<Row>> {
        let read = async {
            let mut reader = self.reads.get().await?;
            let rows = reader.all(query).await;
            reader.checked(rows)
        };
        read.await.map_err(unavailable)
    }

    async fn one(&self, query: Statement) -> StoreResult<Option<Row>> {
        let read = async {
            let mut reader = self.reads.get().await?;
            let row = reader.one(query).await;
            reader.checked(row)
        };
        read.await.map_err(unavailable)
    }

    fn start(&self, job: Job, _span: Span) -> Result<(), Rejected> {
        self.writer.start(job)
    }

    async fn changes(&self, since: Option<&str>) -> StoreResult<Changes> {
        changes::since(self, since).await
    }

    async fn backup_to(&self, target: &Path) -> Result<(), OpenError> {
        backup::copy(&self.path, &self.settings, target).await
    }

    fn stats(&self) -> Stats {
        self.writer.stats()
    }

    async fn close(&self) {
        self.reads.close().await;
        self.writer.close().await;
    }
}

fn unavailable(error: sqlx::Error) -> StoreError {
    kind(&error).unavailable(error.to_string())
}

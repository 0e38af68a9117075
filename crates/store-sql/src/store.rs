//! A store: provides its ports, and can be closed. Each database's module opens one.

use std::path::Path;
use std::sync::Arc;

use service::ports::{Store, Transfer};

use crate::backend::Backend;
use crate::connections::SqlConnections;
use crate::error::OpenError;
use crate::jobs::Stats;

/// A store on one SQLite file, which several processes may have open, or on a PostgreSQL database.
pub struct SqlStore {
    pub(crate) shared: Arc<SqlConnections>,
}

impl SqlStore {
    pub(crate) fn new(backend: impl Backend) -> SqlStore {
        SqlStore { shared: Arc::new(SqlConnections { backend: Box::new(backend) }) }
    }

    /// Returns all its ports.
    pub fn store(&self) -> Store {
        Store::of(&self.shared)
    }

    /// Returns the port that copies it to another store, or another one to it.
    pub fn transfer(&self) -> Arc<dyn Transfer> {
        self.shared.clone()
    }

    /// Returns what was committed since it was opened.
    pub fn stats(&self) -> Stats {
        self.shared.backend.stats()
    }

    /// Copies the whole database to `target`, as of one moment, while other processes keep writing. The file must not
    /// exist; it appears only when it is complete and on the disk. Only a database that is a file can be copied.
    pub async fn backup_to(&self, target: &Path) -> Result<(), OpenError> {
        self.shared.backend.backup_to(target).await
    }

    /// Commits waiting writes and closes the store; SQLite moves everything into the database file. Later calls return
    /// `Unavailable`.
    pub async fn close(self) {
        self.shared.backend.close().await;
    }
}

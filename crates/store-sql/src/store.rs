//! A store: provides its ports, and can be closed. Each database's module opens one.

use std::sync::Arc;

use service::ports::Store;

use crate::connections::SqlConnections;
use crate::writer::Stats;

/// A store on one SQLite file, which several processes may have open, or on a PostgreSQL database.
pub struct SqlStore {
    pub(crate) shared: Arc<SqlConnections>,
    /// The file, or `None` on PostgreSQL.
    #[cfg(feature = "sqlite")]
    pub(crate) file: Option<crate::sqlite::File>,
}

impl SqlStore {
    /// Returns all its ports.
    pub fn store(&self) -> Store {
        Store::of(&self.shared)
    }

    /// Returns what was committed since it was opened.
    pub fn stats(&self) -> Stats {
        self.shared.writer.stats()
    }

    /// Commits waiting writes and closes the store; SQLite moves everything into the database file. Later calls return
    /// `Unavailable`.
    pub async fn close(self) {
        #[cfg(feature = "postgres")]
        if let Some(replica) = &self.shared.replica {
            replica.close().await;
        }
        self.shared.reads.close().await;
        self.shared.writer.close().await;
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<SqlConnections> {
        &self.shared
    }
}

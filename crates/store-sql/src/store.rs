//! A store: handed out as ports, closed. How one is opened is its database's affair.

use std::sync::Arc;

use service::ports::Store;

use crate::connections::SqlConnections;
use crate::writer::Stats;

/// A store on one SQLite file, which several processes may have open, or on a PostgreSQL database.
pub struct SqlStore {
    pub(crate) shared: Arc<SqlConnections>,
    /// None on PostgreSQL.
    #[cfg(feature = "sqlite")]
    pub(crate) file: Option<crate::sqlite::File>,
}

impl SqlStore {
    /// Every port of it.
    pub fn store(&self) -> Store {
        Store::of(&self.shared)
    }

    /// What was committed since it was opened.
    pub fn stats(&self) -> Stats {
        self.shared.writer.stats()
    }

    /// Commits what waits and closes it; SQLite moves everything into the database file. What is asked
    /// later is answered `Unavailable`.
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

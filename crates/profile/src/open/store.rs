//! Opens the store that the settings name.

use std::path::Path;

use service::ports::Store;

use super::OpenError;
use crate::StoreBackend;

/// The database, below the data folder.
pub const DATABASE: &str = "palaver.db";

/// An opened store.
pub(super) enum OpenStore {
    #[cfg(any(feature = "embedded", feature = "postgres"))]
    Sql(store_sql::SqlStore),
}

impl OpenStore {
    /// Opens it; its schema is up to date afterwards.
    pub async fn open(backend: &StoreBackend, data: &Path) -> Result<OpenStore, OpenError> {
        match backend {
            #[cfg(feature = "embedded")]
            StoreBackend::Sqlite => {
                let path = data.join(DATABASE).display().to_string();
                let settings = store_sql::SqlSettings::default();
                Ok(OpenStore::Sql(store_sql::SqlStore::open(&path, settings).await?))
            }
            #[cfg(not(feature = "embedded"))]
            StoreBackend::Sqlite => Err(OpenError::NotBuiltIn("SQLite")),
            StoreBackend::Postgres { .. } => Err(OpenError::NotBuiltIn("PostgreSQL")),
            StoreBackend::DynamoDb { .. } => Err(OpenError::NotBuiltIn("DynamoDB")),
        }
    }

    /// Its ports.
    pub fn store(&self) -> Store {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(store) => store.store(),
        }
    }

    /// Closes it cleanly.
    pub async fn close(self) {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(store) => store.close().await,
        }
    }
}

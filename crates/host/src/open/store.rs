//! Opens the store that the settings name.

use std::path::Path;
use std::sync::Arc;

use service::ports::{Bus, Store};

use super::OpenError;
use crate::{Backends, StoreBackend};

/// The database, below the data folder.
pub const DATABASE: &str = "palaver.db";

/// Connections that read from PostgreSQL: each read is a round trip that waits, while the server's cores are elsewhere.
#[cfg(feature = "postgres")]
const POSTGRES_READERS: u32 = 8;

/// What becomes of a store that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// It is made: for a start, which may be the first, and for what prepares one.
    Create,
    /// Opening fails and makes nothing: for commands that work on what is there.
    Refuse,
}

#[cfg(any(feature = "embedded", feature = "postgres"))]
impl From<IfMissing> for store_sql::IfMissing {
    fn from(if_missing: IfMissing) -> Self {
        match if_missing {
            IfMissing::Create => store_sql::IfMissing::Create,
            IfMissing::Refuse => store_sql::IfMissing::Refuse,
        }
    }
}

/// An opened store.
pub(super) enum OpenStore {
    #[cfg(any(feature = "embedded", feature = "postgres"))]
    Sql(store_sql::SqlStore),
    #[cfg(feature = "dynamodb")]
    Dynamo {
        store: store_dynamo::DynamoStore,
        #[cfg(feature = "stream-poller")]
        stream: Option<super::stream::Stream>,
    },
}

impl OpenStore {
    /// Opens it; its schema is up to date afterwards. Where an SQL database is missing or empty, `if_missing` says what
    /// becomes of it; a table of DynamoDB is never made by opening it.
    #[cfg_attr(not(feature = "embedded"), allow(unused_variables, reason = "only SQLite lies in the data folder"))]
    #[cfg_attr(
        not(any(feature = "embedded", feature = "postgres")),
        allow(unused_variables, reason = "only an SQL database is made by opening it")
    )]
    pub async fn open(backends: &Backends, data: &Path, if_missing: IfMissing) -> Result<OpenStore, OpenError> {
        match &backends.store {
            #[cfg(feature = "embedded")]
            StoreBackend::Sqlite => {
                let path = data.join(DATABASE).display().to_string();
                let mut settings = store_sql::SqlSettings { if_missing: if_missing.into(), ..Default::default() };
                settings.readers = backends.readers.unwrap_or(settings.readers);
                match store_sql::SqlStore::open(&path, settings).await {
                    Err(store_sql::OpenError::Absent(_)) => Err(OpenError::NoDatabase(data.to_owned())),
                    opened => Ok(OpenStore::Sql(opened?)),
                }
            }
            #[cfg(not(feature = "embedded"))]
            StoreBackend::Sqlite => Err(OpenError::NotBuiltIn("SQLite")),
            #[cfg(feature = "postgres")]
            StoreBackend::Postgres { url, replica } => {
                let replica = replica.as_ref().map(|url| url.expose());
                let readers = backends.readers.unwrap_or(POSTGRES_READERS);
                let if_missing = if_missing.into();
                let settings = store_sql::SqlSettings { if_missing, readers, ..Default::default() };
                match store_sql::SqlStore::connect(url.expose(), replica, settings).await {
                    Err(store_sql::OpenError::Absent(name)) => Err(OpenError::EmptyDatabase(name)),
                    opened => Ok(OpenStore::Sql(opened?)),
                }
            }
            #[cfg(not(feature = "postgres"))]
            StoreBackend::Postgres { .. } => Err(OpenError::NotBuiltIn("PostgreSQL")),
            #[cfg(feature = "dynamodb")]
            StoreBackend::DynamoDb { table } => {
                let mut settings = store_dynamo::DynamoSettings::new(table);
                if crate::is_lambda() {
                    // A process that stands still with its answer does nothing later.
                    settings.hints = store_dynamo::Hints::WhenAsked;
                }
                Ok(OpenStore::Dynamo {
                    store: store_dynamo::DynamoStore::open(settings).await?,
                    #[cfg(feature = "stream-poller")]
                    stream: None,
                })
            }
            #[cfg(not(feature = "dynamodb"))]
            StoreBackend::DynamoDb { .. } => Err(OpenError::NotBuiltIn("DynamoDB")),
        }
    }

    /// Its ports.
    pub fn store(&self) -> Store {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(store) => store.store(),
            #[cfg(feature = "dynamodb")]
            OpenStore::Dynamo { store, .. } => store.store(),
        }
    }

    /// Follows what the store itself tells of changes, where there is such a thing and nobody else does: for a process
    /// that lives on.
    #[cfg_attr(not(feature = "stream-poller"), allow(unused_variables, reason = "there is nothing to follow"))]
    pub async fn follow(&mut self, bus: &Arc<dyn Bus>, node: &str) -> Result<(), OpenError> {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(_) => {}
            #[cfg(all(feature = "dynamodb", not(feature = "stream-poller")))]
            OpenStore::Dynamo { .. } => {}
            #[cfg(feature = "stream-poller")]
            OpenStore::Dynamo { store, stream } => {
                *stream = Some(super::stream::Stream::start(store, bus.clone(), node.to_owned()).await?);
            }
        }
        Ok(())
    }

    /// Writes what it wanted to write later.
    pub async fn settle(&self) {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(_) => {}
            #[cfg(feature = "dynamodb")]
            OpenStore::Dynamo { store, .. } => store.write_hints().await,
        }
    }

    /// Closes it cleanly.
    pub async fn close(self) {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(store) => store.close().await,
            #[cfg(feature = "dynamodb")]
            OpenStore::Dynamo {
                store,
                #[cfg(feature = "stream-poller")]
                stream,
            } => {
                #[cfg(feature = "stream-poller")]
                if let Some(stream) = stream {
                    stream.stop().await;
                }
                store.write_hints().await;
            }
        }
    }
}

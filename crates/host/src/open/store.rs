//! Opens the store chosen in the settings.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use service::ports::{Bus, SharedLimits, Store, Transfer};

use super::OpenError;
use crate::{Backends, StoreBackend};

/// The database file, below the data folder.
pub const DATABASE: &str = "palaver.db";

/// Read connections to PostgreSQL: each read is a round trip that waits, while the server's cores do other work.
#[cfg(feature = "postgres")]
const POSTGRES_READERS: u32 = 8;

/// How long a request, and a call with all its retries, may take for a patient tool: a page of a table scan is a megabyte,
/// whatever is on it.
const PATIENT_REQUEST: Duration = Duration::from_secs(20);
const PATIENT_CALL: Duration = Duration::from_secs(60);

/// What to do if the store does not exist yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMissing {
    /// Create it: for a start, which may be the first, and for commands that prepare one.
    Create,
    /// Fail and create nothing: for commands that work on existing data.
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

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    /// What to do if the store does not exist yet.
    pub if_missing: IfMissing,
    /// Whether a store into which a copy was not finished is opened: only to go on with the copy.
    pub may_be_incomplete: bool,
    /// Whether requests may take long: for a tool that reads and writes everything, and that nobody waits for on a page.
    pub is_patient: bool,
}

impl From<IfMissing> for Opening {
    fn from(if_missing: IfMissing) -> Self {
        Opening { if_missing, may_be_incomplete: false, is_patient: false }
    }
}

/// Makes the time-outs of an SQL store those of a patient tool.
#[cfg(any(feature = "embedded", feature = "postgres"))]
fn be_patient(is_patient: bool, settings: &mut store_sql::SqlSettings) {
    if is_patient {
        settings.busy_timeout = PATIENT_REQUEST;
        settings.statement_timeout = PATIENT_REQUEST;
        settings.lock_timeout = PATIENT_REQUEST;
        settings.read_timeout = PATIENT_CALL;
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
    /// Opens the store and brings its schema up to date. If an SQL database is missing or empty, `if_missing` decides
    /// what happens; opening never creates a DynamoDB table.
    #[cfg_attr(not(feature = "embedded"), allow(unused_variables, reason = "only SQLite lies in the data folder"))]
    pub async fn open(backends: &Backends, data: &Path, opening: impl Into<Opening>) -> Result<OpenStore, OpenError> {
        let Opening { if_missing, may_be_incomplete, is_patient } = opening.into();
        #[cfg(not(any(feature = "embedded", feature = "postgres")))]
        let _ = if_missing;
        match &backends.store {
            #[cfg(feature = "embedded")]
            StoreBackend::Sqlite => {
                let path = data.join(DATABASE).display().to_string();
                let if_missing = if_missing.into();
                let mut settings = store_sql::SqlSettings { if_missing, may_be_incomplete, ..Default::default() };
                settings.readers = backends.readers.unwrap_or(settings.readers);
                be_patient(is_patient, &mut settings);
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
                let mut settings =
                    store_sql::SqlSettings { if_missing, may_be_incomplete, readers, ..Default::default() };
                be_patient(is_patient, &mut settings);
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
                settings.may_be_incomplete = may_be_incomplete;
                if is_patient {
                    (settings.attempt_timeout, settings.patience) = (PATIENT_REQUEST, PATIENT_CALL);
                }
                if crate::is_lambda() {
                    // A process that is frozen after its answer does no work later.
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

    /// Returns the store's ports.
    pub fn store(&self) -> Store {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(store) => store.store(),
            #[cfg(feature = "dynamodb")]
            OpenStore::Dynamo { store, .. } => store.store(),
        }
    }

    /// Returns the port that copies the store to another one, or another one to it.
    pub fn transfer(&self) -> Arc<dyn Transfer> {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(store) => store.transfer(),
            #[cfg(feature = "dynamodb")]
            OpenStore::Dynamo { store, .. } => store.transfer(),
        }
    }

    /// Returns the rate limits that the store counts, for a function on Lambda, which lives for one call: a process that
    /// stays counts by itself, which costs nothing.
    pub fn limits(&self) -> Option<Arc<dyn SharedLimits>> {
        match self {
            #[cfg(feature = "dynamodb")]
            OpenStore::Dynamo { store, .. } if crate::is_lambda() => Some(store.limits()),
            _ => None,
        }
    }

    /// Follows the store's own change notifications, if it has any and no other reader does: for a long-running process.
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

    /// Writes what the store deferred.
    pub async fn settle(&self) {
        match self {
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(_) => {}
            #[cfg(feature = "dynamodb")]
            OpenStore::Dynamo { store, .. } => store.write_hints().await,
        }
    }

    /// Closes the store cleanly.
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

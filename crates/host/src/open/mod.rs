//! Opens the backends from the settings, and builds the use cases on them.

mod blobs;
mod bus;
mod data;
mod installation;
mod lock;
mod push;
mod store;
#[cfg(feature = "stream-poller")]
mod stream;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use domain::{LogId, UserId};
use service::auth::{InvalidKeys, SigningKeys};
use service::limits::NODE_LIFE;
use service::log_throttle::LogThrottle;
use service::ports::{BlobError, Blobs, BusStatus, Store, StoreError};
use service::{Clock, OsRandom, Ports, ServiceSettings, Services, SystemClock};
use web::{Check, Checks, Health};

use crate::Settings;
use store::OpenStore;

#[cfg(feature = "s3")]
pub use blobs::s3_settings;
pub use blobs::{BlobBackend, FILES, WithFiles, WithoutFiles};
pub use data::{SIGNING_KEY, check_stored_key};
pub use installation::Installation;
pub use lock::DataLock;
pub use store::{DATABASE, IfMissing};

/// Why the data cannot be opened. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder, or a file in it, cannot be used.
    #[error("cannot use {path}: {source}. Choose another folder with --data, or make this one writable.")]
    Folder {
        /// The path of the folder or file.
        path: PathBuf,
        /// The I/O error.
        source: std::io::Error,
    },
    /// Another server uses the data folder.
    #[error(
        "{} is in use by {holder}: stop that process first, or name another folder with --data (or PALAVER_DATA)",
        .folder.display()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The process that holds it, and since when.
        holder: String,
    },
    /// The SQL database cannot be used.
    #[cfg(any(feature = "embedded", feature = "postgres"))]
    #[error(transparent)]
    Database(#[from] store_sql::OpenError),
    /// The data folder has no database, and the command does not create one.
    #[error(
        "no database in {}: name the server's data folder with --data (or PALAVER_DATA); this command creates no new one",
        .0.display()
    )]
    NoDatabase(PathBuf),
    /// The database on the server is empty, and the command does not create tables.
    #[error("{0} has no Palaver tables: correct DATABASE_URL, or run `palaver migrate` first for a new installation")]
    EmptyDatabase(String),
    /// The DynamoDB table cannot be used.
    #[cfg(feature = "dynamodb")]
    #[error(transparent)]
    Table(#[from] store_dynamo::OpenError),
    /// The store does not answer the first query.
    #[error("the store does not answer: {0}")]
    Store(StoreError),
    /// The file store cannot be used.
    #[error("cannot use the file store: {0}")]
    Files(#[from] BlobError),
    /// The bus cannot be used.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    Bus(#[from] ::bus::ConnectError),
    /// The signing key's file is invalid.
    #[error(
        "{path} is not a valid signing key: {source}. Restore the right file; or remove it, and all users must sign in again."
    )]
    Key {
        /// The path of the file.
        path: PathBuf,
        /// The parse error.
        source: InvalidKeys,
    },
    /// The signing key in the settings is invalid.
    #[error(
        "PALAVER_SIGNING_KEY is not a valid signing key: {0}. Set an Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` prints it."
    )]
    GivenKey(InvalidKeys),
    /// The function that reads a table's stream has no table.
    #[error("this function reads a DynamoDB stream: set DATABASE_URL to dynamodb:TABLE")]
    NoStream,
    /// This program was built without the adapter.
    #[error("this program was built without {0}: use one that was built with `--features full`")]
    NotBuiltIn(&'static str),
    /// A new epoch cannot start while nodes still write in the old one.
    #[error("nodes are still running ({}): stop all of them, then wait {} s", .0.join(", "), NODE_LIFE.as_secs())]
    NodesRun(Vec<String>),
    /// SQLite backups are restored by the program itself.
    #[error("restore an SQLite backup with `palaver restore`, which also starts a new epoch")]
    RestoredOtherwise,
}

/// Returns an error if nodes still run on the data.
pub(crate) async fn no_node_runs(settings: &Settings) -> Result<(), OpenError> {
    let opened = OpenStore::open(&settings.backends, &settings.data, IfMissing::Refuse).await?;
    let stopped = is_stopped(&opened.store()).await;
    opened.close().await;
    stopped
}

/// Returns an error if nodes run on a store.
async fn is_stopped(store: &Store) -> Result<(), OpenError> {
    let nodes = store.nodes.nodes(SystemClock.now(), NODE_LIFE).await.map_err(OpenError::Store)?;
    let nodes: Vec<String> = nodes.into_iter().map(|row| row.node).collect();
    if nodes.is_empty() { Ok(()) } else { Err(OpenError::NodesRun(nodes)) }
}

/// Opened data, and the use cases on it.
pub struct Profile {
    /// All use cases.
    pub services: Services,
    /// This node's name.
    pub node: String,
    store: OpenStore,
    blobs: Arc<dyn Blobs>,
}

impl Profile {
    /// Opens the backends from the settings. If the store is missing, `if_missing` decides whether it and everything else
    /// is created, or nothing is and opening fails. Starts no tasks yet.
    pub async fn open(settings: &Settings, if_missing: IfMissing) -> Result<Profile, OpenError> {
        Self::open_all::<WithFiles>(settings, None, if_missing).await
    }

    /// Opens or creates everything for one of several processes that use the same data: `part` tells them apart.
    pub async fn open_as(settings: &Settings, part: Option<&str>) -> Result<Profile, OpenError> {
        Self::open_with::<WithFiles>(settings, part).await
    }

    /// Like [`Profile::open_as`], where `F` says whether the process touches the bytes of files.
    pub async fn open_with<F: BlobBackend>(settings: &Settings, part: Option<&str>) -> Result<Profile, OpenError> {
        let profile = Self::open_all::<F>(settings, part, IfMissing::Create).await?;
        if let Some(note) = settings.backends.limits_note(crate::is_lambda()) {
            tracing::info!("{note}");
        }
        Ok(profile)
    }

    async fn open_all<F: BlobBackend>(
        settings: &Settings,
        part: Option<&str>,
        if_missing: IfMissing,
    ) -> Result<Profile, OpenError> {
        // A second call finds the first one's provider, which is the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (data, backends) = (&settings.data, &settings.backends);
        // A store that must exist is opened before anything else is created beside it.
        let found = match if_missing {
            IfMissing::Create => None,
            IfMissing::Refuse => Some(OpenStore::open(backends, data, if_missing).await?),
        };
        let keys = match &settings.signing_key {
            Some(pem) => SigningKeys::from_pem(pem.expose()).map_err(OpenError::GivenKey)?,
            None => data::signing_keys(data)?,
        };
        let node = match &settings.node {
            Some(node) => node.clone(),
            // If only one process uses the data, it keeps its leases across a restart.
            None if backends.is_local() => data::node_name(data)?,
            None => data::fresh_node_name(),
        };
        let node = part.map_or(node.clone(), |part| format!("{node}-{part}"));
        let store = async {
            match found {
                Some(store) => Ok(store),
                None => OpenStore::open(backends, data, if_missing).await,
            }
        };
        // In parallel: each waits for another server, so the start takes only as long as the slowest.
        let (mut store, blobs, (bus, presence, limits)) =
            tokio::try_join!(store, F::open(&backends.blobs, data), bus::open(&backends.bus, &node),)?;
        // A Lambda is frozen between calls; the stream invokes its own Lambda.
        if settings.feed && !crate::is_lambda() {
            store.follow(&bus, &node).await?;
        }
        let ports = Ports {
            store: store.store(),
            blobs: blobs.clone(),
            bus,
            presence,
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            limits: limits.or_else(|| store.limits()),
        };
        let service = ServiceSettings {
            node: node.clone(),
            limits: settings.limits.clone(),
            auth: settings.auth.clone(),
            keys,
            default_rooms: settings.default_rooms.clone(),
            direct: settings.direct,
            offers: settings.offers(),
            compat: settings.compat,
        };
        Ok(Profile { services: Services::new(ports, service), node, store, blobs })
    }

    /// Returns the health of a process that serves this profile. `version` is that of its binary.
    pub fn health(&self, version: &'static str) -> Health {
        Health::new(version, self.checks()).until(crate::server::is_stopping)
    }

    /// Returns the checks of `/health`: whether the store answers and accepts writes, without which nothing works, and
    /// whether the feed advances; whether the file store answers, without which chat still works; and whether the bus
    /// works, without which nodes hear of each other later.
    pub fn checks(&self) -> Checks {
        static STORE: LogThrottle = LogThrottle::new();
        static FILES: LogThrottle = LogThrottle::new();
        let (store, blobs) = (self.services.ports.store.clone(), self.blobs.clone());
        let store: Check = Box::new(move || {
            let log = store.log.clone();
            // Any log will do: the check only needs a read that returns.
            Box::pin(async move {
                log.tip(LogId::User(UserId::SYSTEM)).await.map(drop).map_err(|error| away(&STORE, "store", &error))
            })
        });
        let files: Check = Box::new(move || {
            let blobs = blobs.clone();
            Box::pin(async move { blobs.check().await.map_err(|error| away(&FILES, "files", &error)) })
        });
        let status = self.services.ports.bus.status();
        let bus: Check = Box::new(move || {
            let up = *status.borrow() == BusStatus::Up;
            Box::pin(std::future::ready(if up { Ok(()) } else { Err("is down".into()) }))
        });
        let needed = vec![("store", store), ("writes", self.writes_check()), ("feed", self.feed_check())];
        Checks { needed, useful: vec![("files", files), ("bus", bus)] }
    }

    fn writes_check(&self) -> Check {
        static WRITES: LogThrottle = LogThrottle::new();
        let logs = self.services.logs.clone();
        Box::new(move || {
            let logs = logs.clone();
            Box::pin(async move {
                let failed = |error| {
                    away(&WRITES, "writes", &error);
                    Cow::from(if matches!(error, StoreError::Full { .. }) { "the disk is full" } else { "fail" })
                };
                logs.check_writes().await.map_err(failed)
            })
        })
    }

    /// The first stalled room is enough to report: with the room, the entry and the reason.
    fn feed_check(&self) -> Check {
        let feed = self.services.feed.clone();
        Box::new(move || {
            let trouble = feed.troubles().into_iter().next();
            Box::pin(std::future::ready(trouble.map_or(Ok(()), |trouble| Err(trouble.to_string().into()))))
        })
    }

    /// Returns the SQL database for operator commands; `None` for other stores.
    #[cfg(any(feature = "embedded", feature = "postgres"))]
    pub fn database(&self) -> Option<&store_sql::SqlStore> {
        #[allow(irrefutable_let_patterns, reason = "there are more stores in a build with all adapters")]
        if let OpenStore::Sql(store) = &self.store { Some(store) } else { None }
    }

    /// Returns the table, for the function that its stream invokes.
    #[cfg(feature = "dynamodb")]
    pub fn dynamo(&self) -> Result<&store_dynamo::DynamoStore, OpenError> {
        match &self.store {
            OpenStore::Dynamo { store, .. } => Ok(store),
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(_) => Err(OpenError::NoStream),
        }
    }

    /// Runs the background work that a call left pending now: for a process that is frozen between its calls.
    pub async fn settle(&self) {
        tokio::join!(self.services.settle(), self.store.settle());
    }

    /// Closes the store cleanly.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Returns the public text of `/health` for a check that fails. The reason goes to the log because the text is public. A
/// load balancer asks often, so the log line is rate limited.
fn away(line: &LogThrottle, what: &str, error: &dyn std::fmt::Display) -> Cow<'static, str> {
    let why = format!("{what}: {error}");
    if let Some(repeated) = line.admit(&why, Instant::now()) {
        tracing::warn!(why, repeated, "a check of /health failed");
    }
    "does not answer".into()
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> OpenError + '_ {
    move |source| OpenError::Folder { path: path.to_owned(), source }
}

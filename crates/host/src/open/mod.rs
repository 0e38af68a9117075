//! Opens what the settings choose, and puts the use cases on it.

mod blobs;
mod bus;
mod data;
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
use service::ports::{BlobError, Blobs, BusStatus, StoreError};
use service::{Clock, Ports, ServiceSettings, Services, SystemClock};
use web::{Check, Checks, Health};

use crate::Settings;
use store::OpenStore;

#[cfg(feature = "s3")]
pub use blobs::s3_settings;
pub use blobs::{BlobBackend, FILES, WithFiles, WithoutFiles};
pub use data::SIGNING_KEY;
pub use store::{DATABASE, IfMissing};

/// Why the data cannot be opened; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder, or a file in it.
    #[error("cannot use {path}: {source}. Choose another folder with --data, or make this one writable.")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[cfg(any(feature = "embedded", feature = "postgres"))]
    #[error(transparent)]
    Database(#[from] store_sql::OpenError),
    /// No database in the data folder, for a command that makes none.
    #[error(
        "there is no database in {}: name the server's data folder with --data (or PALAVER_DATA); this command makes no new one",
        .0.display()
    )]
    NoDatabase(PathBuf),
    /// An empty database on a server, for a command that makes no tables.
    #[error(
        "{0} has no tables of Palaver: correct DATABASE_URL; or, for a new installation, run `palaver migrate` first"
    )]
    EmptyDatabase(String),
    /// The table.
    #[cfg(feature = "dynamodb")]
    #[error(transparent)]
    Table(#[from] store_dynamo::OpenError),
    /// The store, at the first question.
    #[error("the store does not answer: {0}")]
    Store(StoreError),
    /// The files' bytes.
    #[error("cannot use the store of files: {0}")]
    Files(#[from] BlobError),
    /// The bus.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    Bus(#[from] ::bus::ConnectError),
    /// The signing key.
    #[error(
        "{path} holds no signing key: {source}. Put the right file there; or remove it, and everybody signs in again."
    )]
    Key {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: InvalidKeys,
    },
    /// The signing key of the settings.
    #[error(
        "PALAVER_SIGNING_KEY is no signing key: {0}. It is an Ed25519 key in PEM, as `openssl genpkey -algorithm ed25519` prints it."
    )]
    GivenKey(InvalidKeys),
    /// The function that a table's stream calls, without a table.
    #[error("this function is for a table's stream: set DATABASE_URL to dynamodb:TABLE")]
    NoStream,
    /// An adapter that this program was built without.
    #[error("this program is built without {0}: take one that is built with `--features full`")]
    NotBuiltIn(&'static str),
    /// A new epoch, while somebody still writes in the old one.
    #[error("{} still runs: end all nodes first, and wait {} s", .0.join(", "), NODE_LIFE.as_secs())]
    NodesRun(Vec<String>),
    /// SQLite, which is copied by the program itself.
    #[error("a backup of SQLite is put in place by `palaver restore`, which begins a new epoch itself")]
    RestoredOtherwise,
}

/// An error while nodes run on the data.
pub(crate) async fn no_node_runs(settings: &Settings) -> Result<(), OpenError> {
    let opened = OpenStore::open(&settings.backends, &settings.data, IfMissing::Refuse).await?;
    let nodes = opened.store().nodes.nodes(SystemClock.now(), NODE_LIFE).await;
    opened.close().await;
    let nodes: Vec<String> = nodes.map_err(OpenError::Store)?.into_iter().map(|row| row.node).collect();
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
    /// Opens everything that the settings choose. Where the store is missing, it and all else is made, or nothing is and
    /// opening fails, as `if_missing` says. Nothing runs yet.
    pub async fn open(settings: &Settings, if_missing: IfMissing) -> Result<Profile, OpenError> {
        Self::open_all::<WithFiles>(settings, None, if_missing).await
    }

    /// Opens or makes everything for one of several processes that use the same data: `part` tells them apart.
    pub async fn open_as(settings: &Settings, part: Option<&str>) -> Result<Profile, OpenError> {
        Self::open_with::<WithFiles>(settings, part).await
    }

    /// As [`Profile::open_as`], where `F` says whether the process touches the bytes of files.
    pub async fn open_with<F: BlobBackend>(settings: &Settings, part: Option<&str>) -> Result<Profile, OpenError> {
        Self::open_all::<F>(settings, part, IfMissing::Create).await
    }

    async fn open_all<F: BlobBackend>(
        settings: &Settings,
        part: Option<&str>,
        if_missing: IfMissing,
    ) -> Result<Profile, OpenError> {
        // Whoever comes second finds the first one's provider, which is the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (data, backends) = (&settings.data, &settings.backends);
        // A store that has to be there is opened before anything else is made beside it.
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
            // Where one process alone uses the data, its leases stay its own over a restart.
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
        // At once: each waits for another server, and a start waits for the slowest.
        let (mut store, blobs, (bus, presence)) =
            tokio::try_join!(store, F::open(&backends.blobs, data), bus::open(&backends.bus, &node),)?;
        // A Lambda does not live on: the stream wakes a Lambda of its own.
        if settings.feed && !crate::is_lambda() {
            store.follow(&bus, &node).await?;
        }
        let ports = Ports { store: store.store(), blobs: blobs.clone(), bus, presence, clock: Arc::new(SystemClock) };
        let service =
            ServiceSettings { node: node.clone(), limits: settings.limits.clone(), auth: settings.auth.clone(), keys };
        Ok(Profile { services: Services::new(ports, service), node, store, blobs })
    }

    /// The health of a process that serves this profile. `version` is that of its binary.
    pub fn health(&self, version: &'static str) -> Health {
        Health::new(version, self.checks()).until(crate::server::is_stopping)
    }

    /// What `/health` asks: whether the store answers and takes writes, without which nothing goes, and whether the feed gets
    /// on; whether the store of files does, without which one still chats; and whether the bus works, without which nodes
    /// hear of each other later.
    pub fn checks(&self) -> Checks {
        static STORE: LogThrottle = LogThrottle::new();
        static FILES: LogThrottle = LogThrottle::new();
        let (store, blobs) = (self.services.ports.store.clone(), self.blobs.clone());
        let store: Check = Box::new(move || {
            let log = store.log.clone();
            // Any log will do: what counts is that a read comes back.
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
                    Cow::from("fail")
                };
                logs.check_writes().await.map_err(failed)
            })
        })
    }

    /// The first room that stands still says enough: with the room, the entry and the reason.
    fn feed_check(&self) -> Check {
        let feed = self.services.feed.clone();
        Box::new(move || {
            let trouble = feed.troubles().into_iter().next();
            Box::pin(std::future::ready(trouble.map_or(Ok(()), |trouble| Err(trouble.to_string().into()))))
        })
    }

    /// The SQL database, for what only an operator does; none where the store is another.
    #[cfg(any(feature = "embedded", feature = "postgres"))]
    pub fn database(&self) -> Option<&store_sql::SqlStore> {
        #[allow(irrefutable_let_patterns, reason = "there are more stores in a build with all adapters")]
        if let OpenStore::Sql(store) = &self.store { Some(store) } else { None }
    }

    /// The table, for the function that its stream calls.
    #[cfg(feature = "dynamodb")]
    pub fn dynamo(&self) -> Result<&store_dynamo::DynamoStore, OpenError> {
        match &self.store {
            OpenStore::Dynamo { store, .. } => Ok(store),
            #[cfg(any(feature = "embedded", feature = "postgres"))]
            OpenStore::Sql(_) => Err(OpenError::NoStream),
        }
    }

    /// Does at once what a call left to be done beside it: for a process that stands still between its calls.
    pub async fn settle(&self) {
        tokio::join!(self.services.settle(), self.store.settle());
    }

    /// Closes the store cleanly.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// The word of `/health` for something that does not answer. Why is in the log, since the word is public; a balancer asks
/// often, so it stands there now and then.
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

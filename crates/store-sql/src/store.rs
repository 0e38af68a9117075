//! A store: opened, handed out as ports, closed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use service::ports::Store;
use sqlx::ConnectOptions as _;
use tempfile::TempDir;

use crate::dialect::{self, Connection, Kind, PoolOptions};
use crate::error::OpenError;
use crate::schema::{self, Meta};
use crate::settings::SqlSettings;
use crate::shared::Shared;
use crate::writer::{Stats, Writer};

/// Attempts to open a database that another process is just creating.
const ATTEMPTS: u32 = 50;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// A store on one SQLite file. Several processes may have the same file open; SQLite's lock keeps their
/// transactions apart.
pub struct SqlStore {
    shared: Arc<Shared>,
    path: PathBuf,
    settings: SqlSettings,
    /// Removed with the store, when it was opened for a test.
    _folder: Option<TempDir>,
}

impl SqlStore {
    /// Opens or creates the database at a path or `sqlite:` URL, and brings its schema up to date.
    pub async fn open(location: &str, settings: SqlSettings) -> Result<SqlStore, OpenError> {
        let path = path_of(location)?;
        if let Some(folder) = path.parent() {
            let io = |source| OpenError::Io { path: folder.display().to_string(), source };
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        dialect::create(&path).map_err(|source| OpenError::Io { path: path.display().to_string(), source })?;
        let (connection, meta) = connect(&path, &settings).await?;
        let readers = PoolOptions::new()
            .max_connections(settings.readers)
            .acquire_timeout(settings.read_timeout)
            .connect_with(dialect::reader_options(&path, &settings))
            .await
            .map_err(|source| OpenError::Database { path: path.display().to_string(), source })?;
        let writer = Writer::start(connection, &path, &settings);
        let shared = Arc::new(Shared { reads: readers, writer, epoch: meta.epoch });
        Ok(SqlStore { shared, path, settings, _folder: None })
    }

    /// A new store in a folder that goes with it: for tests.
    pub async fn open_temporary() -> Result<SqlStore, OpenError> {
        let io = |source| OpenError::Io { path: "the folder for temporary files".into(), source };
        let folder = TempDir::new().map_err(io)?;
        let path = folder.path().join("palaver.db");
        let store = Self::open(&path.display().to_string(), SqlSettings::default()).await?;
        Ok(SqlStore { _folder: Some(folder), ..store })
    }

    /// Every port of it.
    pub fn store(&self) -> Store {
        let all = self.shared.clone();
        Store {
            log: all.clone(),
            rooms: all.clone(),
            marks: all.clone(),
            notifications: all.clone(),
            people: all.clone(),
            sessions: all.clone(),
            files: all.clone(),
            feed: all.clone(),
            nodes: all,
        }
    }

    /// What was committed since it was opened.
    pub fn stats(&self) -> Stats {
        self.shared.writer.stats()
    }

    /// Where the database lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Commits what waits, moves everything into the database file and closes it. What is asked later
    /// is answered `Unavailable`.
    pub async fn close(self) {
        self.shared.reads.close().await;
        self.shared.writer.close().await;
    }

    pub(crate) fn settings(&self) -> &SqlSettings {
        &self.settings
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// The path that a location names.
pub fn path_of(location: &str) -> Result<PathBuf, OpenError> {
    let path = match location.split_once(':') {
        Some(("sqlite", rest)) => rest.strip_prefix("//").unwrap_or(rest),
        Some((scheme, _)) if scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            return Err(OpenError::Unsupported(scheme.to_owned()));
        }
        _ => location,
    };
    // `:memory:` would be another database for each connection.
    if path.is_empty() || path.starts_with(':') {
        return Err(OpenError::Unsupported(location.to_owned()));
    }
    Ok(PathBuf::from(path))
}

async fn connect(path: &Path, settings: &SqlSettings) -> Result<(Connection, Meta), OpenError> {
    let name = path.display().to_string();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let opened = match dialect::writer_options(path, settings).connect().await {
            Ok(mut connection) => schema::migrate(&mut connection, &name).await.map(|meta| (connection, meta)),
            Err(source) => Err(OpenError::Database { path: name.clone(), source }),
        };
        match opened {
            // The switch to a write-ahead log needs the file for itself for a moment, and does not wait.
            Err(OpenError::Database { source, .. }) if dialect::kind(&source) == Kind::Busy && attempt < ATTEMPTS => {
                tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            }
            Err(OpenError::Database { source, .. }) if dialect::is_not_a_database(&source) => {
                return Err(OpenError::Foreign(name));
            }
            done => return done,
        }
    }
}

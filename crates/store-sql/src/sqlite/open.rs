//! Opens or creates the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::backend::SqliteBackend;
use super::connection::SqliteConnection;
use super::kind;
use super::readers::Readers;
use super::writer::Writer;
use crate::SqlStore;
use crate::error::{Kind, OpenError};
use crate::schema;
use crate::settings::{IfMissing, SqlSettings};

/// Attempts to open a database that another process is just creating.
const ATTEMPTS: u32 = 50;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

impl SqlStore {
    /// Opens the database at a path or `sqlite:` URL, and brings its schema up to date. If there is none, creates one
    /// or fails with [`OpenError::Absent`], as the settings say.
    pub async fn open(location: &str, settings: SqlSettings) -> Result<SqlStore, OpenError> {
        open(path_of(location)?, settings, None).await.map(SqlStore::new)
    }

    /// Opens a new store in a temporary folder that is removed with it. For tests.
    pub async fn open_temporary() -> Result<SqlStore, OpenError> {
        let io = |source| OpenError::Io { path: "the folder for temporary files".into(), source };
        let folder = TempDir::new().map_err(io)?;
        let path = folder.path().join("palaver.db");
        open(path, SqlSettings::default(), Some(folder)).await.map(SqlStore::new)
    }
}

async fn open(path: PathBuf, settings: SqlSettings, folder: Option<TempDir>) -> Result<SqliteBackend, OpenError> {
    match settings.if_missing {
        IfMissing::Create => make(&path)?,
        IfMissing::Refuse => find(&path, &settings).await?,
    }
    let connection = connect(&path, &settings).await?;
    let reads = Readers::open(&path, &settings)
        .await
        .map_err(|source| OpenError::Database { name: path.display().to_string(), source })?;
    let writer = Writer::new(connection, &path, &settings);
    Ok(SqliteBackend { reads, writer, path, settings, _folder: folder })
}

/// Returns the path that a location names.
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

/// Creates the file and its folder, if they are missing.
fn make(path: &Path) -> Result<(), OpenError> {
    if let Some(folder) = path.parent() {
        let io = |source| OpenError::Io { path: folder.display().to_string(), source };
        super::create_folder(folder).map_err(io)?;
    }
    super::create(path).map_err(|source| OpenError::Io { path: path.display().to_string(), source })
}

/// Returns an error if the file is missing or contains no Palaver database. Checks without writing, since the
/// connection that writes changes even an empty file.
async fn find(path: &Path, settings: &SqlSettings) -> Result<(), OpenError> {
    let name = path.display().to_string();
    // Only a file that is certainly missing fails here. If it cannot be checked, connecting says what is wrong with it.
    if !path.try_exists().unwrap_or(true) {
        return Err(OpenError::Absent(name));
    }
    let database = |source| match super::is_not_a_database(&source) {
        true => OpenError::Foreign(name.clone()),
        false => OpenError::Database { name: name.clone(), source },
    };
    let mut connection = super::connect_plainly(path, settings).await.map_err(database)?;
    let found = match schema::is_empty(&mut connection).await.map_err(database) {
        Ok(true) => Err(OpenError::Absent(name.clone())),
        Ok(false) => schema::read(&mut connection, &name).await.map(drop),
        Err(error) => Err(error),
    };
    connection.close().map_err(database)?;
    found
}

async fn connect(path: &Path, settings: &SqlSettings) -> Result<SqliteConnection, OpenError> {
    let name = path.display().to_string();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let opened = match super::connect_writer(path, settings).await {
            Ok(mut connection) => {
                let migrated = schema::migrate(&mut connection, &name, settings.if_missing).await;
                migrated.and_then(|meta| meta.check(&name, settings)).map(|_| connection)
            }
            Err(source) => Err(OpenError::Database { name: name.clone(), source }),
        };
        match opened {
            // The switch to a write-ahead log needs exclusive access for a moment, and does not wait.
            Err(OpenError::Database { source, .. }) if kind(&source) == Kind::Busy && attempt < ATTEMPTS => {
                tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            }
            Err(OpenError::Database { source, .. }) if super::is_not_a_database(&source) => {
                return Err(OpenError::Foreign(name));
            }
            done => return done,
        }
    }
}

//! What is specific to SQLite: its file, how the store connects, reads and writes, and its error codes.

mod append;
mod backend;
mod backup;
mod changes;
mod connection;
mod open;
mod readers;
mod writer;

use std::path::Path;

use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use tokio::runtime::Handle;

use crate::error::Kind;
use crate::settings::SqlSettings;
use connection::{SqliteConnection, failed};

pub use backup::{Restore, RestoreError};
#[cfg(test)]
pub use {backend::SqliteBackend, open::path_of};

/// Takes the write lock at once, so that what is read afterwards stays true until the commit.
pub const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Moves everything from the write-ahead log into the database.
pub const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Copies the current state of the database into a new file.
pub const COPY_TO: &str = "VACUUM INTO $1";

/// How the writer is set up. With FULL each commit waits until the write-ahead log is on the disk; on macOS that is only
/// true with F_FULLFSYNC, also for the checkpoint. After a checkpoint, the log is truncated to 64 MiB; the page
/// cache has 8,000 KiB, since the system caches the file as well.
const WRITER: &str = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -8000";
/// How readers are set up: with a page cache of 2,000 KiB each, and unable to write.
const READER: &str = "PRAGMA cache_size = -2000; PRAGMA query_only = 1";
/// How a tool is set up that must be the only process.
const EXCLUSIVE: &str = "PRAGMA locking_mode = EXCLUSIVE";
/// Multi-row statements come in up to 64 lengths each; all of them stay prepared.
const STATEMENTS: usize = 384;

/// Creates the file, readable only by this user, since it contains messages and password hashes. The write-ahead log
/// gets the same permissions. An existing file stays as it is.
pub fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Creates a folder and its missing parents, which only this user can open.
pub fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens the connection that writes. Never creates a file: an empty one in the place of a lost one would be taken for the
/// database.
pub async fn connect_writer(path: &Path, settings: &SqlSettings) -> Result<SqliteConnection, sqlx::Error> {
    connect(path, settings, WRITER).await
}

/// Opens a connection that reads.
pub async fn connect_reader(path: &Path, settings: &SqlSettings) -> Result<SqliteConnection, sqlx::Error> {
    connect(path, settings, READER).await
}

/// Opens the connection of a tool that must be the only process.
pub async fn connect_exclusively(path: &Path, settings: &SqlSettings) -> Result<SqliteConnection, sqlx::Error> {
    connect(path, settings, EXCLUSIVE).await
}

/// Opens a connection that changes nothing by itself: for a tool, which inspects or copies a database.
pub async fn connect_plainly(path: &Path, settings: &SqlSettings) -> Result<SqliteConnection, sqlx::Error> {
    connect(path, settings, "").await
}

async fn connect(path: &Path, settings: &SqlSettings, setup: &'static str) -> Result<SqliteConnection, sqlx::Error> {
    let (path, busy_timeout) = (path.to_owned(), settings.busy_timeout);
    let opened = blocking(async move {
        // Each connection is used by one thread at a time, so it needs no lock of its own.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(busy_timeout)?;
        // Without it, a statement is prepared again whenever a value is bound that its plan could depend on.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(setup)?;
        Ok(SqliteConnection::new(connection))
    });
    opened.await.map_err(failed)
}

/// Runs work that waits for the disk or a lock on a thread where that holds up nothing else.
pub async fn blocking<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = Handle::current();
    match tokio::task::spawn_blocking(move || runtime.block_on(work)).await {
        Ok(done) => done,
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        // The runtime is shutting down, and the caller with it.
        Err(_) => std::future::pending().await,
    }
}

/// Classifies an error by its code, see <https://sqlite.org/rescode.html>.
pub fn kind(error: &sqlx::Error) -> Kind {
    Kind::of(error, |code| match code.parse::<i64>().unwrap_or_default() & 0xff {
        5 | 6 => Kind::Busy,
        13 => Kind::Full,
        18 | 19 | 20 | 25 => Kind::Row,
        _ => Kind::Failed,
    })
}

/// Returns whether the file is not a database at all.
pub fn is_not_a_database(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "26")
}

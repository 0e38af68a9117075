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

use sqlx::sqlite::{SqliteConnectOptions as Options, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

use crate::error::Kind;
use crate::settings::SqlSettings;

pub use backup::{Restore, RestoreError};
#[cfg(test)]
pub use {backend::SqliteBackend, open::path_of};

/// Takes the write lock at once, so that what is read afterwards stays true until the commit.
pub const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Moves everything from the write-ahead log into the database.
pub const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// Copies the current state of the database into a new file.
pub const COPY_TO: &str = "VACUUM INTO $1";

const PAGE_SIZE: u32 = 8192;
/// The sizes of the page caches, in KiB (negative means KiB).
const WRITER_CACHE: &str = "-32000";
const READER_CACHE: &str = "-8000";
/// The size in bytes to which the write-ahead log is truncated after a checkpoint.
const WAL_BYTES: &str = "67108864";
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

/// Returns how the writer connects. Never creates a file: an empty one in the place of a lost one would be taken for
/// the database.
pub fn writer_options(path: &Path, settings: &SqlSettings) -> Options {
    options(path, settings)
        .page_size(PAGE_SIZE)
        .journal_mode(SqliteJournalMode::Wal)
        // With FULL each commit waits until the write-ahead log is on the disk; on macOS that is only true with
        // F_FULLFSYNC, also for the checkpoint.
        .synchronous(SqliteSynchronous::Full)
        .pragma("fullfsync", "1")
        .pragma("checkpoint_fullfsync", "1")
        .pragma("journal_size_limit", WAL_BYTES)
        .pragma("cache_size", WRITER_CACHE)
}

/// Returns how readers connect: they can never write.
pub fn reader_options(path: &Path, settings: &SqlSettings) -> Options {
    options(path, settings).pragma("cache_size", READER_CACHE).pragma("query_only", "1")
}

/// Returns how a tool connects that must be the only process.
pub fn exclusive_options(path: &Path, settings: &SqlSettings) -> Options {
    options(path, settings).locking_mode(SqliteLockingMode::Exclusive)
}

/// Opens the connection that writes.
pub async fn connect_writer(path: &Path, settings: &SqlSettings) -> Result<SqliteConnection, sqlx::Error> {
    writer_options(path, settings).connect().await
}

/// Returns how every connection is set up; as it is for a tool, which inspects or copies a database.
pub fn options(path: &Path, settings: &SqlSettings) -> Options {
    Options::new()
        .filename(path)
        .busy_timeout(settings.busy_timeout)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
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

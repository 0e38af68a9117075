//! Copies a database while it is in use, and restores from a copy.

use std::io;
use std::path::{Path, PathBuf};

use domain::Epoch;

use super::connection::SqliteConnection;
use super::{CHECKPOINT, blocking, kind};
use crate::database::{Statement, run};
use crate::error::{Kind, OpenError};
use crate::schema;
use crate::settings::SqlSettings;

/// Why a backup was not restored. The target is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The target exists already.
    #[error("{0} exists: move it away first, or restore with force to replace it")]
    Exists(String),
    /// A process has the target open.
    #[error("{0} is in use: stop the server before restoring")]
    InUse(String),
    /// The backup is a file of another program, or empty.
    #[error("{0} is not a Palaver database: name a folder that `palaver backup` wrote")]
    NotABackup(String),
    /// The backup is damaged.
    #[error("the backup is damaged ({0}): use another one")]
    Damaged(String),
    /// This release cannot read the backup, or a file cannot be written.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Copies the whole database at `path` to `target`; see `SqlStore::backup_to`.
pub async fn copy(path: &Path, settings: &SqlSettings, target: &Path) -> Result<(), OpenError> {
    let database = |source| OpenError::Database { name: path.display().to_string(), source };
    let io = |source| OpenError::Io { path: target.display().to_string(), source };
    if target.exists() {
        return Err(io(io::Error::from(io::ErrorKind::AlreadyExists)));
    }
    let partial = beside(target, ".partial");
    remove_if_there(&partial).and_then(|()| super::create(&partial)).map_err(io)?;
    let connection = super::connect_plainly(path, settings).await.map_err(database)?;
    if let Err(error) = copy_to(connection, &partial).await {
        remove_if_there(&partial).map_err(io)?;
        return Err(database(error));
    }
    place(&partial, target).await.map_err(io)
}

/// Copies a database into an empty file and closes it.
async fn copy_to(mut connection: SqliteConnection, target: &Path) -> Result<(), sqlx::Error> {
    let copy = Statement::new(super::COPY_TO).bind(target.display().to_string());
    let copied = blocking(async move {
        copy.execute(&mut connection).await?;
        connection.close()
    });
    copied.await
}

/// A checked copy of a backup beside the database that it will replace. Dropping it leaves the database unchanged.
pub struct Restore {
    target: PathBuf,
    partial: PathBuf,
    epoch: Epoch,
}

impl Restore {
    /// Checks the backup, then copies it beside `target` under a new epoch: what clients or nodes saw of another epoch
    /// of the store becomes invalid. Replaces an existing database only with `force`, and never while it is open.
    /// Writes nothing before all of this has been checked.
    pub async fn prepare(backup: &Path, target: &Path, force: bool) -> Result<Restore, RestoreError> {
        let settings = SqlSettings::default();
        let io = |source| OpenError::Io { path: target.display().to_string(), source };
        if target.exists() {
            if !force {
                return Err(RestoreError::Exists(target.display().to_string()));
            }
            check_unused(target, &settings).await?;
        }
        let source = open_backup(backup, &settings).await?;
        if let Some(folder) = target.parent() {
            super::create_folder(folder).map_err(io)?;
        }
        let partial = beside(target, ".partial");
        for stale in [partial.clone(), beside(&partial, "-wal"), beside(&partial, "-shm")] {
            remove_if_there(&stale).map_err(io)?;
        }
        super::create(&partial).map_err(io)?;
        // Created before the copy, so that a failed copy is removed too.
        let mut restore = Restore { target: target.to_owned(), partial, epoch: Epoch(0) };
        restore.epoch = renew(source, backup, &restore.partial, &settings).await?;
        Ok(restore)
    }

    /// Moves the copy to the place of the database, durably, and returns its epoch.
    pub async fn finish(self) -> Result<Epoch, RestoreError> {
        let target = &self.target;
        let io = |source| OpenError::Io { path: target.display().to_string(), source };
        // A write-ahead log of the old database must not be applied to the new one.
        for stale in [beside(target, "-wal"), beside(target, "-shm")] {
            remove_if_there(&stale).map_err(io)?;
        }
        place(&self.partial, target).await.map_err(io)?;
        Ok(self.epoch)
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        // After a finished restore the copy was moved to its place, and there is nothing to remove.
        let _ = remove_if_there(&self.partial);
    }
}

/// Opens the backup, if it is an intact database of this release or an earlier one.
async fn open_backup(backup: &Path, settings: &SqlSettings) -> Result<SqliteConnection, RestoreError> {
    let name = backup.display().to_string();
    let foreign = || RestoreError::NotABackup(name.clone());
    let database = |source| match super::is_not_a_database(&source) {
        true => foreign(),
        false => OpenError::Database { name: name.clone(), source }.into(),
    };
    let mut source = super::connect_plainly(backup, settings).await.map_err(database)?;
    check(&mut source, &name).await?;
    match schema::read(&mut source, &name).await {
        Err(OpenError::Foreign(_)) => Err(foreign()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(source),
    }
}

/// Copies the backup and gives the copy its new epoch.
async fn renew(
    source: SqliteConnection,
    backup: &Path,
    partial: &Path,
    settings: &SqlSettings,
) -> Result<Epoch, OpenError> {
    let name = backup.display().to_string();
    let database = |source| OpenError::Database { name: name.clone(), source };
    copy_to(source, partial).await.map_err(database)?;
    let mut connection = super::connect_writer(partial, settings).await.map_err(database)?;
    let epoch = schema::renew(&mut connection).await.map_err(database)?;
    run(&mut connection, CHECKPOINT).await.map_err(database)?;
    connection.close().map_err(database)?;
    Ok(epoch)
}

async fn check(connection: &mut SqliteConnection, name: &str) -> Result<(), RestoreError> {
    let rows = Statement::new("PRAGMA quick_check(1)").fetch_all(connection).await;
    let lines =
        rows.and_then(|rows| rows.iter().map(|row| row.try_get("quick_check")).collect::<Result<Vec<String>, _>>());
    match lines {
        Ok(lines) if lines == ["ok"] => Ok(()),
        Ok(lines) => Err(RestoreError::Damaged(lines.join("; "))),
        Err(error) if super::is_not_a_database(&error) => Err(RestoreError::NotABackup(name.to_owned())),
        Err(error) => Err(RestoreError::Damaged(error.to_string())),
    }
}

/// Checks that no process has the file open: every open connection holds a shared lock on it.
async fn check_unused(target: &Path, settings: &SqlSettings) -> Result<(), RestoreError> {
    let in_use = || RestoreError::InUse(target.display().to_string());
    let settings = SqlSettings { busy_timeout: std::time::Duration::ZERO, ..settings.clone() };
    let opened = super::connect_exclusively(target, &settings).await;
    match opened {
        Ok(mut connection) => {
            let locked = run(&mut connection, "BEGIN EXCLUSIVE").await;
            let busy = locked.as_ref().err().map(kind) == Some(Kind::Busy);
            // Any other problem does not matter, since the file will be replaced.
            drop(connection);
            if busy { Err(in_use()) } else { Ok(()) }
        }
        Err(error) if kind(&error) == Kind::Busy => Err(in_use()),
        Err(_) => Ok(()),
    }
}

/// Renames a complete file to its place, after its bytes were synced to the disk; then syncs the name, too.
async fn place(partial: &Path, target: &Path) -> io::Result<()> {
    tokio::fs::File::open(partial).await?.sync_all().await?;
    tokio::fs::rename(partial, target).await?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tokio::fs::File::open(folder).await?.sync_all().await
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

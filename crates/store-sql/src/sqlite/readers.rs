//! The connections that read.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::connect_reader;
use super::connection::SqliteConnection;
use crate::settings::SqlSettings;

/// At most [`SqlSettings::readers`] connections, opened when they are first needed.
pub struct Readers {
    path: PathBuf,
    settings: SqlSettings,
    free: Mutex<Vec<SqliteConnection>>,
    permits: Semaphore,
}

/// A connection that is in use. It is free again once this is dropped, unless it failed.
pub struct Reader<'a> {
    readers: &'a Readers,
    connection: Option<SqliteConnection>,
    _permit: SemaphorePermit<'a>,
}

impl Readers {
    /// Opens the first connection.
    pub async fn open(path: &Path, settings: &SqlSettings) -> Result<Readers, sqlx::Error> {
        let first = connect_reader(path, settings).await?;
        let permits = Semaphore::new(settings.readers as usize);
        Ok(Readers { path: path.to_owned(), settings: settings.clone(), free: Mutex::new(vec![first]), permits })
    }

    /// Waits for a connection, at most [`SqlSettings::read_timeout`].
    pub async fn get(&self) -> Result<Reader<'_>, sqlx::Error> {
        on_a_worker().await;
        let permit = timeout(self.settings.read_timeout, self.permits.acquire()).await;
        let permit = permit.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let free = self.free.lock().pop();
        let connection = match free {
            Some(connection) => connection,
            None => connect_reader(&self.path, &self.settings).await?,
        };
        Ok(Reader { readers: self, connection: Some(connection), _permit: permit })
    }

    /// Closes all connections once their reads have ended.
    pub async fn close(&self) {
        let all = self.permits.acquire_many(self.settings.readers).await;
        self.permits.close();
        drop(all);
        let connections = std::mem::take(&mut *self.free.lock());
        for connection in connections {
            if let Err(error) = connection.close() {
                tracing::warn!(%error, "connection to the database not closed cleanly");
            }
        }
    }
}

/// Makes the runtime continue the caller on one of its worker threads. A read runs on the thread that calls it, since from
/// the page cache it takes less time than a hop to another thread and back. One that waits for the disk holds up a worker
/// thread, of which a program should have at least two; it must never hold up a thread that polls for itself, such as that
/// of a shard of sockets.
async fn on_a_worker() {
    if tokio::task::try_id().is_none() {
        tokio::task::yield_now().await;
    }
}

impl Reader<'_> {
    /// Returns the result of a read; a connection that failed is not used again.
    pub fn checked<T>(mut self, read: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if read.is_err() {
            self.connection = None;
        }
        read
    }
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect("a reader that is in use has a connection")
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("a reader that is in use has a connection")
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.readers.free.lock().extend(self.connection.take());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::database::Statement;

    async fn readers(readers: u32) -> (tempfile::TempDir, Readers) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test.db");
        super::super::create(&path).expect("a file");
        let settings = SqlSettings { readers, read_timeout: Duration::from_millis(200), ..SqlSettings::default() };
        let readers = Readers::open(&path, &settings).await.expect("it opens");
        (folder, readers)
    }

    async fn one(readers: &Readers) -> Result<i64, sqlx::Error> {
        let mut reader = readers.get().await?;
        let read = Statement::new("SELECT 1 AS one").fetch_one(&mut *reader).await;
        reader.checked(read)?.try_get("one")
    }

    #[tokio::test]
    async fn connections_are_used_again_and_never_more_than_allowed() {
        let (_folder, readers) = readers(2).await;
        for _ in 0..5 {
            assert_eq!(one(&readers).await.expect("a read"), 1);
        }
        assert_eq!(readers.free.lock().len(), 1, "one was enough");

        let (first, second) = (readers.get().await.expect("free"), readers.get().await.expect("free"));
        assert!(matches!(readers.get().await, Err(sqlx::Error::PoolTimedOut)));
        drop((first, second));
        assert_eq!(readers.free.lock().len(), 2);
        assert_eq!(one(&readers).await.expect("a read"), 1);
    }

    #[tokio::test]
    async fn a_connection_that_failed_is_not_used_again() {
        let (_folder, readers) = readers(1).await;
        let mut reader = readers.get().await.expect("free");
        let failed = Statement::new("SELECT nothing").execute(&mut *reader).await;
        assert!(reader.checked(failed).is_err());
        assert!(readers.free.lock().is_empty());
        assert_eq!(one(&readers).await.expect("a read"), 1);
    }

    #[tokio::test]
    async fn closing_waits_for_reads_and_ends_further_ones() {
        let (_folder, readers) = readers(1).await;
        let reader = readers.get().await.expect("free");
        let closing = readers.close();
        tokio::pin!(closing);
        assert!(timeout(Duration::from_millis(50), &mut closing).await.is_err());
        drop(reader);
        closing.await;
        assert!(matches!(readers.get().await, Err(sqlx::Error::PoolClosed)));
    }
}

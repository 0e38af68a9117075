//! Blobs in a folder: one file each, written beside its place and moved there once it is durable. Only this user can
//! read them.

use std::io::{ErrorKind, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use service::ports::{BlobError, Blobs, ByteStream};
use tokio::fs::{self, DirBuilder, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::key::checked;

/// Bytes read or written at a time.
const CHUNK: usize = 64 * 1024;
/// The folder of blobs that are being written.
const PARTIAL: &str = "partial";
/// How long a partial blob must be unmodified before it counts as left over from a crash. Several processes may have
/// the folder open (a backup beside the server, say), so a newer one may still be in use.
const LEFT_OVER: Duration = Duration::from_secs(3600);
/// The permissions of a blob, and of a folder.
const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

/// A folder of blobs, in 256 subfolders by key.
pub struct FolderBlobs {
    root: PathBuf,
}

impl FolderBlobs {
    /// Opens or creates the folder, closes it to other users, and removes partial blobs that a crash left behind.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let root = root.into();
        let partial = root.join(PARTIAL);
        create_folder(&partial).await?;
        close_to_others(&root).await;

        let mut left = fs::read_dir(&partial).await.map_err(failed)?;
        while let Some(file) = left.next_entry().await.map_err(failed)? {
            // The writer may have moved it to its place just now.
            let Ok(written) = file.metadata().await.and_then(|metadata| metadata.modified()) else { continue };
            if written.elapsed().is_ok_and(|age| age > LEFT_OVER) {
                let _ = fs::remove_file(file.path()).await;
            }
        }
        Ok(FolderBlobs { root })
    }

    /// Returns the path of a key's bytes. The end of a key is its random part, so it spreads best.
    fn place(&self, key: &str) -> Result<PathBuf, BlobError> {
        let key = checked(key)?;
        let stem = key.split('.').next().unwrap_or(key);
        Ok(self.root.join(&stem[stem.len().saturating_sub(2)..]).join(key))
    }

    async fn write(&self, partial: &Path, mut bytes: ByteStream, limit: u64) -> Result<u64, BlobError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE_FILE).open(partial).await;
        let file = file.map_err(failed)?;
        let mut file = BufWriter::with_capacity(CHUNK, file);
        let mut length = 0u64;
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            length += chunk.len() as u64;
            if length > limit {
                return Err(BlobError::TooLarge(limit));
            }
            file.write_all(&chunk).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        file.into_inner().sync_all().await.map_err(failed)?;
        Ok(length)
    }
}

/// A file that is being written. Dropping it removes what is left, also if the writer was cancelled because its client
/// disconnected: aborted uploads would fill the disk.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Removing a name that was just used does not block for long. After the move to its place there is nothing to
        // remove; what cannot be removed now is removed at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn failed(error: std::io::Error) -> BlobError {
    match error.kind() {
        ErrorKind::NotFound => BlobError::NotFound,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BlobError::Full(error.to_string()),
        _ => BlobError::Unavailable(error.to_string()),
    }
}

/// Creates a folder and its missing parents, which only this user can open.
async fn create_folder(folder: &Path) -> Result<(), BlobError> {
    DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(folder).await.map_err(failed)
}

/// Takes the folder's permissions from all other users: an earlier release created it, and the files in it, with those
/// of the umask. A folder that belongs to another user stays as it is.
async fn close_to_others(root: &Path) {
    let Ok(metadata) = fs::metadata(root).await else { return };
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0
        && let Err(error) = fs::set_permissions(root, PermissionsExt::from_mode(mode & 0o7700)).await
    {
        tracing::warn!(%error, folder = %root.display(), "other users of this machine may read the files, run chmod 700");
    }
}

/// A name in a folder is durable once the folder is synced.
async fn sync_folder(folder: &Path) -> Result<(), BlobError> {
    File::open(folder).await.map_err(failed)?.sync_all().await.map_err(failed)
}

#[async_trait]
impl Blobs for FolderBlobs {
    async fn put(&self, key: &str, bytes: ByteStream, limit: u64) -> Result<u64, BlobError> {
        let place = self.place(key)?;
        let folder = place.parent().expect("a place is in the root");
        let partial = self.root.join(PARTIAL).join(Uuid::new_v4().simple().to_string());
        let partial = Partial(partial);
        let length = self.write(&partial.0, bytes, limit).await?;
        create_folder(folder).await?;
        fs::rename(&partial.0, &place).await.map_err(failed)?;
        sync_folder(folder).await?;
        sync_folder(&self.root).await?;
        Ok(length)
    }

    async fn get(&self, key: &str, range: Option<Range<u64>>) -> Result<ByteStream, BlobError> {
        let mut file = File::open(self.place(key)?).await.map_err(failed)?;
        let length = match range {
            Some(range) => {
                file.seek(SeekFrom::Start(range.start)).await.map_err(failed)?;
                range.end.saturating_sub(range.start)
            }
            None => u64::MAX,
        };
        let stream = ReaderStream::with_capacity(file.take(length), CHUNK);
        Ok(Box::pin(stream.map(|chunk| chunk.map_err(failed))))
    }

    async fn length(&self, key: &str) -> Result<u64, BlobError> {
        Ok(fs::metadata(self.place(key)?).await.map_err(failed)?.len())
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match fs::remove_file(self.place(key)?).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }

    async fn check(&self) -> Result<(), BlobError> {
        fs::metadata(self.root.join(PARTIAL)).await.map(drop).map_err(failed)
    }
}

#[cfg(test)]
mod tests;

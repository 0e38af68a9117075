//! Stores the rows of files. Their bytes are in `Blobs`.

use async_trait::async_trait;
use domain::{File, FileId, RoomId, Timestamp, UserId};

use super::StoreResult;

/// Stores the rows of files. Appends also write the states `Sent` and `Dropped` (see `domain::RowWrite`).
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Creates a row in state `Uploading`.
    async fn put(&self, file: &File) -> StoreResult<()>;

    /// Records that the bytes have arrived: writes size, type, digest, picture and state `Unsent`. Returns `NotFound`
    /// if the row was removed, dropped or sent in the meantime.
    async fn complete(&self, file: &File) -> StoreResult<()>;

    /// Sets the state `Dropped`. The caller then removes the bytes and calls [`FileStore::forget`]. Returns `NotFound` if
    /// there is no row.
    async fn drop_file(&self, file: FileId) -> StoreResult<()>;

    /// Like [`FileStore::drop_file`], unless a message contains the file by now. The sweep of old uploads uses it, so that
    /// it never removes a file that was just sent. Returns whether the file was dropped.
    async fn drop_unsent(&self, file: FileId) -> StoreResult<bool>;

    /// Removes a dropped row, after its bytes were removed.
    async fn forget(&self, file: FileId) -> StoreResult<()>;

    /// Returns a row, whatever its state.
    async fn get(&self, file: FileId) -> StoreResult<Option<File>>;

    /// Returns several rows in one read, in no particular order. Unknown ids are left out.
    async fn get_all(&self, files: &[FileId]) -> StoreResult<Vec<File>>;

    /// Returns the sent files of a room that precede `before`, newest first.
    async fn room_files(
        &self,
        room: RoomId,
        before: Option<(Timestamp, FileId)>,
        limit: usize,
    ) -> StoreResult<Vec<File>>;

    /// Returns the user's files that are not sent yet (`Uploading` or `Unsent`), newest first.
    async fn user_unsent(&self, user: UserId, limit: usize) -> StoreResult<Vec<File>>;

    /// Returns files to remove: unsent ones older than `older_than`, and dropped ones.
    async fn expired(&self, older_than: Timestamp, limit: usize) -> StoreResult<Vec<File>>;
}

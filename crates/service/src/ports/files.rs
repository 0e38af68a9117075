//! Files' rows; their bytes are `Blobs`.

use async_trait::async_trait;
use domain::{File, FileId, RoomId, Timestamp, UserId};

use super::StoreResult;

/// Files' rows. `Sent` and `Dropped` are also written by appends (see `domain::RowWrite`).
#[async_trait]
pub trait FileStore: Send + Sync {
    /// A new row, in state `Uploading`.
    async fn put(&self, file: &File) -> StoreResult<()>;

    /// The bytes are there: writes size, type, digest, picture and state `Unsent`. `NotFound` when the
    /// row is gone, dropped or sent by now.
    async fn complete(&self, file: &File) -> StoreResult<()>;

    /// State `Dropped`; the caller removes the bytes and then calls [`Files::forget`]. `NotFound`
    /// when there is no row.
    async fn drop_file(&self, file: FileId) -> StoreResult<()>;

    /// As [`Files::drop_file`], unless a message holds it by now: what a sweep of old uploads calls, so
    /// that it never takes a file that was sent a moment ago. Whether it is dropped.
    async fn drop_unsent(&self, file: FileId) -> StoreResult<bool>;

    /// Removes a dropped row, once its bytes are gone.
    async fn forget(&self, file: FileId) -> StoreResult<()>;

    /// One row, whatever its state.
    async fn get(&self, file: FileId) -> StoreResult<Option<File>>;

    /// Several rows, in one read and in no order; unknown ones are left out.
    async fn get_all(&self, files: &[FileId]) -> StoreResult<Vec<File>>;

    /// The sent files of a room, newest first, those before `before`.
    async fn room_files(
        &self,
        room: RoomId,
        before: Option<(Timestamp, FileId)>,
        limit: usize,
    ) -> StoreResult<Vec<File>>;

    /// The user's files that are not sent yet, uploading or unsent, newest first.
    async fn user_unsent(&self, user: UserId, limit: usize) -> StoreResult<Vec<File>>;

    /// Files to remove: uploading or unsent and older than `older_than`, or dropped.
    async fn expired(&self, older_than: Timestamp, limit: usize) -> StoreResult<Vec<File>>;
}

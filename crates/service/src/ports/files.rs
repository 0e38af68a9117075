//! Stores the rows of files. Their bytes are in `Blobs`.

use async_trait::async_trait;
use domain::{File, FileId, RoomId, Timestamp, UserId};

use super::StoreResult;

/// How many bytes the files of one user, and of all users, may have. `u64::MAX` means that there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of the files of one user.
    pub user: u64,
    /// Bytes of the files of all users.
    pub all: u64,
}

impl Quota {
    /// No limit.
    pub const NONE: Quota = Quota { user: u64::MAX, all: u64::MAX };
}

/// The bytes of files that have a row, in whatever state, and count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes of the files of one user.
    pub user: u64,
    /// Bytes of the files of all users.
    pub all: u64,
}

impl Usage {
    /// Returns whether so many further bytes fit, and otherwise which quota is full.
    pub fn check(self, further: u64, quota: Quota) -> Charged {
        if self.user.saturating_add(further) > quota.user {
            Charged::UserFull
        } else if self.all.saturating_add(further) > quota.all {
            Charged::AllFull
        } else {
            Charged::Done
        }
    }
}

/// What came of a write that needs room in the quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Charged {
    /// It was written.
    Done,
    /// The user has no room left. Nothing was written.
    UserFull,
    /// All users together have no room left. Nothing was written.
    AllFull,
}

/// Stores the rows of files, and counts their bytes in the same transaction: a row's `counted_bytes` count from `put` until
/// `forget`. Appends also write the states `Sent` and `Dropped` (see `domain::RowWrite`).
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Creates a row in state `Uploading`, if its size and at least one byte fit into the quotas. A repeat changes nothing.
    async fn put(&self, file: &File, quota: Quota) -> StoreResult<Charged>;

    /// Records that the bytes have arrived: writes size, type, digest, picture, metadata and state `Unsent`, if a size
    /// larger than before fits into the quotas. Returns `NotFound` if the row was removed, dropped or sent in the
    /// meantime.
    async fn complete(&self, file: &File, quota: Quota) -> StoreResult<Charged>;

    /// Returns how many bytes count. Costs the same however many files there are.
    async fn usage(&self, user: UserId) -> StoreResult<Usage>;

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

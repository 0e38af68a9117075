//! Stores the deletion of accounts: the step that ends an account, and what is left to do after it.

use async_trait::async_trait;
use domain::name::UserName;
use domain::{RoomId, Timestamp, UserId};

use super::StoreResult;

/// The deletion of an account that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// The user whose account was deleted.
    pub user: UserId,
    /// Whether the messages of the user are deleted, too.
    pub messages: bool,
    /// When it began.
    pub at: Timestamp,
}

/// Returns the keys that hold back a handle after its account was deleted. The two keys of a name may equal those of
/// another one the other way round, so each says which it is.
pub fn held_keys(name: &UserName) -> [String; 2] {
    [format!("folded:{}", name.folded()), format!("written:{}", name.written())]
}

/// Stores deletions of accounts.
#[async_trait]
pub trait DeletionStore: Send + Sync {
    /// Ends an account in one atomic step: its row loses name, display name, addresses, password and role, is marked as
    /// deleted and banned, and gets the handle `tombstone`; the old handle stays taken forever under both keys; and the
    /// deletion is listed until [`DeletionStore::finish`]. Succeeds without an effect if the account was deleted before.
    /// Returns `NotFound`, `Taken("name")` for the new handle, or `LastAdmin`.
    async fn end_account(&self, deletion: Deletion, tombstone: &UserName) -> StoreResult<()>;

    /// Returns deletions that are not finished, in order of user id.
    async fn deletions(&self, limit: usize) -> StoreResult<Vec<Deletion>>;

    /// Returns rooms that the user has a row of, whatever its state, in order of room id, after `after`.
    async fn rooms_ever(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<RoomId>>;

    /// Removes the user's own rows (sessions, notifications, blocks, marks and settings of rooms), in steps.
    async fn erase(&self, user: UserId) -> StoreResult<()>;

    /// Takes a deletion off the list.
    async fn finish(&self, user: UserId) -> StoreResult<()>;
}

//! Stores notifications: rows that a user log announces.

use async_trait::async_trait;
use domain::{Notification, NotificationKey, Timestamp, UserId};

use super::StoreResult;

/// A page of notifications, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotificationPage {
    /// The notifications.
    pub items: Vec<Notification>,
    /// The key where the next page begins, if there is one.
    pub next: Option<NotificationKey>,
}

/// Stores notifications. Written only by appends to the user log (see `domain::RowWrite`).
#[async_trait]
pub trait NotificationStore: Send + Sync {
    /// Returns the notifications before `before`, newest first. Dropped ones are left out.
    async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        before: Option<NotificationKey>,
        limit: usize,
    ) -> StoreResult<NotificationPage>;

    /// Returns a notification, unless it was dropped.
    async fn get(&self, user: UserId, key: NotificationKey) -> StoreResult<Option<Notification>>;

    /// Returns whether a notification exists, or existed and its tombstone still does. Guards an append.
    async fn known(&self, user: UserId, key: NotificationKey) -> StoreResult<bool>;

    /// Returns the number of unread notifications, counted up to `cap`.
    async fn unread(&self, user: UserId, cap: usize) -> StoreResult<usize>;

    /// Removes expired tombstones and returns how many: 0 for a store whose rows expire by themselves.
    async fn sweep(&self, now: Timestamp) -> StoreResult<u64>;
}

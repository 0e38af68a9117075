//! Notifications: rows that a user's own log announces.

use async_trait::async_trait;
use domain::{Notification, NotificationKey, Timestamp, UserId};

use super::StoreResult;

/// A page of notifications, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotificationPage {
    /// The notifications.
    pub items: Vec<Notification>,
    /// Where the next page begins, if there is one.
    pub next: Option<NotificationKey>,
}

/// Notifications. Written by appends to the user's own log only (see `domain::RowWrite`).
#[async_trait]
pub trait NotificationStore: Send + Sync {
    /// Newest first, those before `before`; the dropped are left out.
    async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        before: Option<NotificationKey>,
        limit: usize,
    ) -> StoreResult<NotificationPage>;

    /// One, unless it was dropped.
    async fn get(&self, user: UserId, key: NotificationKey) -> StoreResult<Option<Notification>>;

    /// Whether it is there, or was and its mark still is: the guard of an append.
    async fn known(&self, user: UserId, key: NotificationKey) -> StoreResult<bool>;

    /// How many are unread, counted up to `cap`.
    async fn unread(&self, user: UserId, cap: usize) -> StoreResult<usize>;

    /// Removes marks whose time is over; returns how many: none on a store whose rows end by themselves.
    async fn sweep(&self, now: Timestamp) -> StoreResult<u64>;
}

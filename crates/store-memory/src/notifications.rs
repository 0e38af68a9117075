//! `Notifications` in memory.

use async_trait::async_trait;
use domain::{Notification, NotificationKey, Timestamp, UserId};
use service::ports::{NotificationPage, NotificationStore, StoreResult};

use super::state::{NotificationRow, State};
use crate::MemoryStore;

#[async_trait]
impl NotificationStore for MemoryStore {
    async fn list(
        &self,
        user: UserId,
        unread_only: bool,
        before: Option<NotificationKey>,
        limit: usize,
    ) -> StoreResult<NotificationPage> {
        let state = self.up()?;
        let older = newest_first(&state, user).filter(|row| before.is_none_or(|before| row.key < before));
        let mut found = older.filter(|row| !unread_only || row.read_at.is_none()).cloned();
        let items: Vec<Notification> = found.by_ref().take(limit).collect();
        let next = found.next().and_then(|_| items.last().map(|last| last.key));
        Ok(NotificationPage { items, next })
    }

    async fn get(&self, user: UserId, key: NotificationKey) -> StoreResult<Option<Notification>> {
        Ok(newest_first(&*self.up()?, user).find(|row| row.key == key).cloned())
    }

    async fn known(&self, user: UserId, key: NotificationKey) -> StoreResult<bool> {
        Ok(self.up()?.notifications.contains_key(&(user, key)))
    }

    async fn unread(&self, user: UserId, cap: usize) -> StoreResult<usize> {
        Ok(newest_first(&*self.up()?, user).filter(|row| row.read_at.is_none()).take(cap).count())
    }

    async fn sweep(&self, now: Timestamp) -> StoreResult<u64> {
        let mut state = self.up()?;
        let before = state.notifications.len();
        let over = |row: &NotificationRow| matches!(row, NotificationRow::Dropped { expires } if *expires <= now);
        state.notifications.retain(|_, row| !over(row));
        Ok((before - state.notifications.len()) as u64)
    }
}

fn newest_first(state: &State, user: UserId) -> impl Iterator<Item = &Notification> {
    state.notifications.iter().rev().filter(move |((of, _), _)| *of == user).filter_map(|(_, row)| match row {
        NotificationRow::There(notification) => Some(notification),
        NotificationRow::Dropped { .. } => None,
    })
}

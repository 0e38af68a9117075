//! The deletion of accounts in memory.

use async_trait::async_trait;
use domain::name::UserName;
use domain::{RoomId, UserId};
use service::ports::{Deletion, DeletionStore, StoreError, StoreResult, held_keys};

use crate::MemoryStore;
use crate::people::{check_free, keep_an_admin};

#[async_trait]
impl DeletionStore for MemoryStore {
    async fn end_account(&self, deletion: Deletion, tombstone: &UserName) -> StoreResult<()> {
        let mut state = self.up()?;
        let user = deletion.user;
        let old = state.people.get(&user).cloned().ok_or(StoreError::NotFound)?;
        if old.user.deleted {
            return Ok(());
        }
        keep_an_admin(&state, user)?;
        check_free(&state, user, tombstone, None)?;

        state.held_names.extend(held_keys(&old.user.name));
        state.people.insert(user, old.ended(tombstone));
        state.deletions.insert(user, deletion);
        Ok(())
    }

    async fn deletions(&self, limit: usize) -> StoreResult<Vec<Deletion>> {
        Ok(self.up()?.deletions.values().take(limit).copied().collect())
    }

    async fn rooms_ever(&self, user: UserId, after: Option<RoomId>, limit: usize) -> StoreResult<Vec<RoomId>> {
        let state = self.up()?;
        let rooms = state.user_rooms.keys().filter(|(of, _)| *of == user).map(|(_, room)| *room);
        Ok(rooms.filter(|room| after.is_none_or(|after| *room > after)).take(limit).collect())
    }

    async fn erase(&self, user: UserId) -> StoreResult<()> {
        let mut state = self.up()?;
        state.sessions.retain(|_, session| session.user != user);
        state.tickets.retain(|_, ticket| ticket.user != user);
        state.notifications.retain(|(of, _), _| *of != user);
        state.user_rooms.retain(|(of, _), _| *of != user);
        state.blocks.retain(|(of, _)| *of != user);
        Ok(())
    }

    async fn finish(&self, user: UserId) -> StoreResult<()> {
        self.up()?.deletions.remove(&user);
        Ok(())
    }
}

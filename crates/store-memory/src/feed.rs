//! `Feed` in memory.

use std::time::Duration;

use async_trait::async_trait;
use domain::{RoomId, Seq, Timestamp};
use service::ports::{Behind, FeedCursor, FeedStore, Fence, StoreResult};

use super::state::Lease;
use crate::MemoryStore;

#[async_trait]
impl FeedStore for MemoryStore {
    async fn cursors(&self, room: RoomId) -> StoreResult<Vec<FeedCursor>> {
        let state = self.up()?;
        let rows = state.cursors.iter().filter(|((of, _), _)| *of == room);
        Ok(rows.map(|((_, consumer), (seq, _))| FeedCursor { consumer: consumer.clone(), seq: *seq }).collect())
    }

    async fn advance(&self, room: RoomId, consumer: &str, fence: Fence, seq: Seq) -> StoreResult<()> {
        let mut state = self.up()?;
        let row = state.cursors.entry((room, consumer.to_owned())).or_insert((0, fence));
        if fence >= row.1 {
            *row = (row.0.max(seq), fence);
        }
        Ok(())
    }

    async fn lease(&self, name: &str, owner: &str, now: Timestamp, life: Duration) -> StoreResult<Option<Fence>> {
        let mut state = self.up()?;
        let until = now + life;
        let Some(held) = state.leases.get_mut(name) else {
            state.leases.insert(name.to_owned(), Lease { owner: owner.to_owned(), until, fence: Fence(1) });
            return Ok(Some(Fence(1)));
        };
        let over = held.until <= now;
        if !over && held.owner != owner {
            return Ok(None);
        }
        // Also for the same owner: another may have considered the lease free for a moment.
        let fence = if over { Fence(held.fence.0 + 1) } else { held.fence };
        *held = Lease { owner: owner.to_owned(), until, fence };
        Ok(Some(fence))
    }

    async fn release(&self, name: &str, owner: &str) -> StoreResult<()> {
        let mut state = self.up()?;
        if let Some(held) = state.leases.get_mut(name).filter(|held| held.owner == owner) {
            held.until = Timestamp(0);
        }
        Ok(())
    }

    async fn behind(&self, consumer: &str, after: Option<RoomId>, limit: usize) -> StoreResult<Behind> {
        let state = self.up()?;
        let rooms = state.logs.keys().filter_map(|log| log.room()).filter(|room| after.is_none_or(|a| *room > a));
        let heads = rooms.map(|room| (room, state.head(room).seq));
        let cursor = |room| state.cursors.get(&(room, consumer.to_owned())).map_or(0, |(seq, _)| *seq);
        Ok(Behind::up_to(limit, heads.filter(|(room, head)| *head > cursor(*room)).take(limit).collect()))
    }
}

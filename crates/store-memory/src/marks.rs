//! `Marks` in memory.

use async_trait::async_trait;
use domain::limits::MENTIONS_PER_ROW;
use domain::{RoomId, Seq, UserId, UserRoom};
use service::ports::{MarkRow, MarkStore, StoreError, StoreResult};

use crate::MemoryStore;

#[async_trait]
impl MarkStore for MemoryStore {
    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> StoreResult<MarkRow> {
        let mut state = self.up()?;
        let row = state.user_rooms.get_mut(&(user, room)).ok_or(StoreError::NotFound)?;
        if seq > row.read_seq {
            row.read_seq = seq;
            row.read_n = row.read_n.max(n);
            row.mentions.retain(|mention| *mention > seq);
        }
        Ok(mark(row))
    }

    async fn add_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        let mut state = self.up()?;
        if let Some(row) = state.user_rooms.get_mut(&(user, room)) {
            let wanted = seq > row.read_seq && !row.mentions.contains(&seq);
            if wanted && row.mentions.len() < MENTIONS_PER_ROW {
                row.mentions.push(seq);
                row.mentions.sort_unstable();
            }
        }
        Ok(())
    }

    async fn drop_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        if let Some(row) = self.up()?.user_rooms.get_mut(&(user, room)) {
            row.mentions.retain(|mention| *mention != seq);
        }
        Ok(())
    }

    async fn marks(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<(UserId, MarkRow)>> {
        let state = self.up()?;
        let rows = users.iter().filter_map(|user| Some((*user, mark(state.user_rooms.get(&(*user, room))?))));
        Ok(rows.collect())
    }
}

fn mark(row: &UserRoom) -> MarkRow {
    MarkRow { read_seq: row.read_seq, read_n: row.read_n, mentions: row.mentions.clone() }
}

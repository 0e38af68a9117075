//! `Files` in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use domain::{File, FileId, FileState, RoomId, Timestamp, UserId};
use service::ports::{Charged, FileStore, Quota, StoreError, StoreResult, Usage};

use crate::MemoryStore;
use crate::state::State;

#[async_trait]
impl FileStore for MemoryStore {
    async fn put(&self, file: &File, quota: Quota) -> StoreResult<Charged> {
        let mut state = self.up()?;
        if state.files.contains_key(&file.id) {
            return Ok(Charged::Done);
        }
        let charged = usage(&state, file.user).check(file.counted_bytes().max(1), quota);
        if charged == Charged::Done {
            state.files.insert(file.id, File { state: FileState::Uploading, seq: None, ..file.clone() });
        }
        Ok(charged)
    }

    async fn complete(&self, file: &File, quota: Quota) -> StoreResult<Charged> {
        let mut state = self.up()?;
        let used = usage(&state, file.user);
        let waiting = |row: &&mut File| matches!(row.state, FileState::Uploading | FileState::Unsent);
        let row = state.files.get_mut(&file.id).filter(waiting).ok_or(StoreError::NotFound)?;
        let further = file.counted_bytes().saturating_sub(row.counted_bytes());
        if further > 0 && used.check(further, quota) != Charged::Done {
            return Ok(used.check(further, quota));
        }
        row.state = FileState::Unsent;
        row.size = file.size;
        row.content_type = file.content_type.clone();
        row.digest = file.digest.clone();
        row.picture = file.picture;
        row.metadata = file.metadata;
        row.counted = file.counted;
        Ok(Charged::Done)
    }

    async fn usage(&self, user: UserId) -> StoreResult<Usage> {
        Ok(usage(&*self.up()?, user))
    }

    async fn drop_file(&self, file: FileId) -> StoreResult<()> {
        let mut state = self.up()?;
        state.files.get_mut(&file).ok_or(StoreError::NotFound)?.state = FileState::Dropped;
        Ok(())
    }

    async fn drop_unsent(&self, file: FileId) -> StoreResult<bool> {
        let mut state = self.up()?;
        let Some(row) = state.files.get_mut(&file).filter(|row| row.state != FileState::Sent) else {
            return Ok(false);
        };
        row.state = FileState::Dropped;
        Ok(true)
    }

    async fn forget(&self, file: FileId) -> StoreResult<()> {
        self.up()?.files.retain(|_, row| row.id != file || row.state != FileState::Dropped);
        Ok(())
    }

    async fn get(&self, file: FileId) -> StoreResult<Option<File>> {
        Ok(self.up()?.files.get(&file).cloned())
    }

    async fn get_all(&self, files: &[FileId]) -> StoreResult<Vec<File>> {
        Ok(self.up()?.files.values().filter(|row| files.contains(&row.id)).cloned().collect())
    }

    async fn room_files(
        &self,
        room: RoomId,
        before: Option<(Timestamp, FileId)>,
        limit: usize,
    ) -> StoreResult<Vec<File>> {
        let state = self.up()?;
        let sent = state.files.values().filter(|row| row.room == room && row.state == FileState::Sent);
        let older = sent.filter(|row| before.is_none_or(|before| (row.at, row.id) < before));
        Ok(newest_first(older, limit))
    }

    async fn user_unsent(&self, user: UserId, limit: usize) -> StoreResult<Vec<File>> {
        let state = self.up()?;
        let waits = |row: &&File| matches!(row.state, FileState::Uploading | FileState::Unsent);
        Ok(newest_first(state.files.values().filter(|row| row.user == user).filter(waits), limit))
    }

    async fn expired(&self, older_than: Timestamp, limit: usize) -> StoreResult<Vec<File>> {
        let state = self.up()?;
        let over = |row: &&File| match row.state {
            FileState::Uploading | FileState::Unsent => row.at < older_than,
            FileState::Sent => false,
            FileState::Dropped => true,
        };
        Ok(state.files.values().filter(over).take(limit).cloned().collect())
    }
}

fn usage(state: &State, user: UserId) -> Usage {
    let bytes =
        |mine: bool| state.files.values().filter(|row| !mine || row.user == user).map(File::counted_bytes).sum();
    Usage { user: bytes(true), all: bytes(false) }
}

fn newest_first<'a>(rows: impl Iterator<Item = &'a File>, limit: usize) -> Vec<File> {
    let mut rows: Vec<File> = rows.cloned().collect();
    rows.sort_by_key(|row| Reverse((row.at, row.id)));
    rows.truncate(limit);
    rows
}

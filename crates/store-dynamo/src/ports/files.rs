//! Implements `Files`. A file is in the lists that its state requires (`rows::moved`), in one transaction with its row.

use async_trait::async_trait;
use domain::{File, FileId, FileState, RoomId, Timestamp, UserId};
use futures_util::future::{try_join, try_join_all};
use service::ports::{Charged, FileStore, Quota, StoreError, StoreResult, Usage, readable};

use crate::error::{THROTTLED_MS, unavailable};
use crate::item::Item;
use crate::keys;
use crate::rows;
use crate::table_store::{Range, TableStore, WriteError};

/// How often a change is decided again if the row changed between its read and its write.
const ATTEMPTS: usize = 5;

/// What happens to a file.
enum Next {
    /// This becomes its row.
    Is(File),
    /// Its row is removed.
    Gone,
    /// Nothing: the row is already right, or the change does not apply.
    Stays,
}

/// Costs: a new file 10 WRU; complete 4 to 8 and a read; dropped 6 to 8 and a read; forgotten 8 and a read. All files
/// count on one item, so a table takes some hundred uploads per second. A page of a
/// room's files is one read of copies; of a user's unsent or of expired files, one read and one per file.
#[async_trait]
impl FileStore for TableStore {
    async fn put(&self, file: &File, quota: Quota) -> StoreResult<Charged> {
        let new = File { state: FileState::Uploading, seq: None, ..file.clone() };
        let row = rows::moved(None, Some(&new));
        let first_count = row.len();
        match self.write([row, rows::charged(None, Some(&new), 1, quota)].concat()).await {
            Ok(()) => Ok(Charged::Done),
            Err(WriteError::Refused(which)) => Ok(full(&which, first_count)),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    async fn complete(&self, file: &File, quota: Quota) -> StoreResult<Charged> {
        let completed = self.move_file(file.id, quota, |old| match old.state {
            FileState::Uploading | FileState::Unsent => Next::Is(File {
                state: FileState::Unsent,
                size: file.size,
                content_type: file.content_type.clone(),
                digest: file.digest.clone(),
                picture: file.picture,
                metadata: file.metadata,
                counted: file.counted,
                ..old.clone()
            }),
            FileState::Sent | FileState::Dropped => Next::Stays,
        });
        match completed.await? {
            Moved::Full(charged) => Ok(charged),
            Moved::To(Some(row)) if row.state == FileState::Unsent => Ok(Charged::Done),
            Moved::To(_) => Err(StoreError::NotFound),
        }
    }

    async fn usage(&self, user: UserId) -> StoreResult<Usage> {
        let (user, all) = try_join(self.get(keys::usage(Some(user))), self.get(keys::usage(None))).await?;
        Ok(Usage { user: rows::used(user.as_ref())?, all: rows::used(all.as_ref())? })
    }

    async fn drop_file(&self, file: FileId) -> StoreResult<()> {
        let dropped = self.move_file(file, Quota::NONE, |old| match old.state {
            FileState::Dropped => Next::Stays,
            _ => Next::Is(File { state: FileState::Dropped, ..old.clone() }),
        });
        dropped.await?.row().map(|_| ()).ok_or(StoreError::NotFound)
    }

    async fn drop_unsent(&self, file: FileId) -> StoreResult<bool> {
        let dropped = self.move_file(file, Quota::NONE, |old| match old.state {
            FileState::Dropped | FileState::Sent => Next::Stays,
            _ => Next::Is(File { state: FileState::Dropped, ..old.clone() }),
        });
        Ok(dropped.await?.row().is_some_and(|row| row.state == FileState::Dropped))
    }

    async fn forget(&self, file: FileId) -> StoreResult<()> {
        let forgotten = self.move_file(file, Quota::NONE, |old| match old.state {
            FileState::Dropped => Next::Gone,
            _ => Next::Stays,
        });
        forgotten.await.map(|_| ())
    }

    async fn get(&self, file: FileId) -> StoreResult<Option<File>> {
        self.get(keys::file(file)).await?.as_ref().map(rows::file).transpose()
    }

    async fn get_all(&self, files: &[FileId]) -> StoreResult<Vec<File>> {
        let found = self.get_all(files.iter().map(|file| keys::file(*file)).collect()).await?;
        readable(found.iter().map(rows::file))
    }

    async fn room_files(
        &self,
        room: RoomId,
        before: Option<(Timestamp, FileId)>,
        limit: usize,
    ) -> StoreResult<Vec<File>> {
        let range = match before {
            Some((at, file)) => Range::before(keys::room_rows(room), keys::FILES, &keys::room_file(room, at, file).sk),
            None => Range::beginning(keys::room_rows(room), keys::FILES),
        };
        readable(self.query(range.descending().limit(limit)).await?.iter().map(rows::file))
    }

    async fn user_unsent(&self, user: UserId, limit: usize) -> StoreResult<Vec<File>> {
        let range = Range::beginning(keys::user_rows(user), keys::FILES).descending().limit(limit);
        let mut files = self.listed_files(range).await?;
        files.retain(|file| matches!(file.state, FileState::Uploading | FileState::Unsent));
        files.sort_by_key(|file| std::cmp::Reverse((file.at, file.id)));
        Ok(files)
    }

    async fn expired(&self, older_than: Timestamp, limit: usize) -> StoreResult<Vec<File>> {
        let shards = (0..keys::SWEEP_SHARDS).map(|shard| {
            let older = Range::before(keys::unsent_shard(shard), "", &keys::time(older_than));
            self.listed_files(older.limit(limit))
        });
        let mut files: Vec<File> = try_join_all(shards).await?.into_iter().flatten().collect();
        // A file may have been sent between the two reads.
        files.retain(|file| file.state != FileState::Sent);
        files.truncate(limit);
        Ok(files)
    }
}

impl TableStore {
    /// Returns the files that lines of a list name.
    async fn listed_files(&self, range: Range) -> StoreResult<Vec<File>> {
        let lines = self.query(range).await?;
        let ids = lines.iter().map(|line| line.id("fi").map(FileId)).collect::<StoreResult<Vec<_>>>()?;
        FileStore::get_all(self, &ids).await
    }

    /// Moves a file to its next state, decided from its row, and counts its bytes.
    async fn move_file(
        &self,
        file: FileId,
        quota: Quota,
        decide: impl Fn(&File) -> Next + Send + Sync,
    ) -> StoreResult<Moved> {
        for _ in 0..ATTEMPTS {
            let Some(old) = FileStore::get(self, file).await? else { return Ok(Moved::To(None)) };
            let next = decide(&old);
            let new = match &next {
                Next::Stays => return Ok(Moved::To(Some(old))),
                Next::Is(new) => Some(new),
                Next::Gone => None,
            };
            let row = rows::moved(Some(&old), new);
            let first_count = row.len();
            match self.write([row, rows::charged(Some(&old), new, 0, quota)].concat()).await {
                Ok(()) => return Ok(Moved::To(Some(new.unwrap_or(&old).clone()))),
                Err(WriteError::Refused(which)) => match full(&which, first_count) {
                    Charged::Done => {}
                    full => return Ok(Moved::Full(full)),
                },
                Err(WriteError::Store(error)) => return Err(error),
            }
        }
        Err(unavailable("a file's row kept changing", THROTTLED_MS))
    }
}

/// What came of moving a file.
enum Moved {
    /// The row after that, or the last one if it was removed; `None` if there was none.
    To(Option<File>),
    /// It does not fit.
    Full(Charged),
}

impl Moved {
    fn row(self) -> Option<File> {
        match self {
            Moved::To(row) => row,
            Moved::Full(_) => None,
        }
    }
}

/// Returns which quota refused a write whose operations from `first_count` on count bytes. `Done` if the row itself was
/// not as expected, whatever the quotas say.
fn full(refused: &[(usize, Option<Item>)], first_count: usize) -> Charged {
    match refused.iter().map(|(at, _)| *at).min() {
        Some(at) if at == first_count => Charged::UserFull,
        Some(at) if at > first_count => Charged::AllFull,
        _ => Charged::Done,
    }
}

//! Looks up the users and files that entries name, through a bounded cache.
//!
//! Never a source of truth: a name may be as old as [`USER_AGE`], unless [`UserCache::forget_user`] was called.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::{Body, EditTexts, Entry, FileId, Related, Timestamp, User, UserId};
use quick_cache::sync::Cache;

use crate::clock::Clock;
use crate::ports::{Store, StoreResult};

/// How old a cached user may be.
pub const USER_AGE: Duration = Duration::from_secs(60);
/// Users that the cache holds at most.
pub const CACHED_USERS: usize = 20_000;

/// Looks up users and files by id.
pub struct UserCache {
    store: Store,
    clock: Arc<dyn Clock>,
    users: Cache<UserId, (User, Timestamp)>,
}

impl UserCache {
    /// Creates an empty cache.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(UserCache { store, clock, users: Cache::new(CACHED_USERS) })
    }

    /// Returns everything that these entries name: authors, members, mentioned users, the two of a direct room, and
    /// files, but not the texts of edits. At most one read of users (none if all are cached) and one of files.
    pub async fn related(&self, entries: &[Entry]) -> StoreResult<Related> {
        let mut users = HashSet::new();
        let mut files = Vec::new();
        for entry in entries {
            users.insert(entry.by);
            match &entry.body {
                Body::Message(message) => {
                    users.extend(&message.mentions);
                    files.extend(&message.files);
                }
                Body::Member { user, .. } => drop(users.insert(*user)),
                Body::Room(room) => users.extend(room.pair.iter().flat_map(|(a, b)| [*a, *b])),
                Body::NotificationAdded(notification) | Body::NotificationChanged(notification) => {
                    users.extend(notification.from)
                }
                _ => {}
            }
        }
        users.remove(&UserId::SYSTEM);
        let users = self.users(users.into_iter().collect()).await?;
        let files = self.files(files).await?;
        Ok(Related { users, files, texts: EditTexts::new() })
    }

    /// Returns these users. Unknown ids are left out.
    pub async fn users(&self, mut ids: Vec<UserId>) -> StoreResult<HashMap<UserId, User>> {
        let now = self.clock.now();
        let mut found = HashMap::with_capacity(ids.len());
        ids.retain(|id| match self.users.get(id) {
            Some((user, at)) if now.since(at) < USER_AGE => {
                found.insert(*id, user);
                false
            }
            _ => true,
        });
        if !ids.is_empty() {
            for user in self.store.users.users(&ids).await? {
                self.users.insert(user.id, (user.clone(), now));
                found.insert(user.id, user);
            }
        }
        Ok(found)
    }

    /// Returns one user.
    pub async fn user(&self, id: UserId) -> StoreResult<Option<User>> {
        Ok(self.users(vec![id]).await?.remove(&id))
    }

    /// Evicts a user who was changed, so that the next look-up reads them again.
    pub fn forget_user(&self, id: UserId) {
        self.users.remove(&id);
    }

    /// Evicts everything, because the process is short of memory.
    pub fn shrink(&self) {
        self.users.clear();
    }

    async fn files(&self, ids: Vec<FileId>) -> StoreResult<HashMap<FileId, domain::File>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let files = self.store.files.get_all(&ids).await?;
        Ok(files.into_iter().map(|file| (file.id, file)).collect())
    }
}

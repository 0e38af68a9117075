//! Remembers the kinds of rooms. A kind never changes, except that a deleted room, which nobody can see, reads as private.

use std::sync::Arc;

use domain::{RoomId, RoomKind};
use quick_cache::sync::Cache;

use crate::ports::{Store, StoreResult};

/// The number of rooms whose kind is remembered at most.
const CACHED: usize = 20_000;

/// The kinds of rooms.
pub struct RoomKinds {
    store: Store,
    kinds: Cache<RoomId, RoomKind>,
}

impl RoomKinds {
    /// Creates the cache for the rooms of a store.
    pub fn new(store: Store) -> Arc<Self> {
        Arc::new(RoomKinds { store, kinds: Cache::new(CACHED) })
    }

    /// Returns a room's kind, or `None` for a log that has no room row.
    pub async fn of(&self, room: RoomId) -> StoreResult<Option<RoomKind>> {
        if let Some(kind) = self.kinds.get(&room) {
            return Ok(Some(kind));
        }
        let Some(found) = self.store.rooms.room(room).await? else { return Ok(None) };
        self.kinds.insert(room, found.kind);
        Ok(Some(found.kind))
    }
}

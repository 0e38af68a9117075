//! The consumer that keeps each user's row of a room: for a member entry, an append to that user's own
//! log, which announces the row to all their devices.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::limits::FEED_USERS_AT_ONCE;
use async_trait::async_trait;
use domain::{Body, Entry, Level, OwnChange, Refusal, Seq, UserId, UserRoom};
use futures_util::{StreamExt, stream};

use super::{Batch, Consumer, Stopped, announce};
use crate::log::Logs;

/// Writes the users' rows of rooms.
pub struct OwnRooms {
    logs: Arc<Logs>,
}

impl OwnRooms {
    /// Writes through these logs.
    pub fn new(logs: Arc<Logs>) -> Arc<Self> {
        Arc::new(OwnRooms { logs })
    }
}

#[async_trait]
impl Consumer for OwnRooms {
    fn name(&self) -> &'static str {
        "own_rooms"
    }

    async fn consume(&self, batch: &Batch<'_>) -> Result<(), Stopped> {
        // Each entry holds the whole of a membership, so of several about one user the newest is enough;
        // the first is where to begin again.
        let mut rows: BTreeMap<UserId, (Seq, &Entry, UserRoom)> = BTreeMap::new();
        for entry in batch.entries {
            if let Some((user, row)) = row(batch, entry) {
                let first = rows.get(&user).map_or(entry.seq, |(first, ..)| *first);
                rows.insert(user, (first, entry, row));
            }
        }
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(user, (first, entry, row))| async move {
                let done = announce(&self.logs, batch, entry, user, OwnChange::Room { row }).await;
                done.err().map(|refusal| (first, refusal))
            })
            .collect();
        let told: Vec<Option<(Seq, Refusal)>> = stream::iter(rows).buffer_unordered(FEED_USERS_AT_ONCE).collect().await;
        match told.into_iter().flatten().min_by_key(|(first, _)| *first) {
            None => Ok(()),
            Some((first, refusal)) => Err(Stopped { done: first - 1, refusal }),
        }
    }
}

/// The row that a member entry makes, and whose. Marks, level and hidden are the user's own: the append
/// leaves them as they are.
fn row(batch: &Batch<'_>, entry: &Entry) -> Option<(UserId, UserRoom)> {
    let Body::Member { user, state, role, why, .. } = &entry.body else { return None };
    let row = UserRoom {
        room: batch.room,
        state: *state,
        role: *role,
        rev: entry.seq,
        level: Level::default(),
        hidden: false,
        why: why.clone(),
        read_seq: 0,
        read_n: 0,
        mentions: Vec::new(),
    };
    Some((*user, row))
}

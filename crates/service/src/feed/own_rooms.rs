//! The consumer that maintains each user's row of a room: a member entry becomes an append to that user log, which
//! announces the row to all their devices.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::limits::FEED_USERS_AT_ONCE;
use async_trait::async_trait;
use domain::{Body, Entry, Level, MemberState, OwnChange, Refusal, Seq, UserId, UserRoom};
use futures_util::{StreamExt, stream};

use super::{Batch, Consumer, Requests, Stopped, announce};
use crate::log::Logs;

/// Writes users' rows of rooms.
pub struct OwnRooms {
    logs: Arc<Logs>,
    requests: Arc<Requests>,
}

impl OwnRooms {
    /// Creates the consumer, which writes through these logs.
    pub fn new(logs: Arc<Logs>, requests: Arc<Requests>) -> Arc<Self> {
        Arc::new(OwnRooms { logs, requests })
    }

    /// Writes a user's rows. Returns what failed, and the seq to continue from.
    async fn write(&self, batch: &Batch<'_>, user: UserId, change: MembershipChange<'_>) -> Option<(Seq, Refusal)> {
        for (entry, mut row) in change.rows(batch) {
            let written = async {
                row.request = self.requests.of(batch.room, entry).await?;
                let is_request = row.request.is_some();
                announce(&self.logs, batch, entry, user, OwnChange::Room { row }).await?;
                if is_request {
                    self.requests.limit(batch, entry, user).await?;
                }
                Ok(())
            };
            if let Err(refusal) = written.await {
                return Some((change.first, refusal));
            }
        }
        None
    }
}

#[async_trait]
impl Consumer for OwnRooms {
    fn name(&self) -> &'static str {
        "own_rooms"
    }

    async fn consume(&self, batch: &Batch<'_>) -> Result<(), Stopped> {
        let mut changes: BTreeMap<UserId, MembershipChange> = BTreeMap::new();
        for entry in batch.entries {
            let Body::Member { user, .. } = &entry.body else { continue };
            let change = MembershipChange::new(entry, changes.remove(user));
            changes.insert(*user, change);
        }

        let rows: Vec<_> = changes.into_iter().map(|(user, change)| self.write(batch, user, change)).collect();
        let outcomes: Vec<Option<(Seq, Refusal)>> =
            stream::iter(rows).buffer_unordered(FEED_USERS_AT_ONCE).collect().await;
        let accepted = self.requests.accept(batch).await.err();
        match outcomes.into_iter().flatten().chain(accepted).min_by_key(|(first, _)| *first) {
            None => Ok(()),
            Some((first, refusal)) => Err(Stopped { done: first - 1, refusal }),
        }
    }
}

/// The changes of one user's membership in a batch. Each entry contains the whole membership, so the newest is enough,
/// with two exceptions: if a user rejoins, the row must first show that they had left, and the position where they
/// joined is how far they have read, whatever came after.
struct MembershipChange<'a> {
    /// The seq of the first entry, to continue from.
    first: Seq,
    /// The entry before the newest join, if the batch contains it.
    before_join: Option<&'a Entry>,
    /// The first of the newest entries that all have the user joined: where they joined, unless they were a member
    /// before.
    join: Option<&'a Entry>,
    newest: &'a Entry,
}

impl<'a> MembershipChange<'a> {
    fn new(entry: &'a Entry, earlier: Option<MembershipChange<'a>>) -> Self {
        let first = earlier.as_ref().map_or(entry.seq, |earlier| earlier.first);
        let none = MembershipChange { first, before_join: None, join: None, newest: entry };
        match earlier {
            _ if !says_joined(entry) => none,
            Some(earlier) if earlier.join.is_some() => MembershipChange { newest: entry, ..earlier },
            earlier => {
                MembershipChange { before_join: earlier.map(|earlier| earlier.newest), join: Some(entry), ..none }
            }
        }
    }

    fn rows(&self, batch: &Batch<'_>) -> impl Iterator<Item = (&'a Entry, UserRoom)> {
        let before = self.before_join.and_then(|entry| Some((entry, row(batch, entry, None)?)));
        let newest = row(batch, self.newest, self.join).map(|row| (self.newest, row));
        before.into_iter().chain(newest)
    }
}

fn says_joined(entry: &Entry) -> bool {
    matches!(&entry.body, Body::Member { state: MemberState::Joined, .. })
}

/// Returns the row for a member entry. Level and hidden are the user's own settings, and the append keeps them. The
/// mark counts only if the user was not a member before.
fn row(batch: &Batch<'_>, entry: &Entry, join: Option<&Entry>) -> Option<UserRoom> {
    let Body::Member { state, role, why, .. } = &entry.body else { return None };
    Some(UserRoom {
        room: batch.room,
        state: *state,
        role: *role,
        rev: entry.seq,
        level: Level::default(),
        hidden: false,
        why: why.clone(),
        request: None,
        read_seq: join.map_or(0, |join| join.seq),
        read_n: join.map_or(0, |join| join.n),
        mentions: Vec::new(),
    })
}

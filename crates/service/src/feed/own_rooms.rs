//! The consumer that maintains each user's row of a room: a member entry becomes an append to that user log, which
//! announces the row to all their devices.
//!
//! For the user who made a change, the node that committed it does the same at once ([`OwnRooms::write_now`]), so that
//! their next read finds the room. The guard of the append makes the second time a no-op.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::limits::{FEED_USERS_AT_ONCE, OWN_ROW_WAIT};
use async_trait::async_trait;
use domain::{Body, Entry, Level, LogId, Member, MemberState, OwnChange, Refusal, RoomId, Seq, UserId, UserRoom};
use futures_util::{StreamExt, stream};
use tokio::time::timeout;

use super::{Batch, Consumer, Requests, Stopped, announce};
use crate::log::Logs;
use crate::ports::Store;

/// Writes users' rows of rooms.
pub struct OwnRooms {
    store: Store,
    logs: Arc<Logs>,
    requests: Arc<Requests>,
}

impl OwnRooms {
    /// Creates the consumer, which writes through these logs.
    pub fn new(store: Store, logs: Arc<Logs>, requests: Arc<Requests>) -> Arc<Self> {
        Arc::new(OwnRooms { store, logs, requests })
    }

    /// Writes the user's row of a room whose membership they have just changed, without waiting for the feed. Waits at
    /// most [`OWN_ROW_WAIT`] and never fails: the change itself is durable, and the feed writes what is missing.
    pub async fn write_now(&self, room: RoomId, user: UserId) {
        let outcome = timeout(OWN_ROW_WAIT, self.try_write_now(room, user)).await;
        if !matches!(outcome, Ok(Ok(()))) {
            tracing::debug!(%room, %user, "a user's row of a room is left to the feed");
        }
    }

    async fn try_write_now(&self, room: RoomId, user: UserId) -> Result<(), Refusal> {
        let rooms = &self.store.rooms;
        let (member, row) = tokio::try_join!(rooms.member(room, user), rooms.user_room(user, room))?;
        let Some(member) = member.filter(|member| is_news(member, row.as_ref())) else { return Ok(()) };

        let log = LogId::Room(room);
        let (entries, epoch) =
            tokio::try_join!(self.store.log.read(log, member.rev, member.rev), self.store.log.epoch())?;
        let Some(entry) = entries.first() else { return Ok(()) };
        let batch = Batch { room, epoch, entries: &entries };
        self.write(&batch, user, MembershipChange::new(entry, None)).await.map_or(Ok(()), |(_, refusal)| Err(refusal))
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

/// Returns whether the row has to be written now. A row that shows the user as a member while they joined again lacks the
/// entries between, which the feed reads; the room is in their list all the same.
fn is_news(member: &Member, row: Option<&UserRoom>) -> bool {
    row.is_none_or(|row| row.rev < member.rev && !(member.is_joined() && row.state == MemberState::Joined))
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
        quiet_until: None,
        hidden: false,
        why: why.clone(),
        request: None,
        read_seq: join.map_or(0, |join| join.seq),
        read_n: join.map_or(0, |join| join.n),
        mentions: Vec::new(),
    })
}

//! Requests of other users: which rooms become one, when they end, and which of them notify.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::limits::{PAGE_ROWS, REQUESTS_LISTED};
use domain::{
    Body, Entry, MemberState, NotificationKind, OwnChange, Refusal, Request, RoomId, RoomKind, UserId, UserRole,
};
use quick_cache::sync::Cache;

use super::{Batch, announce};
use crate::log::Logs;
use crate::ports::{Store, StoreResult};
use crate::room_kinds::RoomKinds;
use crate::user_cache::UserCache;

/// The users of direct rooms who are remembered to have no request there.
const ANSWERED: usize = 20_000;

/// The rules for requests, which the consumers share.
pub struct Requests {
    store: Store,
    logs: Arc<Logs>,
    user_cache: Arc<UserCache>,
    pub(super) kinds: Arc<RoomKinds>,
    /// Users to whom a direct room is no request (any more); it never becomes one again.
    answered: Cache<(RoomId, UserId), ()>,
}

impl Requests {
    /// Creates the rules from their parts.
    pub fn new(store: Store, logs: Arc<Logs>, user_cache: Arc<UserCache>, kinds: Arc<RoomKinds>) -> Arc<Self> {
        Arc::new(Requests { store, logs, user_cache, kinds, answered: Cache::new(ANSWERED) })
    }

    /// Returns the request that a member entry makes: an invitation, or a direct room that a stranger opened.
    pub(super) async fn of(&self, room: RoomId, entry: &Entry) -> StoreResult<Option<Request>> {
        let Body::Member { user, state, .. } = &entry.body else { return Ok(None) };
        let is_request = *user != entry.by
            && match state {
                MemberState::Invited => true,
                MemberState::Joined => self.is_direct(room).await? && self.are_strangers(entry.by, *user).await?,
                MemberState::Left | MemberState::Kicked | MemberState::Banned => false,
            };
        Ok(is_request.then_some(Request::Pending { at: entry.at }))
    }

    async fn is_direct(&self, room: RoomId) -> StoreResult<bool> {
        Ok(self.kinds.of(room).await? == Some(RoomKind::Direct))
    }

    /// Returns whether two users do not know each other: they are members of no private room together. A public room
    /// proves nothing, since everyone can join it. Admins of the installation are no strangers to anybody.
    async fn are_strangers(&self, writes: UserId, user: UserId) -> StoreResult<bool> {
        let author = self.user_cache.user(writes).await?;
        if author.is_some_and(|author| author.role == UserRole::Admin) {
            return Ok(false);
        }
        Ok(!self.store.rooms.share_a_room(writes, user, Some(RoomKind::Private)).await?)
    }

    /// Ignores the oldest requests of a user who has more than the list shows.
    pub(super) async fn limit(&self, batch: &Batch<'_>, entry: &Entry, user: UserId) -> Result<(), Refusal> {
        let pending = self.store.rooms.requests(user).await?;
        let surplus = pending.len().saturating_sub(REQUESTS_LISTED);
        for (room, _) in pending.into_iter().take(surplus) {
            announce(&self.logs, batch, entry, user, OwnChange::Answer { room, accept: false }).await?;
        }
        Ok(())
    }

    /// Accepts a direct room for those who sent or reacted in it. Returns what failed, and the seq to continue from.
    pub(super) async fn accept(&self, batch: &Batch<'_>) -> Result<(), (domain::Seq, Refusal)> {
        let mut authors: BTreeMap<UserId, &Entry> = BTreeMap::new();
        for entry in batch.entries.iter().filter(|entry| answers(entry)) {
            authors.entry(entry.by).or_insert(entry);
        }
        let first = batch.entries.first().map_or(1, |entry| entry.seq);
        if authors.is_empty() || !self.is_direct(batch.room).await.map_err(|error| (first, error.into()))? {
            return Ok(());
        }
        for (user, entry) in authors {
            self.accept_for(batch, entry, user).await.map_err(|refusal| (entry.seq, refusal))?;
        }
        Ok(())
    }

    async fn accept_for(&self, batch: &Batch<'_>, entry: &Entry, user: UserId) -> Result<(), Refusal> {
        if self.answered.get(&(batch.room, user)).is_some() {
            return Ok(());
        }
        let Some(row) = self.store.rooms.user_room(user, batch.room).await? else { return Ok(()) };
        if row.request.is_some() {
            let accept = OwnChange::Answer { room: batch.room, accept: true };
            announce(&self.logs, batch, entry, user, accept).await?;
        }
        self.answered.insert((batch.room, user), ());
        Ok(())
    }

    /// Returns whether a direct message to `user` notifies nobody, since its room is a request: only the first message
    /// of a request notifies, and only while no other request has. Ignored requests never do.
    pub(super) async fn are_quiet(&self, room: RoomId, message: &Entry, user: UserId) -> StoreResult<bool> {
        if self.answered.get(&(room, user)).is_some() {
            return Ok(false);
        }
        let request = match self.store.rooms.user_room(user, room).await? {
            Some(row) => row.request,
            // The row follows in a moment.
            None => {
                let pending = Request::Pending { at: message.at };
                self.are_strangers(message.by, user).await?.then_some(pending)
            }
        };
        match request {
            None => Ok(false),
            Some(Request::Ignored) => Ok(true),
            Some(Request::Pending { .. }) => Ok(message.n > 1 || self.have_notified(room, user).await?),
        }
    }

    /// Returns whether another pending request has notified the user before.
    async fn have_notified(&self, room: RoomId, user: UserId) -> StoreResult<bool> {
        let pending = self.store.rooms.requests(user).await?.into_iter().map(|(room, _)| room);
        let pending: BTreeSet<RoomId> = pending.filter(|pending| *pending != room).collect();
        if pending.is_empty() {
            return Ok(false);
        }
        let newest = self.store.notifications.list(user, false, None, PAGE_ROWS).await?.items;
        let mut direct = newest.iter().filter(|notification| notification.kind == NotificationKind::Direct);
        Ok(direct.any(|notification| notification.room.is_some_and(|room| pending.contains(&room))))
    }
}

/// Returns whether an entry shows that its author answers: a message or a reaction.
fn answers(entry: &Entry) -> bool {
    matches!(&entry.body, Body::Message(_) | Body::React { on: true, .. })
}

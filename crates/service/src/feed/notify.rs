//! The consumer that creates notifications: for a mention, a direct message, a reply to a user's message (also in the
//! thread of their message), and an invitation.
//!
//! It reads the current state, not the state at the entry: a message that was deleted before its entry was processed
//! notifies no one. Neither does one for a user who is not a member (any more), who may not see it, who muted the room,
//! or who is banned. Mentions and replies are added to the user's unread mentions.
//!
//! A notification contains nothing of the message's text: that is filled in when it is read (`excerpts`). When the
//! message is edited, the user log announces the notification again, so that open pages show the new text, and who is
//! mentioned only now gets one; when it is deleted, or an edit removed the mention, the notification is revoked.

mod interest;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::limits::FEED_USERS_AT_ONCE;
use async_trait::async_trait;
use domain::{
    Body, Entry, LogId, Member, MemberState, Notification, NotificationKey, NotificationKind, OwnChange, Refusal, Room,
    RoomId, RoomKind, Seq, User, UserId,
};
use futures_util::{StreamExt, stream};

use super::{Batch, Consumer, Requests, Stopped, announce};
use crate::log::Logs;
use crate::ports::{Store, StoreError, StoreResult};
use crate::user_cache::UserCache;
use interest::{Cause, Turn, answered, causes, changes, matters, needed, turns};

/// Creates notifications.
pub struct Notify {
    logs: Arc<Logs>,
    store: Store,
    user_cache: Arc<UserCache>,
    requests: Arc<Requests>,
}

/// A step that an entry requires in a user log.
struct Wanted<'a> {
    entry: &'a Entry,
    /// The seq to continue from if the step fails.
    first: Seq,
    change: OwnChange,
    /// The change of the unread mention at this seq.
    mention: Option<(Seq, Mention)>,
}

enum Mention {
    Add,
    Drop,
}

impl Notify {
    /// Creates the consumer, which reads names from `user_cache` and appends through `logs`.
    pub fn new(logs: Arc<Logs>, store: Store, user_cache: Arc<UserCache>, requests: Arc<Requests>) -> Arc<Self> {
        Arc::new(Notify { logs, store, user_cache, requests })
    }

    /// Returns the steps for each user, in order of the entries.
    async fn wanted<'a>(&self, batch: &Batch<'a>) -> StoreResult<BTreeMap<UserId, Vec<Wanted<'a>>>> {
        // A log without a room row belongs to a room whose creation this release cannot read.
        let Some(kind) = self.requests.kinds.of(batch.room).await? else { return Ok(BTreeMap::new()) };
        let needed = needed(batch.entries, kind);
        if needed.is_empty() {
            return Ok(BTreeMap::new());
        }
        let log = LogId::Room(batch.room);
        let messages = self.store.log.messages(log, &needed).await?;
        let mut messages: HashMap<Seq, Entry> = messages.into_iter().map(|entry| (entry.seq, entry)).collect();
        let mut changes = changes(batch.entries);
        changes.retain(|change| matters(change, &messages, kind));
        let may_tell = |entry: &Entry| matches!(entry.body, Body::Message(_) | Body::Member { .. });
        if changes.is_empty() && !batch.entries.iter().any(may_tell) {
            return Ok(BTreeMap::new());
        }
        let answered = answered(&changes, &messages);
        if !answered.is_empty() {
            let read = self.store.log.messages(log, &answered).await?;
            messages.extend(read.into_iter().map(|entry| (entry.seq, entry)));
        }
        let Some(room) = self.store.rooms.room(batch.room).await? else { return Ok(BTreeMap::new()) };
        let mut wanted = self.notified(batch.room, &room, causes(batch.entries, &messages, &room), &messages).await?;
        for change in &changes {
            let Some(message) = messages.get(&change.target) else { continue };
            let key = NotificationKey { at: message.at, room: batch.room.0, seq: change.target };
            for (user, turn) in turns(change, &messages, &room) {
                let (own, mention) = match turn {
                    Turn::Changed => (OwnChange::NotificationChange { key, rev: change.last.seq }, None),
                    // Messages in a direct room are no unread mentions.
                    Turn::Over if kind == RoomKind::Direct => (OwnChange::NotificationRevoke(key), None),
                    Turn::Over => (OwnChange::NotificationRevoke(key), Some((change.target, Mention::Drop))),
                };
                let step = Wanted { entry: change.last, first: change.first, change: own, mention };
                wanted.entry(user).or_default().push(step);
            }
        }
        for steps in wanted.values_mut() {
            steps.sort_by_key(|step| step.entry.seq);
        }
        Ok(wanted)
    }

    /// Returns who gets a notification of a new message or an invitation.
    async fn notified<'a>(
        &self,
        id: RoomId,
        room: &Room,
        causes: Vec<Cause<'a>>,
        messages: &HashMap<Seq, Entry>,
    ) -> StoreResult<BTreeMap<UserId, Vec<Wanted<'a>>>> {
        if causes.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Members are read last, so that no user who was removed before is notified.
        let users: BTreeSet<UserId> = causes.iter().map(|cause| cause.user).collect();
        let authors = causes.iter().map(|cause| cause.entry.by);
        let names =
            self.user_cache.users(users.iter().copied().chain(authors).collect::<BTreeSet<_>>().into_iter().collect());
        let names = names.await?;
        let users: Vec<UserId> = users.into_iter().collect();
        let members = self.store.rooms.members_of(id, &users).await?;
        let members: HashMap<UserId, Member> = members.into_iter().map(|member| (member.user, member)).collect();
        let blocked = self.blocked(&causes).await?;
        let mut wanted: BTreeMap<UserId, Vec<Wanted<'a>>> = BTreeMap::new();
        for cause in causes {
            let is_notified = members.get(&cause.user).is_some_and(|member| wants_notification(member, &cause));
            let banned = names.get(&cause.user).is_none_or(|user| user.banned);
            let is_blocked = blocked.contains(&(cause.user, cause.entry.by));
            if is_notified && !banned && !is_blocked && !self.is_quiet(id, &cause).await? {
                let rev = messages.get(&cause.seq).and_then(Entry::message).map_or(0, |message| message.rev);
                let notification = notification(room, &cause, names.get(&cause.entry.by), rev);
                let marks = matches!(cause.kind, NotificationKind::Mention | NotificationKind::Reply);
                wanted.entry(cause.user).or_default().push(Wanted {
                    entry: cause.entry,
                    first: cause.entry.seq,
                    change: OwnChange::Notify(notification),
                    mention: marks.then_some((cause.seq, Mention::Add)),
                });
            }
        }
        Ok(wanted)
    }

    /// Returns which users are concerned by an author whom they block, as (user, author).
    async fn blocked(&self, causes: &[Cause<'_>]) -> StoreResult<BTreeSet<(UserId, UserId)>> {
        let mut by_author: BTreeMap<UserId, BTreeSet<UserId>> = BTreeMap::new();
        for cause in causes {
            by_author.entry(cause.entry.by).or_default().insert(cause.user);
        }
        let mut blocked = BTreeSet::new();
        for (author, users) in by_author {
            let users: Vec<UserId> = users.into_iter().collect();
            let found = self.store.users.blocked_by(&users, author).await?;
            blocked.extend(found.into_iter().map(|user| (user, author)));
        }
        Ok(blocked)
    }

    /// Returns whether a cause is a request that notifies nobody.
    async fn is_quiet(&self, room: RoomId, cause: &Cause<'_>) -> StoreResult<bool> {
        Ok(cause.kind == NotificationKind::Direct && self.requests.are_quiet(room, cause.entry, cause.user).await?)
    }

    /// Performs the steps of one user, in order. Returns what failed, and where to continue.
    async fn tell(&self, batch: &Batch<'_>, user: UserId, wanted: Vec<Wanted<'_>>) -> Option<(Seq, Refusal)> {
        for Wanted { entry, first, change, mention } in wanted {
            if let Err(refusal) = announce(&self.logs, batch, entry, user, change).await {
                return Some((first, refusal));
            }
            let marked = match mention {
                Some((seq, Mention::Add)) => self.store.marks.add_mention(user, batch.room, seq).await,
                Some((seq, Mention::Drop)) => self.store.marks.drop_mention(user, batch.room, seq).await,
                None => Ok(()),
            };
            match marked {
                // A user without a row is no longer in the room.
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => return Some((first, error.into())),
            }
        }
        None
    }
}

#[async_trait]
impl Consumer for Notify {
    fn name(&self) -> &'static str {
        "notify"
    }

    async fn consume(&self, batch: &Batch<'_>) -> Result<(), Stopped> {
        let first = batch.entries.first().map_or(1, |entry| entry.seq);
        let wanted = self.wanted(batch).await.map_err(|error| Stopped { done: first - 1, refusal: error.into() })?;
        let users: Vec<_> = wanted.into_iter().map(|(user, wanted)| self.tell(batch, user, wanted)).collect();
        let outcomes: Vec<Option<(Seq, Refusal)>> =
            stream::iter(users).buffer_unordered(FEED_USERS_AT_ONCE).collect().await;
        match outcomes.into_iter().flatten().min_by_key(|(seq, _)| *seq) {
            None => Ok(()),
            Some((seq, refusal)) => Err(Stopped { done: seq - 1, refusal }),
        }
    }
}

/// Returns whether a user is notified, judging by their current membership.
fn wants_notification(member: &Member, cause: &Cause<'_>) -> bool {
    if member.is_quiet(cause.at) {
        return false;
    }
    match cause.kind {
        // A newer entry about the user has its own turn, and says what holds now.
        NotificationKind::Invite => member.state == MemberState::Invited && member.rev == cause.entry.seq,
        _ => member.is_joined() && member.from_seq <= cause.seq,
    }
}

/// Creates the stored notification, without the message's text.
fn notification(room: &Room, cause: &Cause<'_>, author: Option<&User>, rev: Seq) -> Notification {
    let who = author.map_or("Someone", |user| match &user.display_name {
        Some(name) => name.as_str(),
        None => user.name.as_str(),
    });
    let place = room.name.as_ref().map(|name| name.as_str());
    let title = match (cause.kind, place) {
        (NotificationKind::Mention, Some(place)) => format!("{who} mentioned you in {place}"),
        (NotificationKind::Mention, None) => format!("{who} mentioned you"),
        (NotificationKind::Reply, Some(place)) => format!("{who} replied to you in {place}"),
        (NotificationKind::Reply, None) => format!("{who} replied to you"),
        (NotificationKind::Invite, Some(place)) => format!("{who} invited you to {place}"),
        (NotificationKind::Invite, None) => format!("{who} invited you"),
        (NotificationKind::Direct | NotificationKind::Posted, _) => format!("{who} sent you a message"),
    };
    let is_message = cause.kind != NotificationKind::Invite;
    Notification {
        key: NotificationKey { at: cause.at, room: room.id.0, seq: cause.seq },
        kind: cause.kind,
        notif_type: None,
        room: Some(room.id),
        seq: is_message.then_some(cause.seq),
        from: Some(cause.entry.by),
        title,
        body: String::new(),
        rev,
        read_at: None,
    }
}

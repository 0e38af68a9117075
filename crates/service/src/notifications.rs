//! A user's notifications: the list, marking as read, deleting, and posting by admins.
//!
//! Never writes a row itself: each change is an append to the user log, so that all devices see it.

use std::sync::Arc;
use std::time::Duration;

use crate::limits::{RETRIED_NOTIFICATION_ENTRIES, TOKEN_LEEWAY, UNREAD_NOTIFICATIONS};
use domain::limits::{
    NOTIFICATION_BODY_CHARS, NOTIFICATION_MARK_LIFE, NOTIFICATION_TITLE_CHARS, NOTIFICATION_TYPE_CHARS, PAGE_ROWS,
};
use domain::{
    Ack, Actor, Body, Change, EntryId, LogId, Notification, NotificationKey, NotificationKind, OwnChange, Refusal,
    Related, RoomId, RoomRef, Seq, Timestamp, UserId,
};

use crate::clock::Clock;
use crate::excerpts;
use crate::ids::Ids;
use crate::log::Logs;
use crate::ports::{NotificationPage, Store};
use crate::user_cache::UserCache;

/// A notification that an admin or a service posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The id of the user who receives it.
    pub user: UserId,
    /// The title, one line.
    pub title: String,
    /// The text below the title.
    pub body: String,
    /// The type, in the poster's words.
    pub notif_type: Option<String>,
    /// The room it is about.
    pub room: Option<RoomRef>,
}

/// The use cases of notifications.
pub struct Notifications {
    store: Store,
    logs: Arc<Logs>,
    user_cache: Arc<UserCache>,
    clock: Arc<dyn Clock>,
    ids: Ids,
}

impl Notifications {
    /// Creates the use cases from their parts.
    pub fn new(
        store: Store,
        logs: Arc<Logs>,
        user_cache: Arc<UserCache>,
        clock: Arc<dyn Clock>,
        ids: Ids,
    ) -> Arc<Self> {
        Arc::new(Notifications { store, logs, user_cache, clock, ids })
    }

    /// Posts a notification; for admins and services. `id` stays the same on every retry. The notification is named after
    /// a UUIDv7 that was made within the last weeks, so that a retry finds it for as long; a retry with another UUID finds
    /// it among the newest [`RETRIED_NOTIFICATION_ENTRIES`] entries of the recipient's log. Returns the current
    /// notification, and whether it existed already.
    pub async fn post(
        &self,
        actor: &Actor,
        id: Option<EntryId>,
        posted: Posted,
    ) -> Result<(Notification, Related, bool), Refusal> {
        if !actor.admin {
            return Err(Refusal::forbidden("Only admins and services can post notifications."));
        }
        check(&posted)?;
        let id = id.unwrap_or_else(|| self.ids.entry());
        let made = self.time_of(id);
        if self.user_cache.user(posted.user).await?.is_none() {
            return Err(Refusal::not_found("There is no such user."));
        }
        let room = match &posted.room {
            Some(room) => Some(self.room(room).await?),
            None => None,
        };
        let seen = match made {
            Some(_) => None,
            None => Some(self.seen_of(posted.user).await?),
        };

        let key = NotificationKey { at: made.unwrap_or_else(|| self.clock.now()), room: id.0, seq: 0 };
        let notification = Notification {
            key,
            kind: NotificationKind::Posted,
            notif_type: posted.notif_type,
            room,
            seq: None,
            from: (actor.user != UserId::SYSTEM).then_some(actor.user),
            title: posted.title,
            body: posted.body,
            rev: 0,
            read_at: None,
        };
        let intent = domain::Intent::Own(OwnChange::Notify(notification.clone()));
        let change = Change { by: Actor::SYSTEM, id, seen, epoch: None, intent };
        let ack = self.logs.submit(LogId::User(posted.user), change).await?;
        let there = match ack.noop || ack.dup {
            true => self.posted_before(posted.user, &ack, key).await?.unwrap_or(notification),
            false => notification,
        };
        let related = self.related(std::slice::from_ref(&there)).await?;
        Ok((there, related, ack.noop || ack.dup))
    }

    /// Returns the id of a room that a notification is about. An id is not checked: the poster knows it.
    async fn room(&self, room: &RoomRef) -> Result<RoomId, Refusal> {
        match room {
            RoomRef::Id(id) => Ok(*id),
            RoomRef::Slug(slug) => Ok(self.store.rooms.room_by_slug(slug).await?.ok_or_else(Refusal::no_such_room)?.id),
        }
    }

    /// Returns from where on a user's log is searched for a notification that an earlier try has posted.
    async fn seen_of(&self, user: UserId) -> Result<Seq, Refusal> {
        let head = self.store.log.tip(LogId::User(user)).await?.seq();
        Ok(head.saturating_sub(RETRIED_NOTIFICATION_ENTRIES))
    }

    /// Returns the current form of the notification that an earlier try has posted.
    async fn posted_before(
        &self,
        user: UserId,
        ack: &Ack,
        key: NotificationKey,
    ) -> Result<Option<Notification>, Refusal> {
        let mut key = key;
        if let (true, Some(seq)) = (ack.dup, ack.seq) {
            let entries = self.store.log.read(LogId::User(user), seq, seq).await?;
            if let Some(Body::NotificationAdded(posted)) = entries.into_iter().next().map(|entry| entry.body) {
                key = posted.key;
            }
        }
        Ok(self.store.notifications.get(user, key).await?)
    }

    /// Returns a page of the caller's notifications, newest first. Those about a message show its current beginning. With
    /// a room, those about others are left out, so a page may be shorter than requested.
    pub async fn list(
        &self,
        actor: &Actor,
        room: Option<&RoomRef>,
        unread_only: bool,
        before: Option<NotificationKey>,
        limit: Option<usize>,
    ) -> Result<(NotificationPage, Related), Refusal> {
        let limit = limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS);
        let room = match room {
            Some(room) => Some(self.room(room).await?),
            None => None,
        };
        let mut page = self.store.notifications.list(actor.user, unread_only, before, limit).await?;
        page.items.retain(|notification| room.is_none() || notification.room == room);
        excerpts::fill(&self.store, actor.user, page.items.iter_mut().collect()).await?;
        let related = self.related(&page.items).await?;
        Ok((page, related))
    }

    /// Returns the number of unread notifications, counted up to [`UNREAD_NOTIFICATIONS`].
    pub async fn unread(&self, actor: &Actor) -> Result<usize, Refusal> {
        Ok(self.store.notifications.unread(actor.user, UNREAD_NOTIFICATIONS).await?)
    }

    /// Marks one of the caller's notifications as read; does nothing if it was. Returns `not_found` if it does not
    /// exist.
    pub async fn read(&self, actor: &Actor, key: NotificationKey) -> Result<Ack, Refusal> {
        self.own(actor, key).await?;
        self.change(actor.user, *actor, self.ids.entry(), OwnChange::NotificationRead(key)).await
    }

    /// Marks all of the caller's notifications so far as read.
    pub async fn read_all(&self, actor: &Actor) -> Result<Ack, Refusal> {
        self.change(actor.user, *actor, self.ids.entry(), OwnChange::NotificationsRead).await
    }

    /// Deletes one of the caller's notifications. Returns `not_found` if it does not exist.
    pub async fn delete(&self, actor: &Actor, key: NotificationKey) -> Result<Ack, Refusal> {
        self.own(actor, key).await?;
        self.change(actor.user, *actor, self.ids.entry(), OwnChange::NotificationDrop(key)).await
    }

    /// Returns one of the caller's notifications. Another user's key is not found.
    async fn own(&self, actor: &Actor, key: NotificationKey) -> Result<Notification, Refusal> {
        let found = self.store.notifications.get(actor.user, key).await?;
        found.ok_or_else(|| Refusal::not_found("There is no such notification."))
    }

    async fn change(&self, user: UserId, by: Actor, id: EntryId, change: OwnChange) -> Result<Ack, Refusal> {
        let change = Change { by, id, seen: None, epoch: None, intent: domain::Intent::Own(change) };
        self.logs.submit(LogId::User(user), change).await
    }

    async fn related(&self, notifications: &[Notification]) -> Result<Related, Refusal> {
        let users = notifications.iter().filter_map(|notification| notification.from).collect();
        Ok(Related { users: self.user_cache.users(users).await?, ..Related::default() })
    }

    /// Returns when an id was made, according to itself, if a notification can be named after it. A UUIDv7 from the future
    /// would sort above everything that follows, and the tombstone of a deleted notification may have expired if it is old.
    fn time_of(&self, id: EntryId) -> Option<Timestamp> {
        let now = self.clock.now();
        let (seconds, nanos) = id.0.get_timestamp().filter(|_| id.0.get_version_num() == 7)?.to_unix();
        let millis = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        let made = Timestamp(millis.saturating_add(i64::from(nanos / 1_000_000)));
        let oldest = NOTIFICATION_MARK_LIFE - Duration::from_secs(24 * 3600);
        (made <= now + TOKEN_LEEWAY && now.since(made) < oldest).then_some(made)
    }
}

fn check(posted: &Posted) -> Result<(), Refusal> {
    let too_long =
        |what: &str, most: usize| Refusal::bad_request(format!("{what} can have at most {most} characters."));
    if posted.title.trim().is_empty() {
        return Err(Refusal::bad_request("A notification needs a title."));
    }
    if posted.title.chars().count() > NOTIFICATION_TITLE_CHARS {
        return Err(too_long("A title", NOTIFICATION_TITLE_CHARS));
    }
    if posted.body.chars().count() > NOTIFICATION_BODY_CHARS {
        return Err(too_long("A body", NOTIFICATION_BODY_CHARS));
    }
    if posted.notif_type.as_ref().is_some_and(|kind| kind.chars().count() > NOTIFICATION_TYPE_CHARS) {
        return Err(too_long("notif_type", NOTIFICATION_TYPE_CHARS));
    }
    if [&posted.title, &posted.body].iter().any(|text| text.contains('\0')) {
        return Err(Refusal::bad_request("A notification must not contain the character U+0000."));
    }
    Ok(())
}

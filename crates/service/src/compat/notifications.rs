//! Notifications of the older contract: what its callers posted, and mentions in public rooms. Anything else that a user is
//! notified of is not shown here.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use domain::{Actor, CompatId, Notification, NotificationKey, NotificationKind, Refusal, RoomId, User, UserId};
use uuid::Uuid;

use super::limits::Write;
use super::{Compat, Visitor, guest};
use crate::limits::{COMPAT_NOTIFICATIONS, UNREAD_NOTIFICATIONS};
use crate::notifications::Posted;

/// A notification as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompatNotification {
    /// Its id, which also says whose it is.
    pub id: CompatNotificationId,
    /// The user whose it is.
    pub user: User,
    /// The notification.
    pub notification: Notification,
    /// The slug of the room that it is about.
    pub room: Option<String>,
    /// The name of the user who caused it.
    pub from: Option<String>,
}

/// The id of a notification, which also says whose it is: paths of the older contract do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompatNotificationId {
    /// The user.
    pub user: UserId,
    /// The key among the user's notifications.
    pub key: NotificationKey,
}

impl fmt::Display for CompatNotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.user.0.simple(), self.key)
    }
}

impl FromStr for CompatNotificationId {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parsed = text.split_once('.').and_then(|(user, key)| {
            Some(CompatNotificationId { user: UserId(Uuid::parse_str(user).ok()?), key: key.parse().ok()? })
        });
        parsed.ok_or_else(no_such_notification)
    }
}

/// What a client posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCompatNotification {
    /// The user who receives it.
    pub user: String,
    /// The title, one line.
    pub title: String,
    /// The text below the title.
    pub body: String,
    /// The type, in the poster's words.
    pub notif_type: Option<String>,
    /// The slug of the room that it is about.
    pub room: Option<String>,
}

impl Compat {
    /// Posts a notification: without a token to a guest of the older contract, with one to the token's own user, or as an
    /// admin to anybody.
    pub async fn notify(&self, visitor: Visitor, new: NewCompatNotification) -> Result<CompatNotification, Refusal> {
        let user = self.recipient(visitor, &new.user).await?;
        let reader = self.reader(visitor)?;
        let room = match &new.room {
            Some(room) => Some(self.public_room(&reader, room).await?.room.id.into()),
            None => None,
        };
        let posted = Posted { user, title: new.title, body: new.body, notif_type: new.notif_type, room };
        let (notification, ..) = self.notifications.post(&Actor::SYSTEM, None, posted).await?;
        let shown = self.shown(user, vec![notification]).await?.pop();
        shown.ok_or_else(no_such_notification)
    }

    async fn recipient(&self, visitor: Visitor, user: &str) -> Result<UserId, Refusal> {
        let Some(actor) = visitor.actor else {
            self.admit_without_token()?;
            let id: CompatId = user.parse()?;
            self.throttles.take(Write::Notification, visitor.address)?;
            return Ok(self.guest(&id, None, visitor).await?.id);
        };
        let id = match user.parse::<UserId>() {
            Ok(id) => id,
            Err(_) => user.parse::<CompatId>()?.user(),
        };
        match id == actor.user || actor.admin {
            true => Ok(id),
            false => {
                Err(Refusal::forbidden("You can post notifications to yourself only. Ask an admin to post others."))
            }
        }
    }

    /// Returns a user's notifications, newest first.
    pub async fn notifications(
        &self,
        visitor: Visitor,
        user: &str,
        unread_only: bool,
        limit: usize,
    ) -> Result<Vec<CompatNotification>, Refusal> {
        let actor = self.named(visitor, user)?;
        self.listed(&actor, unread_only, limit.min(COMPAT_NOTIFICATIONS)).await
    }

    /// Returns how many of a user's notifications are unread, counted up to [`UNREAD_NOTIFICATIONS`].
    pub async fn unread_notifications(&self, visitor: Visitor, user: &str) -> Result<usize, Refusal> {
        let actor = self.named(visitor, user)?;
        Ok(self.listed(&actor, true, UNREAD_NOTIFICATIONS).await?.len())
    }

    /// Marks one notification as read, and returns it.
    pub async fn read_notification(&self, visitor: Visitor, id: &str) -> Result<CompatNotification, Refusal> {
        let (actor, id) = self.own_notification(visitor, id).await?;
        self.notifications.read(&actor, id.key).await?;
        let read = self.store.notifications.get(actor.user, id.key).await?.ok_or_else(no_such_notification)?;
        self.shown(actor.user, vec![read]).await?.pop().ok_or_else(no_such_notification)
    }

    /// Marks all of a user's notifications as read.
    pub async fn read_notifications(&self, visitor: Visitor, user: &str) -> Result<(), Refusal> {
        self.count_change(visitor)?;
        let actor = self.named(visitor, user)?;
        // A guest who was never made has none.
        if self.user_cache.user(actor.user).await?.is_some() {
            self.notifications.read_all(&actor).await?;
        }
        Ok(())
    }

    /// Deletes one notification.
    pub async fn delete_notification(&self, visitor: Visitor, id: &str) -> Result<(), Refusal> {
        let (actor, id) = self.own_notification(visitor, id).await?;
        self.notifications.delete(&actor, id.key).await.map(drop)
    }

    /// Returns a notification that the caller may change, and on whose behalf.
    async fn own_notification(&self, visitor: Visitor, id: &str) -> Result<(Actor, CompatNotificationId), Refusal> {
        self.count_change(visitor)?;
        let id: CompatNotificationId = id.parse()?;
        let actor = match visitor.actor {
            Some(actor) if actor.user == id.user => actor,
            // A guest's notifications are those of whoever names the guest.
            None if id.user.is_compat() => guest(id.user),
            _ => return Err(no_such_notification()),
        };
        let found = self.store.notifications.get(actor.user, id.key).await?.ok_or_else(no_such_notification)?;
        match self.shown(actor.user, vec![found]).await?.is_empty() {
            false => Ok((actor, id)),
            true => Err(no_such_notification()),
        }
    }

    fn count_change(&self, visitor: Visitor) -> Result<(), Refusal> {
        match visitor.actor {
            Some(_) => Ok(()),
            None => {
                self.admit_without_token()?;
                self.throttles.take(Write::Notification, visitor.address)
            }
        }
    }

    async fn listed(&self, actor: &Actor, unread_only: bool, limit: usize) -> Result<Vec<CompatNotification>, Refusal> {
        let mut listed = Vec::new();
        let mut before = None;
        while listed.len() < limit {
            let (page, _) = self.notifications.list(actor, None, unread_only, before, None).await?;
            listed.extend(self.shown(actor.user, page.items).await?);
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        listed.truncate(limit);
        Ok(listed)
    }

    /// Returns those notifications that the older contract shows, with the names that they refer to.
    async fn shown(&self, user: UserId, items: Vec<Notification>) -> Result<Vec<CompatNotification>, Refusal> {
        let Some(user) = self.user_cache.user(user).await? else { return Ok(Vec::new()) };
        let from = self.user_cache.users(items.iter().filter_map(|item| item.from).collect()).await?;
        let mut slugs: HashMap<RoomId, Option<String>> = HashMap::new();
        let mut shown = Vec::new();
        for notification in items {
            let room = match notification.room {
                Some(room) => {
                    if let std::collections::hash_map::Entry::Vacant(place) = slugs.entry(room) {
                        place.insert(self.slug(room).await?);
                    }
                    slugs[&room].clone()
                }
                None => None,
            };
            let is_shown = match notification.kind {
                NotificationKind::Posted => true,
                NotificationKind::Mention => room.is_some(),
                NotificationKind::Direct | NotificationKind::Reply | NotificationKind::Invite => false,
            };
            if is_shown {
                let id = CompatNotificationId { user: user.id, key: notification.key };
                let from = notification.from.and_then(|id| from.get(&id)).map(domain::compat::shown_name);
                shown.push(CompatNotification { id, user: user.clone(), notification, room, from });
            }
        }
        Ok(shown)
    }
}

fn no_such_notification() -> Refusal {
    Refusal::not_found("There is no such notification.")
}

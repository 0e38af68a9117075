//! Fills in what notifications show of their messages. The text is stored in the messages alone and is filled in when a
//! notification is read, like the text of an edit. So it shows what the message says now, and nothing after it was
//! deleted.

use std::collections::{BTreeSet, HashMap};

use crate::limits::NOTIFICATION_EXCERPT_CHARS;
use domain::{Body, Entry, Member, Message, Notification, RoomId, Seq, UserId};

use crate::ports::{Store, StoreResult};

/// Sets the text of each notification about a message to the beginning of the message: empty if it was deleted, or if
/// `user` may not see it any more. One read of the messages and one of the memberships, whatever the number of
/// notifications; no read if none is about a message.
pub async fn fill(store: &Store, user: UserId, notifications: Vec<&mut Notification>) -> StoreResult<()> {
    let mut about: Vec<(&mut Notification, (RoomId, Seq))> = Vec::new();
    for notification in notifications {
        if let Some(place) = notification.message() {
            // An earlier release stored the text here, too.
            notification.body.clear();
            about.push((notification, place));
        }
    }
    if about.is_empty() {
        return Ok(());
    }
    let places: BTreeSet<(RoomId, Seq)> = about.iter().map(|(_, place)| *place).collect();
    let rooms: BTreeSet<RoomId> = places.iter().map(|(room, _)| *room).collect();
    let messages = store.log.messages_of(&places.into_iter().collect::<Vec<_>>()).await?;
    // The memberships are read last, so that nothing from after a removal is shown.
    let members = store.rooms.memberships(user, &rooms.into_iter().collect::<Vec<_>>()).await?;
    let messages: HashMap<(RoomId, Seq), Entry> =
        messages.into_iter().map(|(room, entry)| ((room, entry.seq), entry)).collect();
    let members: HashMap<RoomId, Member> = members.into_iter().collect();
    for (notification, (room, seq)) in about {
        let may_see = members.get(&room).is_some_and(|member| member.is_joined() && member.from_seq <= seq);
        let message = messages.get(&(room, seq)).and_then(Entry::message);
        if let Some(message) = message.filter(|message| may_see && !message.deleted) {
            notification.body = excerpt(message);
        }
    }
    Ok(())
}

/// Like [`fill`], for notifications that entries of the user log announce.
pub async fn fill_entries(store: &Store, user: UserId, entries: &mut [Entry]) -> StoreResult<()> {
    let announced = entries.iter_mut().filter_map(|entry| match &mut entry.body {
        Body::NotificationAdded(notification) | Body::NotificationChanged(notification) => Some(notification),
        _ => None,
    });
    fill(store, user, announced.collect()).await
}

/// Returns the beginning of a message.
fn excerpt(message: &Message) -> String {
    let text = message.text.as_str().trim();
    match (text.is_empty(), message.files.len()) {
        (false, _) if text.chars().count() <= NOTIFICATION_EXCERPT_CHARS => text.to_owned(),
        (false, _) => text.chars().take(NOTIFICATION_EXCERPT_CHARS - 1).chain(['…']).collect(),
        (true, 0) => String::new(),
        (true, 1) => "Sent a file".to_owned(),
        (true, files) => format!("Sent {files} files"),
    }
}

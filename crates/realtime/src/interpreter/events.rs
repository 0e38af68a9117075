//! Turns entries, typing, marks and presence into the messages that sockets get, with names, files and texts filled in.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::TYPING_LIFE;
use domain::{Body, EditTexts, Entry, Epoch, LogId, MemberState, Refusal, Related, Seq, User, UserId, UserRoom};
use service::auth::ROLE;
use service::messages::edit_texts;
use service::ports::{Mark, StoreError, Typing, UserPresence};
use service::{Services, excerpts};
use wire::{AnyEvent, Event, OwnEvent, PresenceEntry, RoomEntry, UserRef};

use super::head;
use crate::hub::{Ending, EntryDelivery};
use crate::message::{Delivery, SharedMessage};

/// A range of a log.
pub struct Stretch {
    /// The store's epoch.
    pub epoch: Epoch,
    /// The head before the read.
    pub head: Seq,
    /// The entries.
    pub entries: Vec<Entry>,
    /// The texts of the edits among them.
    pub texts: EditTexts,
}

/// Reads the entries after `after`, at most `max`.
pub async fn stretch(services: &Services, log: LogId, after: Seq, max: u64) -> Result<Stretch, StoreError> {
    let store = &services.ports.store;
    let (epoch, head) = head(services, log).await?;
    let to = head.min(after + max);
    let entries = if to > after { store.log.read(log, after + 1, to).await? } else { Vec::new() };
    let texts = edit_texts(store, log, &entries).await?;
    Ok(Stretch { epoch, head, entries, texts })
}

/// Returns entries in the form that the hub delivers. `texts` are those of the edits among them.
pub async fn deliveries(
    services: &Services,
    log: LogId,
    entries: &[Entry],
    texts: EditTexts,
) -> Result<Vec<EntryDelivery>, Refusal> {
    let mut related = Related { texts, ..services.user_cache.related(entries).await? };
    let events = events(services, log, entries, &related).await?;
    let edits: Vec<Entry> = entries.iter().filter(|entry| matches!(entry.body, Body::Edit { .. })).cloned().collect();
    related.texts.clear();
    let mut cut = self::events(services, log, &edits, &related).await?.into_iter();

    let shared = |event| Delivery::new(SharedMessage::Event(Box::new(event)));
    let delivery = |(entry, event): (&Entry, AnyEvent)| EntryDelivery {
        seq: entry.seq,
        event: shared(event),
        cut: match &entry.body {
            Body::Edit { target, .. } => cut.next().map(|event| (*target, shared(event))),
            _ => None,
        },
        removes: match &entry.body {
            Body::Member { user, state: MemberState::Left | MemberState::Kicked | MemberState::Banned, .. } => {
                Some(*user)
            }
            _ => None,
        },
        ends: ending(entry),
    };
    Ok(entries.iter().zip(events).map(delivery).collect())
}

/// Returns the sockets of its user that an entry of a user log closes.
pub fn ending(entry: &Entry) -> Option<Ending> {
    match &entry.body {
        Body::SessionEnded { session } => Some(session.map_or(Ending::Ban, Ending::Session)),
        Body::Setting { name, .. } if name == ROLE => Some(Ending::Rights),
        _ => None,
    }
}

/// Returns the message that a user is typing, or has stopped.
pub fn typing(typing: &Typing, user: &User) -> Arc<Delivery> {
    let ttl = if typing.on { TYPING_LIFE } else { Duration::ZERO };
    Delivery::new(SharedMessage::Typing { room: typing.room, by: UserRef::from(user), ttl })
}

/// Returns the message that a user has read a room; with the counts for that user's own sockets.
pub fn receipt(mark: &Mark, own: bool) -> Arc<Delivery> {
    let own = own.then(|| (mark.n, mark.mentions.clone()));
    Delivery::new(SharedMessage::Receipt { room: mark.room, user: mark.user.to_string(), seq: mark.seq, own })
}

/// Returns a user's line of a presence message.
pub fn presence(presence: &UserPresence) -> PresenceEntry {
    PresenceEntry {
        user: presence.user.to_string(),
        status: presence.status,
        last_seen: presence.last_seen.map(wire::rfc3339),
    }
}

/// Returns entries as clients see them: notifications with the beginning of their messages' current text.
pub(super) async fn events(
    services: &Services,
    log: LogId,
    entries: &[Entry],
    related: &Related,
) -> Result<Vec<AnyEvent>, Refusal> {
    let mut own = Vec::new();
    let entries = match log {
        LogId::User(user) => {
            own.extend_from_slice(entries);
            excerpts::fill_entries(&services.ports.store, user, &mut own).await?;
            &own
        }
        LogId::Room(_) => entries,
    };

    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        events.push(match log {
            LogId::Room(room) => AnyEvent::Room(Event::new(room, entry, related)),
            LogId::User(user) => {
                let line = match &entry.body {
                    Body::UserRoom(row) => line(services, user, row).await?,
                    _ => None,
                };
                AnyEvent::Own(OwnEvent::new(entry, related, line))
            }
        });
    }
    Ok(events)
}

/// Returns the room list's line for a row that a user log announces: membership as in the entry, current marks and
/// settings.
async fn line(services: &Services, user: UserId, row: &UserRoom) -> Result<Option<RoomEntry>, Refusal> {
    if !row.is_listed() {
        return Ok(None);
    }
    let store = &services.ports.store;
    let Some(room) = store.rooms.room(row.room).await? else { return Ok(None) };
    let now = store.rooms.user_room(user, row.room).await?;
    let mut row = UserRoom { state: row.state, role: row.role, rev: row.rev, ..now.unwrap_or_else(|| row.clone()) };
    row.why = None;
    services.marks.overlay_row(user, &mut row);

    let tip = store.log.tip(LogId::Room(row.room)).await?;
    let others = room.other(user).into_iter().collect();
    let related = Related { users: services.user_cache.users(others).await?, ..Related::default() };
    Ok(Some(wire::room_entry(user, &row, &room, (tip.seq(), tip.n(), tip.at()), &related)))
}

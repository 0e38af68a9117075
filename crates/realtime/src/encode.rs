//! What sockets are told, as frames: entries, typing, marks, presence. Whoever holds the sockets, the tier or the gateway
//! function, encodes it here.

use domain::limits::TYPING_LIFE;
use domain::{Body, Entry, Epoch, LogId, MemberState, Refusal, Seq, User};
use service::auth::ROLE;
use service::messages::hide_past;
use service::ports::{Mark, Typing, UserPresence};
use wire::{PresenceEntry, ServerFrame, SyncStatus};

use crate::frame::{Class, Frame};
use crate::hub::{Delivery, Ending};
use crate::parts::Parts;

/// Encodes entries, each once for all sockets.
pub async fn deliveries(parts: &Parts, log: LogId, entries: &[Entry]) -> Result<Vec<Delivery>, Refusal> {
    let events = parts.events(log, entries, None).await?;
    let mut cut: Vec<Entry> = entries.iter().filter(|entry| matches!(entry.body, Body::Edit { .. })).cloned().collect();
    hide_past(&mut cut, Seq::MAX);
    let mut cut = parts.events(log, &cut, None).await?.into_iter();
    let frame = |event| Frame::new(Class::Durable, &ServerFrame::Event(event));
    let delivery = |(entry, event): (&Entry, wire::AnyEvent)| Delivery {
        seq: entry.seq,
        frame: frame(event),
        cut: match &entry.body {
            Body::Edit { target, .. } => cut.next().map(|event| (*target, frame(event))),
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

/// Which sockets of its user an entry of an own log closes.
pub fn ending(entry: &Entry) -> Option<Ending> {
    match &entry.body {
        Body::SessionEnded { session } => Some(session.map_or(Ending::Ban, Ending::Session)),
        Body::Setting { name, .. } if name == ROLE => Some(Ending::Rights),
        _ => None,
    }
}

/// Somebody types, or stopped.
pub fn typing(typing: &Typing, user: &User) -> Frame {
    let ttl_ms = if typing.on { TYPING_LIFE.as_millis() as u64 } else { 0 };
    let room = typing.room.to_string();
    let frame = ServerFrame::Signal { room, kind: "typing".into(), by: wire::UserRef::from(user), ttl_ms };
    Frame::new(Class::Typing, &frame)
}

/// How far somebody has read; with the counts for their own devices.
pub fn receipt(mark: &Mark, own: bool) -> Frame {
    let frame = ServerFrame::Receipt {
        room: mark.room.to_string(),
        user: mark.user.to_string(),
        seq: mark.seq,
        n: own.then_some(mark.n),
        mentions: own.then(|| mark.mentions.clone()),
    };
    Frame::new(Class::Receipt, &frame)
}

/// Somebody's presence, as a line of a `presence` frame.
pub fn presence(presence: &UserPresence) -> PresenceEntry {
    PresenceEntry {
        user: presence.user.to_string(),
        status: presence.status,
        last_seen: presence.last_seen.map(wire::rfc3339),
    }
}

/// The answer for a log that no socket can follow.
pub fn no_such_log(re: String, room: String, epoch: Epoch) -> Frame {
    let (status, epoch) = (SyncStatus::NotFound, epoch.to_string());
    let (from, through, head, n, events) = (None, None, None, None, Vec::new());
    let frame = ServerFrame::Sync { re, room, status, epoch, from, through, as_of: 0, head, n, events };
    Frame::new(Class::Durable, &frame)
}

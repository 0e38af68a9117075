//! The way of a socket into a room, for protocols that join and follow with one request.

use std::time::Duration;

use domain::limits::{REPLAY_ENTRIES, SYNC_ENTRIES};
use domain::{Actor, Epoch, LogId, Member, Refusal, RoomRef, Seq, Timestamp};
use service::Services;
use service::rooms::ChangeRequest;

use super::head;
use crate::message::Reply;
use crate::protocol::PageRequest;
use crate::request::Offset;

/// How much earlier than the last entry that a client got those of other rooms are read: they may have been on their way for
/// as long, from another node with another clock.
const OTHER_ROOMS: Duration = Duration::from_secs(10);

/// Makes the user a member unless they are one, and returns the request for the room's log.
pub(super) async fn enter(
    services: &Services,
    (by, epoch): (Actor, Epoch),
    reply: &Reply,
    room: &RoomRef,
    after: Option<Offset>,
) -> Result<PageRequest, Refusal> {
    let id = services.access.id(room).await?;
    let member = services.ports.store.rooms.member(id, by.user).await?;
    if !member.as_ref().is_some_and(Member::is_joined) {
        let request = ChangeRequest { id: Some(services.ids.entry()), seen: None, epoch: Some(epoch) };
        services.rooms.join(&by, &RoomRef::Id(id), request).await?;
    }

    let log = LogId::Room(id);
    let cursor = match after {
        None => None,
        Some(offset) if offset.room == id => Some(offset.seq),
        Some(offset) => {
            let since = Timestamp(offset.at.0.saturating_sub(OTHER_ROOMS.as_millis() as i64));
            Some(last_before(services, log, since).await?)
        }
    };
    Ok(PageRequest { by, reply: reply.to.clone(), log, cursor })
}

/// Returns the last entry that was appended before a time, as far as a client may be behind.
async fn last_before(services: &Services, log: LogId, since: Timestamp) -> Result<Seq, Refusal> {
    let (_, head) = head(services, log).await?;
    let first = head.saturating_sub(REPLAY_ENTRIES);
    let mut to = head;
    while to > first {
        let from = to.saturating_sub(SYNC_ENTRIES as u64).max(first) + 1;
        let entries = services.ports.store.log.read(log, from, to).await?;
        if let Some(before) = entries.iter().rev().find(|entry| entry.at < since) {
            return Ok(before.seq);
        }
        to = from - 1;
    }
    Ok(first)
}

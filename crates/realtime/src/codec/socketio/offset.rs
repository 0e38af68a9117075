//! The offset of an entry, as a client stores it: `<room>/<seq>/<time>`.

use wire::Event;

use crate::request::Offset;

/// Returns the offset of an event.
pub(super) fn of(event: &Event) -> String {
    format!("{}/{}/{}", event.room, event.seq, event.at)
}

/// Reads an offset. A text that is none counts as no offset: the client goes on from now on.
pub(super) fn parse(text: &str) -> Option<Offset> {
    let mut parts = text.splitn(3, '/');
    let (room, seq, at) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Offset { room: room.parse().ok()?, seq: seq.parse().ok()?, at: wire::parse_rfc3339(at)? })
}

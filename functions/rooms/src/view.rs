//! Converts the service's answers to what clients see.

use domain::{Ack, Actor, EntryId};
use service::ports::UserRoomRow;
use service::{MessagePage, RoomDetails};
use wire::rest::rooms::RoomView;
use wire::rest::{Acked, messages};
use wire::{Event, RoomEntry, rfc3339, room_entry, room_view};

pub fn acked(id: EntryId, ack: &Ack) -> Acked {
    Acked { id: id.to_string(), seq: ack.seq, at: rfc3339(ack.at), dup: ack.dup, noop: ack.noop }
}

pub fn room(actor: &Actor, details: &RoomDetails) -> RoomView {
    let RoomDetails { room, member, members, head, n, pins, related } = details;
    room_view(actor.user, room, member.as_ref(), *members, (*head, *n), pins.clone(), related)
}

pub fn entry(actor: &Actor, line: &UserRoomRow, related: &domain::Related) -> RoomEntry {
    room_entry(actor.user, &line.row, &line.room, (line.head.seq, line.head.n, line.head.at), related)
}

pub fn page(room: domain::RoomId, page: &MessagePage) -> messages::MessagePage {
    messages::MessagePage {
        epoch: page.epoch.to_string(),
        as_of: page.as_of,
        items: page.entries.iter().map(|entry| Event::new(room, entry, &page.related)).collect(),
        more: page.has_more,
    }
}

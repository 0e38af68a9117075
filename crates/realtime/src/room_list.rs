//! A page of the room list as `rooms` frames, cut to the frame limit.

use domain::Seq;
use wire::{RoomEntry, ServerFrame};

use crate::frame::{Class, Frame, json};

/// What a `rooms` frame has beside its rooms, at most.
const ROOMS_OVERHEAD: usize = 128;

/// The frames of some lines; the first names the own log's head. `more`: other lines follow these.
pub fn room_frames(lines: Vec<RoomEntry>, more: bool, me: Option<Seq>, limit: usize) -> Vec<Frame> {
    let pages = cut(lines, limit.saturating_sub(ROOMS_OVERHEAD));
    let last = pages.len() - 1;
    let frame = |(at, rooms)| {
        let me = me.filter(|_| at == 0);
        Frame::new(Class::Durable, &ServerFrame::Rooms { me, rooms, more: more || at < last })
    };
    pages.into_iter().enumerate().map(frame).collect()
}

/// Lines into pages of at most `bytes`; at least one page, and at least one line in each but an empty list's.
fn cut(lines: Vec<RoomEntry>, bytes: usize) -> Vec<Vec<RoomEntry>> {
    let mut pages = vec![Vec::new()];
    let mut room = bytes;
    for line in lines {
        let size = json(&line).len() + 1;
        let page = pages.last_mut().expect("there is one from the start");
        if size > room && !page.is_empty() {
            pages.push(vec![line]);
            room = bytes;
        } else {
            page.push(line);
        }
        room = room.saturating_sub(size);
    }
    pages
}

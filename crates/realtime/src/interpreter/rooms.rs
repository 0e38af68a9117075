//! The room list of a socket that has signed in, page by page.

use crate::limits::ROOMS_PER_FRAME;
use domain::{LogId, Refusal, Related, RoomId, Seq, UserId};
use service::Services;
use service::ports::UserRoomRow;
use wire::RoomEntry;

use super::{Backend, head, retried};
use crate::connection::Input;
use crate::message::Message;

/// Maximum size of a `rooms` frame without its rooms, in bytes.
const ROOMS_OVERHEAD: usize = 128;

/// Sends the room list. A backend that may retry does so until the socket ends.
pub(super) async fn list(backend: &impl Backend, user: UserId) -> Input {
    // Read before the list, so that a change during the reads has a higher seq.
    let services = backend.services();
    let own_log = LogId::User(user);
    let mut me = match backend.position(own_log) {
        Some(head) => Some(head),
        None => match retried(|| backend.retry(), || head(services, own_log)).await {
            Ok((_, head)) => Some(head),
            Err(error) => return Input::NotListed(error.into()),
        },
    };

    let mut after = None;
    loop {
        let (lines, next) = match retried(|| backend.retry(), || page(services, user, after)).await {
            Ok(page) => page,
            Err(refusal) => return Input::NotListed(refusal),
        };
        for message in messages(lines, next.is_some(), me.take(), backend.frame_limit()) {
            backend.send(message).await;
        }
        match next {
            Some(_) => after = next,
            None => return Input::Done,
        }
    }
}

/// Reads a page of the room list, and the position of the next one.
async fn page(
    services: &Services,
    user: UserId,
    after: Option<RoomId>,
) -> Result<(Vec<RoomEntry>, Option<RoomId>), Refusal> {
    let mut rows = services.ports.store.rooms.user_rooms(user, after, ROOMS_PER_FRAME).await?;
    // Marks are written once a minute; a client that reconnects within that minute must not see its own mark fall.
    rows.iter_mut().for_each(|line| services.marks.overlay_row(user, &mut line.row));
    let next = rows.last().filter(|_| rows.len() == ROOMS_PER_FRAME).map(|row| row.room.id);

    let others = rows.iter().filter_map(|row| row.room.other(user)).collect();
    let related = Related { users: services.user_cache.users(others).await?, ..Related::default() };
    let line = |row: &UserRoomRow| {
        wire::room_entry(user, &row.row, &row.room, (row.head.seq, row.head.n, row.head.at), &related)
    };
    Ok((rows.iter().map(line).collect(), next))
}

/// Cuts some lines into messages of at most `limit` bytes; the first names the user log's head. `more`: other lines
/// follow.
fn messages(lines: Vec<RoomEntry>, more: bool, me: Option<Seq>, limit: usize) -> Vec<Message> {
    let pages = cut(lines, limit.saturating_sub(ROOMS_OVERHEAD));
    let last = pages.len() - 1;
    let message = |(at, rooms)| Message::Rooms { me: me.filter(|_| at == 0), rooms, more: more || at < last };
    pages.into_iter().enumerate().map(message).collect()
}

/// Cuts lines into pages of at most `bytes`: at least one page, and at least one line in each, unless the list is empty.
fn cut(lines: Vec<RoomEntry>, bytes: usize) -> Vec<Vec<RoomEntry>> {
    let mut pages = vec![Vec::new()];
    let mut room = bytes;
    for line in lines {
        let json = serde_json::to_vec(&line).expect("a line has string keys and no failing serializers");
        let size = json.len() + 1;
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

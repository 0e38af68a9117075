//! The room list of a socket that has signed in, page by page.

use crate::limits::ROOMS_PER_FRAME;
use domain::{LogId, Refusal, Related, RoomId, Seq, UserId};
use service::Services;
use service::ports::UserRoomRow;
use wire::RoomEntry;

use super::{Backend, head, retried};
use crate::connection::Input;
use crate::message::Message;
use crate::protocol::RoomPage;
use crate::room_lines::RoomLines;

/// Returns the first page of the room list. A failed read is not retried: the sign-in fails.
pub(super) async fn first(backend: &impl Backend, user: UserId) -> Result<RoomPage, Refusal> {
    // Read before the list, so that a change during the reads has a higher seq.
    let own_log = LogId::User(user);
    let me = match backend.position(own_log) {
        Some(head) => head,
        None => head(backend.services(), own_log).await?.1,
    };
    let (lines, next) = page(backend.services(), user, None).await?;
    let messages = messages(&lines, next.is_some(), Some(me), backend.frame_limit());
    Ok(RoomPage { messages, next })
}

/// Sends the pages of the room list after this room. A backend that may retry does so until the socket ends.
pub(super) async fn rest(backend: &impl Backend, user: UserId, mut after: RoomId) -> Input {
    loop {
        let read = || page(backend.services(), user, Some(after));
        let (lines, next) = match retried(|| backend.retry(), read).await {
            Ok(page) => page,
            Err(refusal) => return Input::NotListed(refusal),
        };
        for message in messages(&lines, next.is_some(), None, backend.frame_limit()) {
            backend.send(message).await;
        }
        match next {
            Some(next) => after = next,
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
fn messages(lines: &[RoomEntry], more: bool, me: Option<Seq>, limit: usize) -> Vec<Message> {
    let frames = RoomLines::cut(lines, limit);
    let last = frames.len() - 1;
    let message = |(at, rooms)| Message::Rooms { me: me.filter(|_| at == 0), rooms, more: more || at < last };
    frames.into_iter().enumerate().map(message).collect()
}

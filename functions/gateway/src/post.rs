//! Frames on their way to sockets: in order for each, one socket beside the other; a socket that is gone takes its
//! rows with it.

use bytes::Bytes;
use domain::RoomId;
use futures_util::{StreamExt, stream};
use service::ports::{Connection, PushError};
use ws_tier::Frame;

use crate::{ByConnection, Gateway, POSTS_AT_ONCE};

/// The row that says that a socket follows a room has an id of its own: a socket follows many.
pub(crate) fn follower_id(connection: &str, room: RoomId) -> String {
    format!("{connection}/{room}")
}

/// The socket that a row of a room is about. Connection ids are base64, in which a `/` may be, and a room's id has
/// none.
pub(crate) fn followed_by(follower: &Connection) -> Connection {
    let id = follower.id.rsplit_once('/').map_or(follower.id.as_str(), |(id, _)| id);
    Connection { id: id.to_owned(), room: None, ..follower.clone() }
}

impl Gateway {
    /// Posts frames to one socket; false when it is gone.
    pub(crate) async fn post(&self, connection: &Connection, frames: Vec<Bytes>) -> Result<bool, PushError> {
        for frame in frames {
            match self.push.post(connection, frame).await {
                Ok(()) => {}
                Err(PushError::Gone) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Posts to many. Returns those that are gone, and the first failure.
    pub(crate) async fn post_all(&self, frames: ByConnection) -> (Vec<Connection>, Option<PushError>) {
        let posts = frames.into_values().map(|(connection, frames)| async move {
            let posted = self.post(&connection, frames).await;
            (connection, posted)
        });
        // Collected first: the stream would hold on to its borrow otherwise.
        let posts: Vec<_> = posts.collect();
        let done: Vec<_> = stream::iter(posts).buffer_unordered(POSTS_AT_ONCE).collect().await;
        let mut gone = Vec::new();
        let mut failed = None;
        for (connection, posted) in done {
            match posted {
                Ok(true) => {}
                Ok(false) => gone.push(connection),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        (gone, failed)
    }

    /// A socket turned out to be gone: so are its rows.
    pub(crate) async fn gone(&self, connection: &Connection, room: Option<RoomId>) {
        let nodes = &self.parts.store.nodes;
        if let Some(room) = room {
            let _ = nodes.drop_connection(connection.user, &follower_id(&connection.id, room)).await;
        }
        // What stays behind for want of the store is tried again at the next frame, and ends by itself.
        let _ = nodes.forget_socket(&connection.id).await;
        self.forget(connection.user, &connection.id).await;
    }
}

/// Frames as they travel: several as one array where the client takes that, each at most `limit` bytes.
pub(crate) fn packed(frames: Vec<Frame>, batch: bool, limit: usize) -> Vec<Bytes> {
    if !batch {
        return frames.iter().map(bytes).collect();
    }
    let mut packed = Vec::new();
    let mut text = String::new();
    for frame in frames {
        if !text.is_empty() && text.len() + frame.len() + 2 > limit {
            packed.push(closed(std::mem::take(&mut text)));
        }
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&frame.text);
    }
    if !text.is_empty() {
        packed.push(closed(text));
    }
    packed
}

fn closed(mut array: String) -> Bytes {
    array.push(']');
    array.into()
}

/// A frame as it travels alone.
pub(crate) fn bytes(frame: &Frame) -> Bytes {
    frame.text.clone().into()
}

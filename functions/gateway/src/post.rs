//! Frames on their way to sockets: in order for each, one socket beside the other; a socket that is gone takes its
//! rows with it.

use std::time::Duration;

use bytes::Bytes;
use domain::RoomId;
use futures_util::{StreamExt, stream};
use realtime::Frame;
use realtime::codec::CodecKind;
use realtime::message::Delivery;
use service::ports::{Connection, PushError};

use crate::{ByConnection, Gateway, POSTS_AT_ONCE};

/// How often a request to a socket is made before it is given up.
const TRIES: u32 = 3;
/// The pause between two of them.
const AGAIN: Duration = Duration::from_millis(100);

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

/// Whether a row is of this socket: its own, or one by which it follows a room.
pub(crate) fn is_of(row: &Connection, socket: &str) -> bool {
    match row.room {
        Some(_) => followed_by(row).id == socket,
        None => row.id == socket,
    }
}

impl Gateway {
    /// Posts frames to one socket, in order. One that does not take them is closed, and its client reads what it missed
    /// when it comes again: nobody else waits for it.
    pub(crate) async fn post(&self, connection: &Connection, frames: Vec<Bytes>) {
        for frame in frames {
            match repeated(async || self.push.post(connection, frame.clone()).await).await {
                Ok(()) => {}
                Err(PushError::Gone) => return self.gone(connection).await,
                Err(error) => {
                    tracing::info!(connection = connection.id, %error, "a connection takes no frames and is closed");
                    return self.close(connection).await;
                }
            }
        }
    }

    /// Posts to many.
    pub(crate) async fn post_all(&self, frames: ByConnection) {
        let posts =
            frames.into_values().map(|(connection, frames)| async move { self.post(&connection, frames).await });
        // Collected first: the stream would hold on to its borrow otherwise.
        let posts: Vec<_> = posts.collect();
        stream::iter(posts).buffer_unordered(POSTS_AT_ONCE).collect::<()>().await;
    }

    /// Closes a socket. From now on nothing is posted to it, also where it cannot be closed: then its next frame does.
    pub(crate) async fn close(&self, connection: &Connection) {
        self.gone(connection).await;
        match repeated(async || self.push.close(connection).await).await {
            Ok(()) | Err(PushError::Gone) => {}
            Err(error) => {
                tracing::warn!(connection = connection.id, %error, "a connection was not closed; its next frame does")
            }
        }
    }

    /// A socket is to be forgotten, with every row of it. What stays behind for want of the store ends by itself.
    pub(crate) async fn gone(&self, connection: &Connection) {
        let nodes = &self.services.ports.store.nodes;
        let rows = nodes.connections(connection.user, self.now()).await.unwrap_or_default();
        for row in rows.iter().filter(|row| row.room.is_some() && is_of(row, &connection.id)) {
            let _ = nodes.drop_connection(row.user, &row.id).await;
        }
        let _ = nodes.forget_socket(&connection.id).await;
        self.forget(connection.user, &connection.id).await;
    }
}

/// Tries again what may be a moment's weakness: of the API, or of the socket's reader.
async fn repeated(request: impl AsyncFn() -> Result<(), PushError>) -> Result<(), PushError> {
    for _ in 1..TRIES {
        match request().await {
            Err(PushError::Unavailable(_)) => tokio::time::sleep(AGAIN).await,
            done => return done,
        }
    }
    request().await
}

/// Frames as they travel: several as one array where the client takes that, each at most `limit` bytes.
pub(crate) fn packed(frames: Vec<Frame>, batch: bool, limit: usize) -> Vec<Bytes> {
    if !batch {
        return frames.into_iter().map(|frame| frame.payload).collect();
    }
    let mut packed = Vec::new();
    let mut text = String::new();
    for frame in frames {
        if !text.is_empty() && text.len() + frame.len() + 2 > limit {
            packed.push(closed(std::mem::take(&mut text)));
        }
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(std::str::from_utf8(&frame.payload).expect("codecs encode text"));
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

/// Returns the frame of a shared message.
pub(crate) fn frame_of(delivery: &Delivery) -> Option<Frame> {
    delivery.frame(CodecKind::Native).cloned()
}

/// Returns the bytes of a shared message.
pub(crate) fn bytes(delivery: &Delivery) -> Option<Bytes> {
    Some(frame_of(delivery)?.payload)
}

//! Posts frames to sockets: in order for each socket, several sockets in parallel. If a socket no longer exists, its
//! rows are removed.

use std::time::Duration;

use bytes::Bytes;
use domain::RoomId;
use futures_util::{StreamExt, stream};
use realtime::codec::CodecKind;
use realtime::message::Delivery;
use realtime::{Frame, json_array};
use service::ports::{Connection, PushError};

use crate::{ByConnection, Gateway, POSTS_AT_ONCE};

/// The number of attempts for a request to a socket.
const TRIES: u32 = 3;
/// The pause between two attempts.
const AGAIN: Duration = Duration::from_millis(100);

/// Returns the id of the row that makes a socket follow a room: a socket may follow many rooms.
pub(crate) fn follower_id(connection: &str, room: RoomId) -> String {
    format!("{connection}/{room}")
}

/// Returns the socket that a room's row belongs to. Connection ids are base64, which may contain a `/`; room ids do not
/// contain one.
pub(crate) fn followed_by(follower: &Connection) -> Connection {
    let id = follower.id.rsplit_once('/').map_or(follower.id.as_str(), |(id, _)| id);
    Connection { id: id.to_owned(), room: None, ..follower.clone() }
}

/// Returns whether a row belongs to this socket: its own row, or one by which it follows a room.
pub(crate) fn is_of(row: &Connection, socket: &str) -> bool {
    match row.room {
        Some(_) => followed_by(row).id == socket,
        None => row.id == socket,
    }
}

impl Gateway {
    /// Posts frames to one socket, in order. A socket that does not accept them is closed, and its client reads what it
    /// missed when it reconnects, so that no other socket waits for it.
    pub(crate) async fn post(&self, connection: &Connection, frames: Vec<Bytes>) {
        for frame in frames {
            match repeated(async || self.push.post(connection, frame.clone()).await).await {
                Ok(()) => {}
                Err(PushError::Gone) => return self.gone(connection).await,
                Err(error) => {
                    tracing::info!(connection = connection.id, %error, "connection accepts no frames, closing it");
                    return self.close(connection).await;
                }
            }
        }
    }

    /// Posts frames to many sockets.
    pub(crate) async fn post_all(&self, frames: ByConnection) {
        let posts =
            frames.into_values().map(|(connection, frames)| async move { self.post(&connection, frames).await });
        // Collected first, because the stream would keep its borrow otherwise.
        let posts: Vec<_> = posts.collect();
        stream::iter(posts).buffer_unordered(POSTS_AT_ONCE).collect::<()>().await;
    }

    /// Closes a socket. Nothing is posted to it from now on, even if the close fails: then its next frame closes it.
    pub(crate) async fn close(&self, connection: &Connection) {
        self.gone(connection).await;
        match repeated(async || self.push.close(connection).await).await {
            Ok(()) | Err(PushError::Gone) => {}
            Err(error) => {
                tracing::warn!(connection = connection.id, %error, "failed to close a connection, its next frame will close it")
            }
        }
    }

    /// Removes every row of a socket. Rows that remain because the store is unavailable expire.
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

/// Retries after a failure that may be temporary: of the API, or of the socket's reader.
async fn repeated(request: impl AsyncFn() -> Result<(), PushError>) -> Result<(), PushError> {
    for _ in 1..TRIES {
        match request().await {
            Err(PushError::Unavailable(_)) => tokio::time::sleep(AGAIN).await,
            done => return done,
        }
    }
    request().await
}

/// Packs frames for sending: several as one array if the client supports that, each at most `limit` bytes.
pub(crate) fn packed(frames: Vec<Frame>, batch: bool, limit: usize) -> Vec<Bytes> {
    if !batch {
        return frames.into_iter().map(|frame| frame.payload()).collect();
    }
    let (mut packed, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
    for frame in frames {
        if !waiting.is_empty() && bytes + frame.len() + 2 > limit {
            packed.push(json_array(&std::mem::take(&mut waiting)).into());
            bytes = 0;
        }
        // With the bracket or the comma before it.
        bytes += 1 + frame.len();
        waiting.push(frame);
    }
    if !waiting.is_empty() {
        packed.push(json_array(&waiting).into());
    }
    packed
}

/// Returns the frame of a shared message.
pub(crate) fn frame_of(delivery: &Delivery) -> Option<Frame> {
    delivery.frame(CodecKind::Native).cloned()
}

/// Returns the bytes of a shared message.
pub(crate) fn bytes(delivery: &Delivery) -> Option<Bytes> {
    Some(frame_of(delivery)?.payload())
}

//! Frames for sockets that no ws-tier holds.

use async_trait::async_trait;
use bytes::Bytes;

use super::Connection;

/// Why a frame did not reach a socket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The socket is gone: remove its row.
    #[error("the connection is gone")]
    Gone,
    /// Not now.
    #[error("the push endpoint is not available: {0}")]
    Unavailable(String),
}

/// `PostToConnection` and `DeleteConnection`.
#[async_trait]
pub trait ConnectionPush: Send + Sync {
    /// Sends a frame to a socket. At most once.
    async fn post(&self, connection: &Connection, frame: Bytes) -> Result<(), PushError>;

    /// Closes a socket. One that is gone is [`PushError::Gone`].
    async fn close(&self, connection: &Connection) -> Result<(), PushError>;
}

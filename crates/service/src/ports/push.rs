//! Sends frames to sockets that no ws-tier holds.

use async_trait::async_trait;
use bytes::Bytes;

use super::Connection;

/// An error of a push.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The connection has been closed. The caller removes its row.
    #[error("the connection has been closed")]
    Gone,
    /// The endpoint is not available right now.
    #[error("the push endpoint is not available: {0}")]
    Unavailable(String),
}

/// Calls `PostToConnection` and `DeleteConnection`.
#[async_trait]
pub trait ConnectionPush: Send + Sync {
    /// Sends a frame to a socket. At most once.
    async fn post(&self, connection: &Connection, frame: Bytes) -> Result<(), PushError>;

    /// Closes a socket. Returns [`PushError::Gone`] if it has been closed already.
    async fn close(&self, connection: &Connection) -> Result<(), PushError>;
}

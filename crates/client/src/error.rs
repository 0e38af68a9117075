//! Errors that are final. The client retries everything else itself.

use crate::state::Refused;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused the request.
    #[error("refused: {0}")]
    Refused(#[from] Refused),
    /// The server answered a REST call with an error.
    #[error("the server answered {status}: {message}")]
    Rest {
        /// The HTTP status.
        status: u16,
        /// The server's message.
        message: String,
    },
    /// The server could not be reached.
    #[error("cannot reach the server")]
    Http(#[from] reqwest::Error),
    /// The server closed the socket and the client must not reconnect.
    #[error("the server closed the connection permanently ({0})")]
    Closed(u16),
    /// The client was closed before the answer came.
    #[error("the client was closed")]
    Ended,
}

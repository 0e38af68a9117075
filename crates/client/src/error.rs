//! What can go wrong for good. What heals by itself is not an error.

use crate::state::Refused;

/// Why something did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused it.
    #[error("refused: {0}")]
    Refused(#[from] Refused),
    /// A REST call was answered with an error.
    #[error("the server answered {status}: {message}")]
    Rest {
        /// The HTTP status.
        status: u16,
        /// What the server says.
        message: String,
    },
    /// The server could not be reached.
    #[error("the server cannot be reached")]
    Http(#[from] reqwest::Error),
    /// The server closed the socket and does not want it back.
    #[error("the server closed the connection for good ({0})")]
    Closed(u16),
    /// The client ended before the answer came.
    #[error("the client ended")]
    Ended,
}

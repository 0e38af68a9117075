//! Why the server closes a socket.

/// Close codes. 4400–4499: reconnect, with full jitter. 4500–4599: do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// The client has no valid token, or it has expired.
    Unauthenticated,
    /// The client is too slow, or silent.
    Lagged,
    /// The node shuts down, or the store has another epoch.
    Drained,
    /// The node has reached its limit of sockets.
    Overloaded,
    /// The client sent too many frames.
    Flood,
    /// The client sent a frame over the limit, a binary frame, or not this protocol at all.
    Protocol,
    /// The client sent no credentials, or those of another user.
    Credentials,
    /// The user is banned from the installation.
    Banned,
    /// The user has too many sockets.
    TooMany,
}

impl CloseCode {
    /// Returns the number on the wire.
    pub fn number(self) -> u16 {
        match self {
            CloseCode::Unauthenticated => 4401,
            CloseCode::Lagged => 4408,
            CloseCode::Drained => 4412,
            CloseCode::Overloaded => 4413,
            CloseCode::Flood => 4429,
            CloseCode::Protocol => 4500,
            CloseCode::Credentials => 4501,
            CloseCode::Banned => 4503,
            CloseCode::TooMany => 4504,
        }
    }

    /// Returns the close frame's reason: one word for logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            CloseCode::Unauthenticated => "unauthenticated",
            CloseCode::Lagged => "lagged",
            CloseCode::Drained => "drained",
            CloseCode::Overloaded => "overloaded",
            CloseCode::Flood => "flood",
            CloseCode::Protocol => "protocol",
            CloseCode::Credentials => "credentials",
            CloseCode::Banned => "banned",
            CloseCode::TooMany => "too_many",
        }
    }
}

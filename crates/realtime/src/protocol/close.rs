//! Why the server closes a socket (2-protocol, Close codes).

/// 4400–4499: reconnect, with full jitter. 4500–4599: do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// No valid token, or not any more.
    Unauthenticated,
    /// Too slow, or silent.
    Lagged,
    /// The node goes, or the store has another epoch.
    Drained,
    /// The node holds all the sockets that it may.
    Overloaded,
    /// Too many frames.
    Flood,
    /// A frame over the limit, a binary frame, or no protocol of ours at all.
    Protocol,
    /// No credentials, or those of somebody else.
    Credentials,
    /// Banned from the installation.
    Banned,
    /// This user has too many sockets.
    TooMany,
}

impl CloseCode {
    /// The number on the wire.
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

    /// The close frame's reason: one word for logs and metrics.
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

//! Why the server closes a socket. `realtime::protocol` decides when.

use schemars::JsonSchema;
use serde::Serialize;

/// A close code of the protocol. 4400–4499: reconnect, with full jitter. 4500–4599: do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
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
    /// All close codes of the protocol, in the order of their numbers.
    pub const ALL: [CloseCode; 9] = [
        CloseCode::Unauthenticated,
        CloseCode::Lagged,
        CloseCode::Drained,
        CloseCode::Overloaded,
        CloseCode::Flood,
        CloseCode::Protocol,
        CloseCode::Credentials,
        CloseCode::Banned,
        CloseCode::TooMany,
    ];

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

    /// Returns whether a client reconnects after a socket was closed with this number, with full jitter. The codes of
    /// RFC 6455 for a breach of its rules are final: the next socket would end the same way.
    pub fn allows_reconnect(number: u16) -> bool {
        !matches!(number, 1002 | 1007 | 1009 | 4500..=4599)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_has_each_close_code_once_and_the_reason_is_its_name() {
        // The schema is made from the enum itself.
        let schema = serde_json::to_value(schemars::schema_for!(CloseCode)).expect("a schema is JSON");
        let names = schema["oneOf"].as_array().expect("one for each").iter().map(|one| one["const"].as_str());
        assert_eq!(names.collect::<Vec<_>>(), CloseCode::ALL.map(|code| Some(code.reason())));
        assert!(CloseCode::ALL.map(CloseCode::number).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn the_first_digits_say_whether_to_reconnect() {
        for code in CloseCode::ALL {
            assert_eq!(CloseCode::allows_reconnect(code.number()), code.number() < 4500, "{code:?}");
        }
        for (number, reconnects) in [(1000, true), (1001, true), (1005, true), (1006, true), (1011, true), (1012, true)]
        {
            assert_eq!(CloseCode::allows_reconnect(number), reconnects, "{number}");
        }
        for breach in [1002, 1007, 1009] {
            assert!(!CloseCode::allows_reconnect(breach), "{breach}");
        }
    }
}

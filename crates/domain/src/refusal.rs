//! The reason for a refusal: the one error type of all use cases, whatever the request came through.
//!
//! Contains neither status codes nor frames: `web` and the session derive those from it, each in one place.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Seq;
use crate::name::InvalidName;
use crate::text::InvalidText;

/// The code of a refusal: what a program can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum Code {
    /// The client must sign in, or renew its token, first.
    Unauthenticated,
    /// The session was signed out from another device, or by an admin: the client forgets what it stored for the user.
    SignedOut,
    /// The user can see it, but may not do this.
    Forbidden,
    /// It does not exist, or the user may not know that it does.
    NotFound,
    /// The user is muted in this room.
    Muted,
    /// The room's slow mode requires a pause between messages.
    SlowMode,
    /// The room is archived.
    Archived,
    /// A size limit is exceeded.
    TooLarge,
    /// A rate limit is exceeded.
    RateLimited,
    /// It contradicts the current state (a name that is taken, a deleted message).
    Conflict,
    /// It is too old to be checked for a duplicate, or a later change of the same client came first.
    Stale,
    /// The request is invalid.
    BadRequest,
    /// Too many requests are waiting already.
    Overloaded,
    /// It could not be done now; whether it was done is unknown.
    Unavailable,
}

impl Code {
    /// Returns whether a client keeps the change in its outbox and retries it unchanged.
    pub fn is_transient(self) -> bool {
        use Code::*;
        matches!(self, Unavailable | Overloaded | RateLimited | SlowMode | Unauthenticated)
    }
}

/// A refusal: what a use case returns instead of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The kind of refusal, for programs.
    pub code: Code,
    /// What happened and what the user can do, for people. Never contains a secret.
    pub message: String,
    /// Milliseconds after which a retry makes sense.
    pub retry_ms: Option<u64>,
    /// The log's head, for `stale`.
    pub head: Option<Seq>,
}

impl Refusal {
    /// Returns a refusal with a code and a sentence for people.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Refusal { code, message: message.into(), retry_ms: None, head: None }
    }

    /// Shorthand for `bad_request`.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// Shorthand for `not_found`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// Returns the one answer for a room that does not exist and for one that the caller may not know about.
    pub fn no_such_room() -> Self {
        Self::not_found("There is no such room, or you may not see it.")
    }

    /// Shorthand for `forbidden`.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// Shorthand for `unavailable` with a delay.
    pub fn unavailable(message: impl Into<String>, retry_ms: u64) -> Self {
        Self::new(Code::Unavailable, message).retry_in(retry_ms)
    }

    /// Refuses what belongs to an epoch of before a restore.
    pub fn restored(retry_ms: u64) -> Self {
        Self::unavailable("The server was restored from a backup. Please reconnect.", retry_ms)
    }

    /// Sets the number of milliseconds after which a retry makes sense.
    pub fn retry_in(mut self, ms: u64) -> Self {
        self.retry_ms = Some(ms);
        self
    }

    /// Sets the log's head.
    pub fn at_head(mut self, head: Seq) -> Self {
        self.head = Some(head);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<InvalidText> for Refusal {
    fn from(invalid: InvalidText) -> Self {
        let code = match invalid {
            InvalidText::TooLong(_) => Code::TooLarge,
            InvalidText::Nul | InvalidText::NotAnEmoji => Code::BadRequest,
        };
        Refusal::new(code, invalid.to_string())
    }
}

impl From<InvalidName> for Refusal {
    fn from(invalid: InvalidName) -> Self {
        Refusal::bad_request(invalid.0)
    }
}

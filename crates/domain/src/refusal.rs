//! Why something was refused: the one error that use cases answer with, on every way in.
//!
//! Never a status code and never a frame: `web` and the session make those of it, in one place each.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Seq;
use crate::name::InvalidName;
use crate::text::InvalidText;

/// The codes of 2-protocol, Errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum Code {
    /// Sign in, or renew the token, first.
    Unauthenticated,
    /// One may see it, but not do this.
    Forbidden,
    /// It is not there, or one may not know that it is.
    NotFound,
    /// One is muted in this room.
    Muted,
    /// The room asks for a pause between messages.
    SlowMode,
    /// The room is archived.
    Archived,
    /// Over a limit of size.
    TooLarge,
    /// Too often.
    RateLimited,
    /// It contradicts what is there (a name that is taken, a deleted message).
    Conflict,
    /// Too old to be checked for a double, or overtaken by a later change of the same client.
    Stale,
    /// It does not make sense.
    BadRequest,
    /// Too much waits already.
    Overloaded,
    /// It could not be done now; whether it was done is unknown.
    Unavailable,
}

impl Code {
    /// Whether a client keeps the change in its outbox and repeats it unchanged.
    pub fn is_transient(self) -> bool {
        use Code::*;
        matches!(self, Unavailable | Overloaded | RateLimited | SlowMode | Unauthenticated)
    }
}

/// A refusal: what a use case answers instead of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of refusal it is, for programs.
    pub code: Code,
    /// What happened and what one can do, for people. Never holds a secret.
    pub message: String,
    /// After how many milliseconds a repeat makes sense.
    pub retry_ms: Option<u64>,
    /// The log's head, for `stale`.
    pub head: Option<Seq>,
}

impl Refusal {
    /// A refusal with a code and a sentence for people.
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

    /// The one answer for a room that is not there and for one that the caller may not know of.
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

    /// Says after how many milliseconds a repeat makes sense.
    pub fn retry_in(mut self, ms: u64) -> Self {
        self.retry_ms = Some(ms);
        self
    }

    /// Says where the log's head is.
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

//! The bodies of REST calls, one module per function. Every error is a [`Problem`].

pub mod admin;
pub mod auth;
pub mod config;
pub mod files;
pub mod messages;
pub mod notifications;
pub mod presence;
pub mod rooms;

use domain::{Code, Seq};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// An error (RFC 9457, `application/problem+json`) with the protocol's code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` identifies the problem.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// The HTTP status as text.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, and what the user can do about it.
    pub detail: String,
    /// The error code, for programs.
    pub code: Code,
    /// Milliseconds after which a retry makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub retry_ms: Option<u64>,
    /// The log's head, if the code is `stale`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub head: Option<Seq>,
}

/// The answer to a change made over REST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct Acked {
    /// The entry's id.
    pub id: String,
    /// The entry's seq; null if nothing changed.
    pub seq: Option<Seq>,
    /// When the change was stored.
    pub at: String,
    /// Whether the change is a duplicate that was stored before.
    pub dup: bool,
    /// Whether the change had no effect.
    pub noop: bool,
}

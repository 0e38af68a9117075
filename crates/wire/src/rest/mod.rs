//! The bodies of REST calls, by function. Errors are [`Problem`]s everywhere.

pub mod auth;
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
    /// `about:blank`: the code says which problem it is.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what one can do.
    pub detail: String,
    /// For programs.
    pub code: Code,
    /// After how many milliseconds a repeat makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub retry_ms: Option<u64>,
    /// The log's head, for `stale`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub head: Option<Seq>,
}

/// The answer to a change by REST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema, ToSchema)]
pub struct Acked {
    /// The entry's id.
    pub id: String,
    /// The entry; null when nothing changed.
    pub seq: Option<Seq>,
    /// When it was stored.
    pub at: String,
    /// It was there already.
    pub dup: bool,
    /// It changed nothing.
    pub noop: bool,
}

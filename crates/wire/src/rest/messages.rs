//! `/api/rooms/{room}/messages`: history, and changes by REST.

use domain::Seq;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::Event;

/// A message by REST.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SendBody {
    /// Its text; empty only with files.
    #[serde(default)]
    pub text: String,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reply_to: Option<Seq>,
    /// The message whose thread it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub thread: Option<Seq>,
    /// Uploaded files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub files: Vec<String>,
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Another text by REST.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct EditBody {
    /// The new text.
    pub text: String,
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// A reaction by REST.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ReactBody {
    /// One emoji.
    pub emoji: String,
    /// Set or taken back.
    pub on: bool,
    /// The head that the client knew; with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// A read mark by REST.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ReadBody {
    /// The last entry read.
    pub seq: Seq,
}

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ReadView {
    /// Up to where one has read.
    pub read: Seq,
    /// The `n` of that entry.
    pub read_n: u64,
    /// Unread messages that mention one.
    pub mentions: Vec<Seq>,
}

/// A page of history: messages only, oldest first, each as the entries up to its `rev` made it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MessagePage {
    /// The epoch of the store; a page of another one than the client's is thrown away.
    pub epoch: String,
    /// The head before the read.
    pub as_of: Seq,
    /// The messages.
    pub items: Vec<Event>,
    /// Whether there are more in the direction asked for.
    pub more: bool,
}

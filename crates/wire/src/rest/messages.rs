//! `/api/rooms/{room}/messages`: history, and changes to messages over REST.

use domain::Seq;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::Event;

/// Body of a request that sends a message.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SendBody {
    /// The message's text; may be empty only if files are attached.
    #[serde(default)]
    pub text: String,
    /// The seq of the message it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reply_to: Option<Seq>,
    /// The seq of the thread's root message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub thread: Option<Seq>,
    /// The ids of uploaded files to attach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(as = "Option<Vec<String>>", optional)]
    pub files: Vec<String>,
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Body of a request that edits a message.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct EditBody {
    /// The new text.
    pub text: String,
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Body of a request that adds or removes a reaction.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ReactBody {
    /// The emoji.
    pub emoji: String,
    /// True to add the reaction, false to remove it.
    pub on: bool,
    /// The head that the client knew when it first tried; required with `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub seen: Option<Seq>,
}

/// Body of a request that sets the read mark.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ReadBody {
    /// The seq of the last entry read.
    pub seq: Seq,
}

/// The caller's read mark in a room.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ReadView {
    /// The seq of the last entry that the caller has read.
    pub read: Seq,
    /// That entry's `n`.
    pub read_n: u64,
    /// The seqs of unread messages that mention the caller.
    pub mentions: Vec<Seq>,
}

/// A page of history: messages only, oldest first, each with all changes up to its `rev` applied.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MessagePage {
    /// The epoch of the store. A client discards a page whose epoch differs from its own.
    pub epoch: String,
    /// The room's head, taken before the page was read.
    pub as_of: Seq,
    /// The page's messages, oldest first.
    pub items: Vec<Event>,
    /// Whether there are more messages in the requested direction.
    pub more: bool,
}

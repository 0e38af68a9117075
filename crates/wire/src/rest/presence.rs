//! `/api/presence`.

use domain::PresenceStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;
use crate::server_frame::PresenceEntry;

/// A client without a socket is there.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct HeartbeatBody {
    /// `online` (when left out) or `away`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub status: Option<PresenceStatus>,
    /// Which of the user's clients it is, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub client: Option<String>,
}

/// The presence of several users.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PresenceList {
    /// Those who share a room with one and are not offline.
    pub items: Vec<PresenceEntry>,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// Who types in a room.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct TypingList {
    /// Those who type.
    pub items: Vec<UserRef>,
}

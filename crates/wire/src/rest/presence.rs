//! The bodies of `/api/presence`.

use domain::PresenceStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;
use crate::server_frame::PresenceEntry;

/// Body of a heartbeat from a client without a socket.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct HeartbeatBody {
    /// `online` (the default) or `away`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub status: Option<PresenceStatus>,
    /// Which of the user's clients sends the heartbeat, if there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub client: Option<String>,
}

/// The presence of several users.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct PresenceList {
    /// Users who share a room with the caller and are not offline.
    pub items: Vec<PresenceEntry>,
    /// The value of `after` that requests the next page.
    pub next: Option<String>,
}

/// The users who are typing in a room.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct TypingList {
    /// The users who are typing.
    pub items: Vec<UserRef>,
}

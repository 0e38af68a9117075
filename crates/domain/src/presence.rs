//! The presence of a user.

use serde::{Deserialize, Serialize};

/// A presence status; ordered, so that the best of several is their maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum PresenceStatus {
    /// Has no connection.
    Offline,
    /// Is connected, but idle.
    Away,
    /// Is connected and active.
    Online,
}

//! The body of `/api/config`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// What an installation offers, for a page that shows how to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct InstallationConfig {
    /// Whether guests may sign in with only a name.
    pub guests: bool,
    /// Whether anyone may register an account.
    pub registration: bool,
    /// Whom to ask for an account, in the operator's words; null if the operator said nothing.
    pub contact: Option<String>,
    /// The limits that a client checks before it sends.
    pub limits: ClientLimits,
}

/// The limits that a client checks before it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ClientLimits {
    /// Bytes of the largest file.
    #[ts(type = "number")]
    pub upload_bytes: u64,
}

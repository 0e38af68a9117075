//! A user, as their row holds them.

use domain::Timestamp;
use domain::name::DisplayName;
use serde::{Deserialize, Serialize};

use crate::lenient;

/// What of a user has no column of its own, where the row has columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserRest {
    /// Shown instead of the handle.
    #[serde(default, with = "lenient::option", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// Whether they cannot sign in any more.
    #[serde(default)]
    pub banned: bool,
    /// When they came.
    pub created_at: Timestamp,
    /// The hash of the password, with its parameters; none for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
}

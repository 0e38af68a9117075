//! A user, as others may know them. Passwords and tokens are not here.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::name::{DisplayName, UserName};
use crate::time::Timestamp;

/// What a user may do on the whole installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum UserRole {
    /// Uses it.
    #[default]
    User,
    /// Runs it: posts notifications, moderates public rooms, gives roles.
    Admin,
}

/// A person, a bot or a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Never changes, also when a guest registers.
    pub id: UserId,
    /// The unique handle.
    pub name: UserName,
    /// Shown instead of the handle.
    pub display_name: Option<DisplayName>,
    /// Signed in without a password.
    pub guest: bool,
    /// On the whole installation.
    pub role: UserRole,
    /// Cannot sign in any more.
    pub banned: bool,
    /// When they came.
    pub created_at: Timestamp,
}

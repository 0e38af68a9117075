//! A user, as others may know them. Contains neither passwords nor tokens.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::name::{DisplayName, UserName};
use crate::time::Timestamp;

/// A user's role in the whole installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema, utoipa::ToSchema))]
pub enum UserRole {
    /// Has no special rights.
    #[default]
    User,
    /// Administers it: posts notifications, moderates public rooms, gives roles.
    Admin,
}

/// A person, a bot or a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id; it never changes, even if a guest registers.
    pub id: UserId,
    /// The unique handle.
    pub name: UserName,
    /// The display name, shown instead of the handle.
    pub display_name: Option<DisplayName>,
    /// Whether the user is a guest, who has no password.
    pub guest: bool,
    /// The user's role in the whole installation.
    pub role: UserRole,
    /// Whether the user is banned and cannot sign in.
    pub banned: bool,
    /// Whether the account was deleted: what is left names the author of messages, and nobody can sign in to it.
    pub deleted: bool,
    /// When the account was created.
    pub created_at: Timestamp,
}

//! `/api/auth`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;
use crate::server_frame::UserSelf;

/// A new account. With a guest's access token the guest becomes it, and keeps the user id.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RegisterBody {
    /// The unique handle.
    pub name: String,
    /// 8 to 256 characters.
    pub password: String,
    /// For sign-in by address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub email: Option<String>,
}

/// A sign-in.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct LoginBody {
    /// The handle, or the address.
    pub name: String,
    /// The password.
    pub password: String,
}

/// A sign-in without a password.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct GuestBody {
    /// The wished name; it gets a suffix.
    pub name: String,
}

/// A refresh; browsers send the cookie and no body.
#[derive(Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RefreshBody {
    /// The last refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refresh_token: Option<String>,
}

/// Signed in.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer` and for `hello`.
    pub access_token: String,
    /// Seconds until it ends.
    pub expires_in: u64,
    /// For the next refresh; left out where it travels as a cookie, and when it did not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refresh_token: Option<String>,
    /// Who one is.
    pub user: UserSelf,
}

/// A one-time ticket for `/v1/ws?ticket=`.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct TicketAnswer {
    /// Works once.
    pub ticket: String,
    /// Seconds until it ends.
    pub expires_in: u64,
}

/// Oneself, with what only oneself sees.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct Me {
    /// Who one is.
    #[serde(flatten)]
    pub user: UserSelf,
    /// The address.
    pub email: Option<String>,
    /// When one came.
    pub created_at: String,
}

/// Changes of oneself; what is left out stays.
#[derive(Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MePatch {
    /// Another handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// Another display name; empty is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
    /// Another address; empty is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub email: Option<String>,
    /// Another password; needs `old_password`, and ends the other sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub password: Option<String>,
    /// The password so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub old_password: Option<String>,
}

/// A page of users.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct UserPage {
    /// In order of name.
    pub items: Vec<UserRef>,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// A sign-in of a device.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// What the device calls itself.
    pub device: String,
    /// When it began.
    pub created_at: String,
    /// When it was last renewed.
    pub last_used_at: String,
    /// Whether it is this one.
    pub current: bool,
}

/// One's sessions.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SessionList {
    /// Newest first.
    pub items: Vec<SessionView>,
}

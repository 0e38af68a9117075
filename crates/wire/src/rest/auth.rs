//! The bodies of `/api/auth`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::event::UserRef;
use crate::server_frame::UserSelf;

/// Body of a registration. With a guest's access token, the guest becomes this account and keeps the user id.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RegisterBody {
    /// The unique handle.
    pub name: String,
    /// The name shown to others, such as `Maria Gómez`. Without it, the handle is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
    /// The password: 8 to 256 characters, and neither one of the commonest nor the name itself.
    pub password: String,
    /// An e-mail address, as a contact. It need not be unique, and cannot be used to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub email: Option<String>,
    /// The token of the first account, which becomes the installation's admin: the server prints it when it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub first_token: Option<String>,
}

/// What a registration needs at this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct Setup {
    /// Whether a registration must carry `first_token`: there is no account yet, and the caller is not on the server's own
    /// machine.
    pub needs_first_token: bool,
}

/// Body of a sign-in.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct LoginBody {
    /// The handle. Accounts of older releases can also sign in with their e-mail address, until they change it.
    pub name: String,
    /// The password.
    pub password: String,
    /// The mark that an earlier sign-in from this device returned. With it, wrong guesses of others do not hold up this
    /// sign-in. Browsers send the cookie instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub device_mark: Option<String>,
}

/// Body of a guest sign-in, which needs no password.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct GuestBody {
    /// A handle, or any name such as `Maria Gómez`: that becomes the display name, and the handle is derived from it
    /// (`mariagomez`). A handle that is taken gets a suffix.
    pub name: String,
}

/// Body of a token refresh. Browsers send the cookie and no body.
#[derive(Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RefreshBody {
    /// The newest refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refresh_token: Option<String>,
}

/// The answer to a sign-in or refresh.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct Tokens {
    /// The access token, for `Authorization: Bearer` and for `hello`.
    pub access_token: String,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    /// The token for the next refresh. Left out if it is sent as a cookie, or did not change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub refresh_token: Option<String>,
    /// After a sign-in with a password: the mark to send with the next one from this device, for any time in the next 400
    /// days. Left out if it is sent as a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub device_mark: Option<String>,
    /// The signed-in user.
    pub user: UserSelf,
}

/// What a ticket is for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct TicketBody {
    /// Whether it is for a client of the older contract: then the answer has a token for it, too.
    #[serde(default)]
    pub compat: bool,
}

/// A one-time ticket for `/v1/ws?ticket=`.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct TicketAnswer {
    /// The ticket; it works once.
    pub ticket: String,
    /// Seconds until the ticket expires.
    pub expires_in: u64,
    /// For a client of the older contract: an access token whose calls are answered in the shape of that contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub compat_token: Option<String>,
}

/// The caller's own account, with fields that other users cannot see.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct Me {
    /// The account's public fields.
    #[serde(flatten)]
    pub user: UserSelf,
    /// The e-mail address.
    pub email: Option<String>,
    /// When the account was created.
    pub created_at: String,
}

/// Changes to the caller's account. Omitted fields stay unchanged.
#[derive(Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct MePatch {
    /// A new handle. Requires `old_password`, as far as the account has a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// A new display name; an empty string removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
    /// A new e-mail address; an empty string removes it. Requires `old_password`, like a new handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub email: Option<String>,
    /// A new password, with the same rules as at registration. Requires `old_password`, and ends all other sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub password: Option<String>,
    /// The current password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub old_password: Option<String>,
}

/// Body of the deletion of the caller's own account.
#[derive(Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct DeleteMe {
    /// The current password. Required, as far as the account has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub password: Option<String>,
    /// Whether everything that the caller wrote is deleted, too. Otherwise it stays, under the name of a deleted user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub messages: bool,
}

/// Body of the choice of a new password with a link.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ResetBody {
    /// The token of the link: what follows the `#`.
    pub token: String,
    /// The new password, with the same rules as at registration.
    pub password: String,
}

/// A page of users.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct UserPage {
    /// The users, ordered by name.
    pub items: Vec<UserRef>,
    /// The value of `after` that requests the next page.
    pub next: Option<String>,
}

/// A session: one sign-in on one device.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SessionView {
    /// The session's id.
    pub id: String,
    /// The device's own name for itself.
    pub device: String,
    /// When the session began.
    pub created_at: String,
    /// When the session was last refreshed.
    pub last_used_at: String,
    /// Whether this is the session that made the request.
    pub current: bool,
}

/// The caller's sessions.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct SessionList {
    /// The sessions, newest first.
    pub items: Vec<SessionView>,
}

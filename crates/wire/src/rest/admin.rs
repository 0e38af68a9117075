//! The bodies of `/api/admin`, for admins of the installation.

use domain::{AuditRecord, AuditSubject, Timestamp, User, UserId, UserRole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::convert::rfc3339;

/// An account or a guest, as admins see it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct AccountView {
    /// The user's id.
    pub id: String,
    /// The handle.
    pub name: String,
    /// The display name.
    pub display_name: Option<String>,
    /// Whether the user is a guest, who has no password.
    pub guest: bool,
    /// Whether the user is an admin of the installation.
    pub admin: bool,
    /// Whether the user is banned from the installation.
    pub banned: bool,
    /// When the account was created.
    pub created_at: String,
    /// When one of the user's sessions began or was last refreshed; null if the user has no session.
    pub last_used_at: Option<String>,
    /// The number of sessions that have not ended.
    pub sessions: u32,
}

/// A page of accounts.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct AccountPage {
    /// The accounts, ordered by handle.
    pub items: Vec<AccountView>,
    /// The value of `after` that requests the next page.
    pub next: Option<String>,
}

/// New names of a user. Omitted fields stay unchanged.
#[derive(Clone, Default, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct RenameBody {
    /// The new handle. Admins may choose reserved names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// The new display name; an empty string removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub display_name: Option<String>,
}

/// A new password.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct NewPasswordBody {
    /// The password, with the same rules as at registration.
    pub password: String,
}

/// A link with which a user chooses a new password.
#[derive(Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct ResetLink {
    /// The path of the link at the address of the page. The token is behind the `#`, which browsers send to no server.
    pub path: String,
    /// The token, for `POST /api/auth/reset`. It works once.
    pub token: String,
    /// When the link expires.
    pub expires_at: String,
}

/// What an action of the audit log was done to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct AuditSubjectView {
    /// The id of a user; null for a room, and for an account that was to be created.
    pub user: Option<String>,
    /// The id of a room; null for a user.
    pub room: Option<String>,
    /// The handle of the user, or the name of the room, before the action.
    pub name: String,
}

/// A record of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct AuditView {
    /// The record's id.
    pub id: String,
    /// When the action began.
    pub at: String,
    /// The id of who did it; null for an operator on the command line.
    pub by: Option<String>,
    /// The handle that they had.
    pub by_name: Option<String>,
    /// How it was requested: `cli` or `rest`.
    pub via: String,
    /// What was done: `create_user`, `issue_reset_link`, `set_password`, `rename`, `grant_admin`, `revoke_admin`, `ban`,
    /// `unban`, `sign_out`, `delete_account`, `delete_account_and_messages` or `delete_room`. Later releases may add others.
    pub action: String,
    /// To what it was done.
    pub subject: AuditSubjectView,
    /// What became of it: `done`, `refused`, or `begun` for an action whose end is not known.
    pub outcome: String,
}

/// A page of the audit log.
#[derive(Debug, Clone, Deserialize, Serialize, TS, JsonSchema, ToSchema)]
pub struct AuditPageView {
    /// The records, newest first.
    pub items: Vec<AuditView>,
    /// The value of `before` that requests the next page.
    pub next: Option<String>,
}

/// Returns an account with its newest use and the number of its sessions.
pub fn account_view(user: &User, last_used_at: Option<Timestamp>, sessions: usize) -> AccountView {
    AccountView {
        id: user.id.to_string(),
        name: user.name.to_string(),
        display_name: user.display_name.as_ref().map(ToString::to_string),
        guest: user.guest,
        admin: user.role == UserRole::Admin,
        banned: user.banned,
        created_at: rfc3339(user.created_at),
        last_used_at: last_used_at.map(rfc3339),
        sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
    }
}

/// Returns a record of the audit log.
pub fn audit_view(record: &AuditRecord) -> AuditView {
    let (user, room) = match record.subject {
        AuditSubject::User(UserId::SYSTEM) => (None, None),
        AuditSubject::User(user) => (Some(user.to_string()), None),
        AuditSubject::Room(room) => (None, Some(room.to_string())),
    };
    AuditView {
        id: record.id.to_string(),
        at: rfc3339(record.at),
        by: record.by.map(|user| user.to_string()),
        by_name: record.by_name.clone(),
        via: word(&record.via),
        action: word(&record.action),
        subject: AuditSubjectView { user, room, name: record.subject_name.clone() },
        outcome: word(&record.outcome),
    }
}

/// Returns the name of a value of an enum, such as `begun`.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

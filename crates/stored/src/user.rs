//! A user, as stored in their row.

use domain::name::DisplayName;
use domain::{Timestamp, User};
use serde::{Deserialize, Serialize};

use crate::{is_default, lenient};

/// The fields of a user that have no column, if the row has columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserRest {
    /// The display name, shown instead of the handle.
    #[serde(default, with = "lenient::option", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// Whether the user is banned and cannot sign in.
    #[serde(default)]
    pub banned: bool,
    /// Whether the account was deleted. Older releases see it as banned.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deleted: bool,
    /// When the account was created.
    pub created_at: Timestamp,
    /// The e-mail address as a contact. The column of the address holds only one for sign-in, of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The hash of the password, with its parameters; none for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
}

impl UserRest {
    /// Returns the fields of a user, their contact and the hash of their password.
    pub fn new(user: &User, email: Option<String>, password_hash: Option<String>) -> UserRest {
        UserRest {
            display_name: user.display_name.clone(),
            banned: user.banned,
            deleted: user.deleted,
            created_at: user.created_at,
            email,
            password_hash,
        }
    }
}

//! Keys of what admins do, and of what they did.

use domain::{Timestamp, UserId};

use super::{Key, time};

/// The partition of the admins, each with the user's id.
pub const ADMINS: &str = "ADMINS";

/// Returns the key of an admin in the list of admins.
pub fn admin(user: UserId) -> Key {
    Key::new(ADMINS, user.to_string())
}

/// Returns the key of the counter of changes that took an admin's rights away, which such changes exclude each other by.
pub fn admins_revoked() -> Key {
    Key::new("META", "ADMINS")
}

/// The partition of the deletions of accounts that are not finished.
pub const DELETIONS: &str = "DELETIONS";

/// Returns the key of a deletion that is not finished.
pub fn deletion(user: UserId) -> Key {
    Key::new(DELETIONS, user.to_string())
}

/// Returns the partition of the audit log's records of a month.
pub fn audit_month(month: &str) -> String {
    format!("AUDIT#{month}")
}

/// Returns the sort key of a record of the audit log.
pub fn audited(at: Timestamp, id: uuid::Uuid) -> String {
    format!("{}#{id}", time(at))
}

//! What entries refer to but do not hold: users and files, looked up when an entry is encoded.

use std::collections::HashMap;

use crate::file::File;
use crate::ids::{FileId, UserId};
use crate::user::User;

/// The users and files that some entries refer to. A missing one no longer exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Related {
    /// The users by id.
    pub users: HashMap<UserId, User>,
    /// The files by id.
    pub files: HashMap<FileId, File>,
}

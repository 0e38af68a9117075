//! What entries name and do not hold: users and files, looked up when an entry is encoded.

use std::collections::HashMap;

use crate::file::File;
use crate::ids::{FileId, UserId};
use crate::user::User;

/// The users and files that some entries name. One that is missing here is not there any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Related {
    /// By id.
    pub users: HashMap<UserId, User>,
    /// By id.
    pub files: HashMap<FileId, File>,
}

//! What entries refer to but do not hold: users, files and the texts of edits, looked up when an entry is encoded.

use std::collections::HashMap;

use crate::entry::EditTexts;
use crate::file::File;
use crate::ids::{FileId, UserId};
use crate::user::User;

/// The users, files and texts that some entries refer to. A missing one no longer exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Related {
    /// The users by id.
    pub users: HashMap<UserId, User>,
    /// The files by id.
    pub files: HashMap<FileId, File>,
    /// The texts of the edits among the entries. An edit without text shows none, and no mentions.
    pub texts: EditTexts,
}

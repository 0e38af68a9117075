//! The audit log's records: who did what to accounts and rooms of the installation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{RoomId, UserId};
use crate::time::Timestamp;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// An account was created.
    CreateUser,
    /// A link was made with which a new password can be chosen.
    IssueResetLink,
    /// A new password was set.
    SetPassword,
    /// The handle or the display name was changed.
    Rename,
    /// The user became an admin.
    GrantAdmin,
    /// The user ceased to be an admin.
    RevokeAdmin,
    /// The user was banned from the installation.
    Ban,
    /// The ban was lifted.
    Unban,
    /// All sessions of the user were ended.
    SignOut,
    /// The account was deleted, and its messages kept without a name.
    DeleteAccount,
    /// The account was deleted together with its messages.
    DeleteAccountAndMessages,
    /// A room was deleted.
    DeleteRoom,
    /// An action of a later release.
    #[serde(other)]
    Unknown,
}

/// How it was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditVia {
    /// A command on the server's machine.
    Cli,
    /// The REST API.
    Rest,
    /// A way of a later release.
    #[serde(other)]
    Unknown,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It began. A record that stays like this is that of a process that ended, or of a store that failed, in between.
    Begun,
    /// It was done.
    Done,
    /// It was refused, and nothing was changed.
    Refused,
    /// An outcome of a later release.
    #[serde(other)]
    Unknown,
}

/// What an action was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditSubject {
    /// A user.
    User(UserId),
    /// A room.
    Room(RoomId),
}

/// One action. Never contains a password, a token or a text that a user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// When it began.
    pub at: Timestamp,
    /// The record's id. Records are ordered by time, then by id.
    pub id: Uuid,
    /// Who did it; none for an operator on the command line, who is nobody the server knows.
    pub by: Option<UserId>,
    /// The handle that they had.
    pub by_name: Option<String>,
    /// How it was requested.
    pub via: AuditVia,
    /// What was done.
    pub action: AuditAction,
    /// To what it was done.
    pub subject: AuditSubject,
    /// The handle of the user, or the id or name of the room, before the action.
    pub subject_name: String,
    /// What became of it.
    pub outcome: AuditOutcome,
}

/// The position of a record, from which a page of older ones begins.
pub type AuditKey = (Timestamp, Uuid);

impl AuditRecord {
    /// Returns the record's position.
    pub fn key(&self) -> AuditKey {
        (self.at, self.id)
    }
}

//! A socket between two events of the API Gateway function, which does not live as long as the socket.

use domain::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::is_default;

/// A socket's row: the state of its protocol as text, and where frames are posted to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketRecord {
    /// A [`ProtocolRecord`]; empty when none could be kept.
    pub session: String,
    /// The URL of the management API.
    pub endpoint: String,
}

/// The state of the protocol on one socket. Times are milliseconds of the socket's own time: the wall clock less `skew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRecord {
    /// When the client last sent something.
    pub heard: i64,
    /// What is left of its budget of frames.
    pub budget: BudgetRecord,
    /// How far it has come.
    pub state: StateRecord,
    /// By how much the wall clock has stepped since the socket was opened, in milliseconds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skew: i64,
}

/// How far a socket has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateRecord {
    /// It has not signed in.
    New {
        /// When it must have.
        until: i64,
        /// The ticket of its URL.
        ticket: Option<String>,
    },
    /// It has signed in.
    Open(OpenRecord),
}

/// A signed-in socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRecord {
    /// The user.
    pub user: UserId,
    /// The sign-in that the token belongs to.
    pub session: Option<SessionId>,
    /// Whether the user administrates the installation.
    pub admin: bool,
    /// Whether the user has no account.
    pub guest: bool,
    /// The store's epoch at the sign-in.
    pub epoch: u64,
    /// Whether the client takes several frames as one array.
    pub batch: bool,
    /// Whether the client's cursors belong to another epoch.
    #[serde(rename = "of_another_life")]
    pub other_epoch: bool,
    /// When the token expires.
    pub expires_at: i64,
    /// Whether the client was warned of that.
    pub warned: bool,
    /// When the next heartbeat is due.
    pub next_ping: i64,
    /// What is left of its budget of paced frames.
    pub paced: BudgetRecord,
}

/// A bucket that refills with time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRecord {
    /// Its size.
    pub allowed: u32,
    /// What is left, in thousandths.
    pub left_milli: u64,
    /// When that was.
    pub at: i64,
}

//! The stored state of a socket between two events of the API Gateway function, which does not live as long as the
//! socket.

use domain::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::is_default;

/// A socket's row: the state of its protocol as text, and where frames are posted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketRecord {
    /// A [`ProtocolRecord`]; empty if none could be stored.
    pub session: String,
    /// The URL of the management API.
    pub endpoint: String,
}

/// The protocol's state for one socket. Times are milliseconds of the socket's own time: the wall clock minus `skew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRecord {
    /// When the client last sent a frame.
    pub heard: i64,
    /// The rest of its budget of frames.
    pub budget: BudgetRecord,
    /// The sign-in state.
    pub state: StateRecord,
    /// By how much the wall clock has stepped since the socket was opened, in milliseconds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub skew: i64,
}

/// The sign-in state of a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateRecord {
    /// The socket has not signed in.
    New {
        /// The time by which it must sign in.
        until: i64,
        /// The ticket in its URL.
        ticket: Option<String>,
    },
    /// The socket has signed in.
    Open(OpenRecord),
}

/// A signed-in socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRecord {
    /// The user.
    pub user: UserId,
    /// The session that the token belongs to.
    pub session: Option<SessionId>,
    /// Whether the user is an admin of the installation.
    pub admin: bool,
    /// Whether the user is a guest.
    pub guest: bool,
    /// The store's epoch at the sign-in.
    pub epoch: u64,
    /// Whether the client accepts several frames as one array.
    pub batch: bool,
    /// Whether the client's cursors belong to another epoch.
    #[serde(rename = "of_another_life")]
    pub other_epoch: bool,
    /// When the token expires.
    pub expires_at: i64,
    /// Whether the client was warned that the token expires soon.
    pub warned: bool,
    /// When the next heartbeat is due.
    pub next_ping: i64,
    /// The rest of its budget of paced frames.
    pub paced: BudgetRecord,
}

/// A bucket that refills with time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRecord {
    /// The bucket's size.
    pub allowed: u32,
    /// The remaining amount, in thousandths.
    pub left_milli: u64,
    /// When that amount remained.
    pub at: i64,
}

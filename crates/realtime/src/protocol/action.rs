//! What the protocol asks its driver to do.

use std::fmt;

use domain::{Actor, Epoch, Intent, LogId, RoomId, RoomRef, Seq, Timestamp, User, UserId};

use super::CloseCode;
use crate::message::{Message, Reply, ReplyTo};

/// What a client shows to sign in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// An access token.
    Token(String),
    /// A one-time ticket from the socket's URL.
    Ticket(String),
}

impl fmt::Debug for Credential {
    /// Never shows the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Credential::Token(_) => "Token(…)",
            Credential::Ticket(_) => "Ticket(…)",
        })
    }
}

/// The user of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user and their sign-in, for changes.
    pub actor: Actor,
    /// The user as others see them.
    pub user: User,
    /// When the credential expires.
    pub expires_at: Timestamp,
}

/// What a sign-in found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// The user.
    pub identity: Identity,
    /// The store's epoch.
    pub epoch: Epoch,
    /// How many users are online.
    pub online: u64,
}

/// A change as a client asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestedChange {
    /// Who asks.
    pub by: Actor,
    /// The sender's id; none when the server makes one.
    pub id: Option<domain::EntryId>,
    /// The head that the client knew when it first tried.
    pub seen: Option<Seq>,
    /// The epoch that `seen` belongs to.
    pub epoch: Epoch,
    /// What to change.
    pub intent: Intent,
}

/// A request for a page of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Who asks.
    pub by: Actor,
    /// Which request of the client.
    pub reply: ReplyTo,
    /// The log.
    pub log: LogId,
    /// The last entry that the client has; none means "from now on".
    pub cursor: Option<Seq>,
}

/// What the protocol asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send a message to this socket.
    Send(Box<Message>),
    /// Close the socket after what was sent. Nothing comes after it.
    Close(CloseCode),
    /// Check the credential; answer with `signed_in` or `not_signed_in`. Read no request meanwhile.
    SignIn(Credential),
    /// Check another token; answer with `renewed`.
    Renew {
        /// Which request.
        reply: ReplyTo,
        /// The token.
        token: Credential,
    },
    /// Send the pages of the room list.
    ListRooms {
        /// Whose rooms.
        user: UserId,
    },
    /// Send a page of a log.
    Replay(PageRequest),
    /// Say that no socket can follow this log.
    NoSuchLog {
        /// Which request.
        reply: ReplyTo,
        /// As the client named it.
        room: String,
    },
    /// Submit a change to a room; answer with `acked` or `refused`.
    Submit {
        /// Which request.
        reply: Reply,
        /// The room.
        room: RoomRef,
        /// The change.
        change: Box<RequestedChange>,
    },
    /// Raise the user's read mark.
    Mark {
        /// Who has read.
        by: Actor,
        /// The room.
        room: RoomId,
        /// The last entry that was read.
        seq: Seq,
    },
    /// Show that the user types, or has stopped.
    Typing {
        /// Who types.
        by: Actor,
        /// The room.
        room: RoomId,
        /// Whether the user types now.
        on: bool,
    },
    /// Send the presence of these users from now on.
    Watch {
        /// Who asks.
        by: Actor,
        /// The users.
        users: Vec<UserId>,
    },
}

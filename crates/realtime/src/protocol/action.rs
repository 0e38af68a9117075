//! What a session asks its socket to do, and what it is told in return.

use std::fmt;

use domain::{Actor, Change, LogId, RoomId, RoomRef, Seq, Timestamp, User, UserId};
use wire::ServerFrame;

use super::CloseCode;

/// What a socket shows to be let in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// An access token.
    Token(String),
    /// A one-time ticket from the upgrade's URL.
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

/// Who a socket belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who acts.
    pub actor: Actor,
    /// How others know them.
    pub user: User,
    /// When the credential ends.
    pub expires_at: Timestamp,
}

/// Whose answer an `ack` or `error` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The frame's `id`.
    pub id: Option<String>,
    /// The frame's `t`.
    pub of: &'static str,
    /// The room, as the client named it.
    pub room: Option<String>,
}

/// What a session asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A frame for this socket.
    Send(Box<ServerFrame>),
    /// Close, after what was sent. Nothing comes after it.
    Close(CloseCode),
    /// Check the credential; answer with `signed_in` or `not_signed_in`. Read no frame meanwhile.
    SignIn(Credential),
    /// Check another token; answer with `renewed`.
    Renew {
        /// The frame's `id`.
        id: String,
        /// The token.
        token: Credential,
    },
    /// Send the pages of the room list.
    ListRooms,
    /// Send a page of each log, from after the cursor.
    Replay {
        /// The request's `id`.
        re: String,
        /// In this order.
        logs: Vec<(LogId, Option<Seq>)>,
    },
    /// A log that no socket can follow: it is not there.
    NoSuchLog {
        /// The request's `id`.
        re: String,
        /// As the client named it.
        room: String,
    },
    /// Ask a room to take a change in; answer with `acked` or `refused`.
    Submit {
        /// Whose answer it will be.
        reply: Reply,
        /// Where.
        room: RoomRef,
        /// What.
        change: Box<Change>,
    },
    /// Read up to here.
    Mark {
        /// Where.
        room: RoomId,
        /// Up to here.
        seq: Seq,
    },
    /// Typing, or stopped.
    Typing {
        /// Where.
        room: RoomId,
        /// Began or stopped.
        on: bool,
    },
    /// Whose presence to send from now on.
    Watch(Vec<UserId>),
}

//! The actions that the protocol asks its driver to perform.

use std::fmt;

use domain::name::Slug;
use domain::{Actor, Epoch, Intent, LogId, RoomId, RoomRef, Seq, Timestamp, User, UserId};

use super::CloseCode;
use crate::codec::log_name;
use crate::message::{Message, Reply, ReplyTo};
use crate::request::Offset;

/// The credential that a client signs in with.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// An access token.
    Token(String),
    /// A one-time ticket from the socket's URL.
    Ticket(String),
}

impl fmt::Debug for Credential {
    /// Hides the secret.
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
    /// The user as other users see them.
    pub user: User,
    /// When the credential expires.
    pub expires_at: Timestamp,
}

/// The result of a sign-in.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// The user.
    pub identity: Identity,
    /// The store's epoch.
    pub epoch: Epoch,
    /// How many users are online.
    pub online: u64,
    /// The beginning of the room list.
    pub rooms: RoomPage,
}

/// A page of the room list.
#[derive(Debug, Clone, PartialEq)]
pub struct RoomPage {
    /// The messages that it consists of.
    pub messages: Vec<Message>,
    /// Its last room, if another page follows.
    pub next: Option<RoomId>,
}

/// A change that a client requests.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestedChange {
    /// The user who asks.
    pub by: Actor,
    /// The sender's id; `None` if the server generates one.
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
    /// The user who asks.
    pub by: Actor,
    /// The client's request.
    pub reply: ReplyTo,
    /// The log.
    pub log: LogId,
    /// The last entry that the client has; `None` means "from now on".
    pub cursor: Option<Seq>,
}

/// A request for a page of the log of a room that the client names by its slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRequest {
    /// The user who asks.
    pub by: Actor,
    /// The client's request.
    pub reply: ReplyTo,
    /// The room.
    pub slug: Slug,
    /// The last entry that the client has; `None` means "from now on".
    pub cursor: Option<Seq>,
}

impl NamedRequest {
    /// Returns the request, once the room is found.
    pub fn found(self, room: RoomId) -> PageRequest {
        PageRequest { by: self.by, reply: self.reply, log: LogId::Room(room), cursor: self.cursor }
    }

    /// Returns what an error about this request names.
    pub fn error_reply(&self) -> Reply {
        Reply { to: self.reply.clone(), of: Some("resume".into()), room: Some(self.slug.to_string()) }
    }
}

impl PageRequest {
    /// Returns what an error about this request names.
    pub fn error_reply(&self) -> Reply {
        Reply { to: self.reply.clone(), of: Some("resume".into()), room: Some(log_name(self.log)) }
    }
}

/// An action of the protocol.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Send a message to this socket.
    Send(Box<Message>),
    /// Close the socket after everything that was sent. No action follows it.
    Close(CloseCode),
    /// Check the credential; answer with `signed_in` or `not_signed_in`. Read no request meanwhile.
    SignIn(Credential),
    /// Check another token; answer with `renewed`.
    Renew {
        /// The client's request.
        reply: ReplyTo,
        /// The new token.
        token: Credential,
    },
    /// Send the pages of the room list after the first one.
    ListRooms {
        /// The user whose rooms to send.
        user: UserId,
        /// The last room of the page before.
        after: RoomId,
    },
    /// Send a page of each of these logs; answer with the requests that are left for [`Action::Replay`].
    Resume(Vec<PageRequest>),
    /// Send a page of a log.
    Replay(PageRequest),
    /// Find the rooms that these requests name by their slugs; answer with `found`.
    Find(Vec<NamedRequest>),
    /// Report that no socket can follow this log.
    NoSuchLog {
        /// The client's request.
        reply: ReplyTo,
        /// The log as the client named it.
        room: String,
    },
    /// Submit a change to a room; answer with `acked` or `refused`.
    Submit {
        /// The client's request.
        reply: Reply,
        /// The room.
        room: RoomRef,
        /// The change.
        change: Box<RequestedChange>,
    },
    /// Join a room unless the user is a member; answer with `found`, or `refused`.
    Enter {
        /// The user who asks.
        by: Actor,
        /// The store's epoch as the socket knows it.
        epoch: Epoch,
        /// The client's request.
        reply: Reply,
        /// The room.
        room: RoomRef,
        /// What the client got last on its last connection.
        after: Option<Offset>,
    },
    /// Stop following a room; answer only if it is refused.
    Exit {
        /// The client's request.
        reply: Reply,
        /// The room.
        room: RoomRef,
    },
    /// Raise the user's read mark.
    Mark {
        /// The user who has read.
        by: Actor,
        /// The room.
        room: RoomRef,
        /// The last entry that was read.
        seq: Seq,
    },
    /// Show that the user is typing, or has stopped.
    Typing {
        /// The user who types.
        by: Actor,
        /// The room.
        room: RoomRef,
        /// Whether the user is typing now.
        on: bool,
    },
    /// Send the presence of these users from now on.
    Watch {
        /// The user who asks.
        by: Actor,
        /// The users.
        users: Vec<UserId>,
    },
}

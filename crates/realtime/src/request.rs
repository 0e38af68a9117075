//! A client's requests, whatever protocol it uses. A [`Codec`](crate::codec::Codec) decodes them from the client's bytes.

use domain::{EntryId, Intent, Refusal, RoomId, Seq, Timestamp, UserId};

use crate::message::{Reply, ReplyTo};

/// A client's request.
#[derive(Debug, PartialEq)]
// Created once and consumed at once: a box would cost more than the space.
#[allow(clippy::large_enum_variant)]
pub enum Request {
    /// The first request of a socket.
    SignIn {
        /// The version of the protocol.
        version: u32,
        /// An access token; `None` if the socket's URL carried a ticket.
        token: Option<String>,
        /// The epoch that the client's cursors belong to.
        epoch: Option<String>,
        /// Whether the client accepts several messages at once.
        batch: bool,
    },
    /// Follow these logs from these cursors.
    Resume {
        /// The id for its answers.
        reply: ReplyTo,
        /// Logs as the client names them; no cursor means "from now on".
        cursors: Vec<(String, Option<Seq>)>,
    },
    /// Join a room unless the user is a member, and follow it from now on, or from where the client's last connection ended.
    Enter {
        /// The id for its answer.
        reply: Reply,
        /// The room as the client names it.
        room: String,
        /// What the client got last on its last connection.
        after: Option<Offset>,
    },
    /// Stop following a room. The user stays its member.
    Exit {
        /// The id for its refusal.
        reply: Reply,
        /// The room as the client names it.
        room: String,
    },
    /// Requests the entries after a cursor.
    Fill {
        /// The id for its answer.
        reply: ReplyTo,
        /// The log as the client names it.
        room: String,
        /// The last entry that the client has.
        after: Seq,
    },
    /// A change of a room.
    Change {
        /// The id for its answer.
        reply: Reply,
        /// The sender's id for it; `None` if the protocol has none, and the server generates one.
        id: Option<EntryId>,
        /// The room as the client names it.
        room: String,
        /// The head that the client knew when it first tried.
        seen: Option<Seq>,
        /// The change, or why no room can accept it.
        intent: Result<Intent, Refusal>,
    },
    /// The user has read a room up to here.
    Mark {
        /// The room as the client names it.
        room: String,
        /// The last entry that was read.
        seq: Seq,
    },
    /// The user is typing, or has stopped.
    Typing {
        /// The room as the client names it.
        room: String,
        /// Whether the user is typing now.
        on: bool,
    },
    /// Watch the presence of these users from now on.
    Watch {
        /// The users.
        users: Vec<UserId>,
    },
    /// The answer to a heartbeat.
    Pong,
    /// Asks whether the server is alive.
    Ping {
        /// The id for its answer.
        reply: ReplyTo,
    },
    /// A new access token for the same sign-in.
    Renew {
        /// The id for its answer.
        reply: ReplyTo,
        /// The token.
        token: String,
    },
}

/// The last entry that a client got, of any of its rooms: in that room it goes on after the entry, in others after its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// The entry's room.
    pub room: RoomId,
    /// The entry's seq.
    pub seq: Seq,
    /// When it was appended.
    pub at: Timestamp,
}

/// The result of decoding a client's bytes.
#[derive(Debug, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum Decoded {
    /// A request.
    Request(Request),
    /// Not a request that this server supports: the client gets an error, and the socket stays open.
    Rejected {
        /// What could be read of the request.
        reply: Reply,
        /// What is wrong with it.
        message: String,
    },
    /// A part of a request, or a message that asks the connection for nothing.
    Nothing,
    /// Not this protocol at all: the socket is closed.
    Breach,
}

//! What a client asks for, whatever protocol it speaks. A [`Codec`](crate::codec::Codec) makes it from the client's bytes.

use domain::{EntryId, Intent, Refusal, Seq, UserId};

use crate::message::{Reply, ReplyTo};

/// A client's request.
#[derive(Debug, PartialEq)]
// Made once and consumed at once: a box would cost more than the space.
#[allow(clippy::large_enum_variant)]
pub enum Request {
    /// The first request of a socket.
    SignIn {
        /// The version of the protocol.
        version: u32,
        /// An access token; none when the socket's URL carried a ticket.
        token: Option<String>,
        /// The epoch that the client's cursors belong to.
        epoch: Option<String>,
        /// Whether the client takes several messages at once.
        batch: bool,
    },
    /// Follow these logs from these cursors.
    Resume {
        /// What its answers name.
        reply: ReplyTo,
        /// Logs as the client names them; no cursor means "from now on".
        cursors: Vec<(String, Option<Seq>)>,
    },
    /// The entries after a cursor.
    Fill {
        /// What its answer names.
        reply: ReplyTo,
        /// The log, as the client names it.
        room: String,
        /// The last entry that the client has.
        after: Seq,
    },
    /// A change of a room.
    Change {
        /// What its answer names.
        reply: Reply,
        /// The sender's id for it; none when the protocol has none, and the server makes one.
        id: Option<EntryId>,
        /// The room, as the client names it.
        room: String,
        /// The head that the client knew when it first tried.
        seen: Option<Seq>,
        /// What to change, or why no room can accept it.
        intent: Result<Intent, Refusal>,
    },
    /// The user has read a room up to here.
    Mark {
        /// The room, as the client names it.
        room: String,
        /// The last entry that was read.
        seq: Seq,
    },
    /// The user types, or has stopped.
    Typing {
        /// The room, as the client names it.
        room: String,
        /// Whether the user types now.
        on: bool,
    },
    /// Whose presence to send from now on.
    Watch {
        /// The users.
        users: Vec<UserId>,
    },
    /// The answer to a heartbeat.
    Pong,
    /// Asks whether the server is there.
    Ping {
        /// What its answer names.
        reply: ReplyTo,
    },
    /// A new access token for the same sign-in.
    Renew {
        /// What its answer names.
        reply: ReplyTo,
        /// The token.
        token: String,
    },
}

/// What became of a client's bytes.
#[derive(Debug, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum Decoded {
    /// A request.
    Request(Request),
    /// Not a request that this server knows: the client gets an error, and the socket stays.
    Rejected {
        /// What could be read of the request.
        reply: Reply,
        /// What is wrong with it.
        message: String,
    },
    /// Not the protocol at all: the socket is closed.
    Breach,
}

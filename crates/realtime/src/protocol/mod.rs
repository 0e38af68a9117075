//! One socket's protocol state: sign-in, resume, changes, marks, heartbeat, renewal, budgets.
//!
//! No I/O, no clock, no randomness: requests and answers come in with the time, [`Action`]s go out. A room's log decides
//! what becomes of a change; the hub, who gets an event; a codec, how it is encoded. Timers use elapsed time only, so a
//! wall clock that steps closes no socket.

mod action;
mod budget;
mod open;
mod saved;

use std::sync::Arc;
use std::time::Duration;

use crate::limits::{FRAME_BEFORE_AUTH, HELLO_TIMEOUT, SIGN_IN_TIMEOUT};
use domain::limits::Limits;
use domain::{Ack, Code, LogId, Now, Refusal, RoomId, Seq};

use crate::message::{Message, Reply, ReplyTo, Welcome};
use crate::request::{Decoded, Request};
pub use action::{Action, Credential, Identity, NamedRequest, PageRequest, RequestedChange, RoomPage, SignedIn};
use budget::Budget;
use open::Open;
pub use wire::CloseCode;

/// The settings that all sockets of a node share.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The node's name.
    pub node: String,
    /// The limits for frames and the heartbeat.
    pub limits: Limits,
}

impl Settings {
    fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.limits.heartbeat_ms)
    }
}

/// The protocol's state on one socket.
pub struct Protocol {
    settings: Arc<Settings>,
    conn: Arc<str>,
    state: State,
    /// When the client last sent something.
    heard: Duration,
    budget: Budget,
    /// When the socket is closed because the node shuts down.
    leaves: Option<Duration>,
}

enum State {
    /// No message has arrived.
    New { until: Duration, ticket: Option<String> },
    /// The credential is being checked.
    SigningIn { until: Duration, epoch: Option<String>, batch: bool },
    /// Signed in.
    Open(Box<Open>),
    /// Closed by the server. Everything that arrives is ignored.
    Closed,
}

impl Protocol {
    /// Returns the state of a socket that was just opened. `ticket` is the one of its URL.
    pub fn new(settings: Arc<Settings>, conn: Arc<str>, ticket: Option<String>, now: Now) -> Protocol {
        let budget = Budget::new(settings.limits.frames_per_60s, now.elapsed);
        let state = State::New { until: now.elapsed + HELLO_TIMEOUT, ticket };
        Protocol { settings, conn, state, heard: now.elapsed, budget, leaves: None }
    }

    /// Returns whether another request may be read: none while the first is being checked.
    pub fn reads(&self) -> bool {
        matches!(self.state, State::New { .. } | State::Open(_))
    }

    /// Returns whether the client has signed in, and is not being closed.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Returns whether the client accepts several messages at once.
    pub fn batches(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.batch)
    }

    /// Returns the maximum size of a message. A longer one breaks the protocol and must not be parsed.
    pub fn frame_limit(&self) -> usize {
        match self.state {
            State::Open(_) => self.settings.limits.client_frame,
            _ => FRAME_BEFORE_AUTH.min(self.settings.limits.client_frame),
        }
    }

    /// Returns whether the client's time to sign in or to renew its token has run out: `on_tick` closes the socket.
    pub fn has_expired(&self, now: Now) -> bool {
        match &self.state {
            State::New { until, .. } => now.elapsed >= *until,
            State::Open(open) => now.elapsed >= open.expires_at,
            State::SigningIn { .. } | State::Closed => false,
        }
    }

    /// Handles a decoded message from the client.
    pub fn on_request(&mut self, decoded: Decoded, now: Now, out: &mut Vec<Action>) {
        self.heard = now.elapsed;
        match &mut self.state {
            State::New { .. } if decoded == Decoded::Nothing => self.on_control(now, out),
            State::New { ticket, .. } => {
                let ticket = ticket.take();
                self.sign_in(decoded, ticket, now, out);
            }
            State::Open(open) => {
                if let Some(code) = open.on_request(decoded, now, &mut self.budget, out) {
                    self.close(code, out);
                }
            }
            State::SigningIn { .. } | State::Closed => {}
        }
    }

    /// Handles a message over the limit, or one that breaks the rules of the transport.
    pub fn on_breach(&mut self, out: &mut Vec<Action>) {
        self.close(CloseCode::Protocol, out);
    }

    /// Handles a ping or pong of the transport. It counts as a frame, because each ping is answered.
    pub fn on_control(&mut self, now: Now, out: &mut Vec<Action>) {
        self.heard = now.elapsed;
        if !self.budget.take(now.elapsed) {
            self.close(CloseCode::Flood, out);
        }
    }

    fn sign_in(&mut self, decoded: Decoded, ticket: Option<String>, now: Now, out: &mut Vec<Action>) {
        let refusal = match decoded {
            Decoded::Request(Request::SignIn { version, .. }) if version != wire::VERSION => Refusal::bad_request(
                format!("This server supports version {} of the protocol, not {version}.", wire::VERSION),
            ),
            Decoded::Request(Request::SignIn { token, epoch, batch, .. }) => {
                let credential = token.map(Credential::Token).or(ticket.map(Credential::Ticket));
                let Some(credential) = credential else { return self.close(CloseCode::Credentials, out) };
                self.state = State::SigningIn { until: now.elapsed + SIGN_IN_TIMEOUT, epoch, batch };
                out.push(Action::SignIn(credential));
                return;
            }
            Decoded::Request(_) => Refusal::bad_request("The first frame must be \"hello\"."),
            Decoded::Rejected { message, .. } => Refusal::bad_request(message),
            Decoded::Breach | Decoded::Nothing => return self.close(CloseCode::Protocol, out),
        };
        out.push(refused(Reply::unnamed("hello", None), refusal));
        self.close(CloseCode::Protocol, out);
    }

    /// Handles a valid credential: the user log is followed by now.
    pub fn signed_in(&mut self, signed_in: SignedIn, now: Now, out: &mut Vec<Action>) {
        let State::SigningIn { epoch: known, batch, .. } = &mut self.state else { return };
        let SignedIn { identity, epoch, online, rooms } = signed_in;
        let other_epoch = known.take().is_some_and(|known| known.parse() != Ok(epoch));
        out.push(send(Message::Welcome(Box::new(Welcome {
            conn: self.conn.clone(),
            node: self.settings.node.clone(),
            epoch,
            user: identity.user.clone(),
            heartbeat_ms: self.settings.limits.heartbeat_ms,
            max_frame: self.settings.limits.client_frame,
            online,
        }))));
        out.extend(rooms.messages.into_iter().map(send));
        out.extend(rooms.next.map(|after| Action::ListRooms { user: identity.user.id, after }));
        let open = Open::new(&identity, epoch, other_epoch, *batch, now, &self.settings);
        self.state = State::Open(Box::new(open));
        self.heard = now.elapsed;
    }

    /// Handles the refusal of a sign-in.
    pub fn not_signed_in(&mut self, refusal: &Refusal, out: &mut Vec<Action>) {
        out.push(refused(Reply::unnamed("hello", None), refusal.clone()));
        self.close(close_code(refusal), out);
    }

    /// Handles the answer to a renewal.
    pub fn renewed(&mut self, reply: ReplyTo, answer: &Result<Identity, Refusal>, now: Now, out: &mut Vec<Action>) {
        let State::Open(open) = &mut self.state else { return };
        if let Some(code) = open.renewed(reply, answer, now, out) {
            self.close(code, out);
        }
    }

    /// Handles the ack of a change.
    pub fn acked(&mut self, reply: Reply, room: RoomId, ack: &Ack, out: &mut Vec<Action>) {
        let Ack { seq, at, dup, noop, .. } = *ack;
        out.push(send(Message::Ack { reply: reply.to, room: Some(room), seq, at, dup, noop }));
    }

    /// Handles the refusal of a request.
    pub fn refused(&mut self, reply: Reply, refusal: &Refusal, out: &mut Vec<Action>) {
        let epoch = match &self.state {
            State::Open(open) if refusal.code == Code::Unavailable => Some(open.epoch),
            _ => None,
        };
        out.push(send(Message::Refused { reply, refusal: refusal.clone(), epoch }));
    }

    /// Handles the passing of time. Calls `heads` only when a heartbeat is due.
    pub fn on_tick(&mut self, now: Now, heads: impl FnOnce() -> Vec<(LogId, Seq)>, out: &mut Vec<Action>) {
        let code = match &mut self.state {
            State::New { until, .. } => (now.elapsed >= *until).then_some(CloseCode::Unauthenticated),
            State::SigningIn { until, .. } if now.elapsed >= *until => {
                let slow = Refusal::unavailable("The sign-in took too long. Please retry in a moment.", RETRY_MS);
                return self.not_signed_in(&slow, out);
            }
            State::SigningIn { .. } | State::Closed => None,
            State::Open(_) if now.elapsed.saturating_sub(self.heard) >= self.settings.heartbeat() * 2 => {
                Some(CloseCode::Lagged)
            }
            State::Open(open) => open.on_tick(now, &self.settings, heads, out),
        };
        let code = code.or_else(|| self.leaves.filter(|at| now.elapsed >= *at).map(|_| CloseCode::Drained));
        if let Some(code) = code {
            self.close(code, out);
        }
    }

    /// Returns when `on_tick` is due next, in elapsed time.
    pub fn next_tick(&self) -> Option<Duration> {
        let due = match &self.state {
            State::New { until, .. } | State::SigningIn { until, .. } => Some(*until),
            State::Open(open) => Some(open.next_tick().min(self.heard + self.settings.heartbeat() * 2)),
            State::Closed => None,
        };
        match (due, self.leaves) {
            (Some(due), Some(leaves)) => Some(due.min(leaves)),
            (due, leaves) => due.or(leaves),
        }
    }

    /// Asks the client to connect to another node, and closes the socket after `delay`.
    pub fn go_away(&mut self, delay: Duration, now: Now, out: &mut Vec<Action>) {
        if self.leaves.is_none() && !matches!(self.state, State::Closed) {
            self.leaves = Some(now.elapsed + delay);
            out.push(send(Message::GoAway { delay }));
        }
    }

    fn close(&mut self, code: CloseCode, out: &mut Vec<Action>) {
        if !matches!(self.state, State::Closed) {
            self.state = State::Closed;
            self.leaves = None;
            out.push(Action::Close(code));
        }
    }
}

/// The delay, in milliseconds, before a client whose sign-in took too long may retry.
const RETRY_MS: u64 = 5_000;

/// Returns the code that closes the socket after a refused sign-in.
fn close_code(refusal: &Refusal) -> CloseCode {
    match refusal.code {
        Code::Forbidden => CloseCode::Banned,
        Code::RateLimited => CloseCode::TooMany,
        Code::Overloaded | Code::Unavailable => CloseCode::Overloaded,
        _ => CloseCode::Unauthenticated,
    }
}

fn send(message: Message) -> Action {
    Action::Send(Box::new(message))
}

fn refused(reply: Reply, refusal: Refusal) -> Action {
    send(Message::Refused { reply, refusal, epoch: None })
}

#[cfg(test)]
mod tests;

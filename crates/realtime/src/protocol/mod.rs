//! One socket's protocol state: hello, resume, changes, marks, heartbeat, renewal, limits.
//!
//! No I/O, no clock, no randomness: frames and answers come in with the time, [`Action`]s go out. What a
//! room makes of a change is not decided here; who gets an event is the hub's.

mod action;
mod budget;
mod close;
mod intent;
mod open;
mod saved;

use std::sync::Arc;
use std::time::Duration;

use crate::limits::{FRAME_BEFORE_AUTH, HELLO_TIMEOUT};
use domain::limits::Limits;
use domain::{Code, Epoch, LogId, Refusal, Seq, Timestamp};
use wire::{BadFrame, ClientFrame, ServerFrame};

pub use action::{Action, Credential, Identity, Reply};
use budget::Budget;
pub use close::CloseCode;
use open::Open;
pub use open::log_name;

/// What all sessions of a node share.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The node's name.
    pub node: String,
    /// Frames, heartbeat.
    pub limits: Limits,
}

impl Settings {
    fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.limits.heartbeat_ms)
    }
}

/// The protocol state of one socket.
pub struct Protocol {
    settings: Arc<Settings>,
    conn: String,
    state: State,
    /// When the client was last heard.
    heard: Timestamp,
    budget: Budget,
    /// When the node asked the client to go: it is closed then.
    leaves: Option<Timestamp>,
}

enum State {
    /// Nothing came yet.
    New { until: Timestamp, ticket: Option<String> },
    /// The credential is being checked.
    SigningIn { epoch: Option<String>, batch: bool },
    /// Signed in.
    Open(Box<Open>),
    /// Closed from here. Whatever comes is ignored.
    Closed,
}

impl Protocol {
    /// A socket was opened. `ticket` is the one of its URL.
    pub fn new(settings: Arc<Settings>, conn: String, ticket: Option<String>, now: Timestamp) -> Protocol {
        let budget = Budget::new(settings.limits.frames_per_60s, now);
        let state = State::New { until: now + HELLO_TIMEOUT, ticket };
        Protocol { settings, conn, state, heard: now, budget, leaves: None }
    }

    /// Whether another frame may be read: none while the first is being checked.
    pub fn reads(&self) -> bool {
        matches!(self.state, State::New { .. } | State::Open(_))
    }

    /// Whether the client takes several frames as one array.
    pub fn batches(&self) -> bool {
        matches!(&self.state, State::Open(open) if open.batch)
    }

    /// Whether the time is over that the client had, to say hello or to renew its token: `on_tick` closes it.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match &self.state {
            State::New { until, .. } => now >= *until,
            State::Open(open) => now >= open.expires_at,
            State::SigningIn { .. } | State::Closed => false,
        }
    }

    /// A text frame came.
    pub fn on_text(&mut self, text: &str, now: Timestamp, out: &mut Vec<Action>) {
        self.heard = now;
        match &mut self.state {
            State::New { ticket, .. } => {
                let ticket = ticket.take();
                self.hello(text, ticket, out);
            }
            State::Open(open) => {
                if let Some(code) = open.on_text(text, now, &self.settings, &mut self.budget, out) {
                    self.close(code, out);
                }
            }
            State::SigningIn { .. } | State::Closed => {}
        }
    }

    /// A binary frame came, or one over the limit.
    pub fn on_breach(&mut self, out: &mut Vec<Action>) {
        self.close(CloseCode::Protocol, out);
    }

    /// A ping or pong of the WebSocket itself came. It counts as a frame: each ping is answered.
    pub fn on_control(&mut self, now: Timestamp, out: &mut Vec<Action>) {
        self.heard = now;
        if !self.budget.take(now) {
            self.close(CloseCode::Flood, out);
        }
    }

    fn hello(&mut self, text: &str, ticket: Option<String>, out: &mut Vec<Action>) {
        if text.len() > FRAME_BEFORE_AUTH {
            return self.close(CloseCode::Protocol, out);
        }
        let refusal = match ClientFrame::parse(text) {
            Ok(ClientFrame::Hello { v, token, epoch, batch, .. }) => {
                let credential = token.map(Credential::Token).or(ticket.map(Credential::Ticket));
                match credential {
                    _ if v != wire::VERSION => Refusal::bad_request(format!(
                        "This server speaks version {} of the protocol, not {v}.",
                        wire::VERSION
                    )),
                    Some(credential) => {
                        self.state = State::SigningIn { epoch, batch };
                        out.push(Action::SignIn(credential));
                        return;
                    }
                    None => return self.close(CloseCode::Credentials, out),
                }
            }
            Ok(_) => Refusal::bad_request("The first frame is \"hello\"."),
            Err(bad) => Refusal::bad_request(bad.message),
        };
        out.push(error(&Reply { id: None, of: "hello", room: None }, &refusal, None));
        self.close(CloseCode::Protocol, out);
    }

    /// The credential is good, the own log is followed, and `online` people are there.
    pub fn signed_in(&mut self, identity: &Identity, epoch: Epoch, online: u64, now: Timestamp, out: &mut Vec<Action>) {
        let State::SigningIn { epoch: known, batch } = &mut self.state else { return };
        let of_another_life = known.take().is_some_and(|known| known.parse() != Ok(epoch));
        out.push(send(ServerFrame::Welcome {
            v: wire::VERSION,
            conn: self.conn.clone(),
            node: self.settings.node.clone(),
            epoch: epoch.to_string(),
            caps: Vec::new(),
            user: wire::user_self(&identity.user),
            heartbeat_ms: self.settings.limits.heartbeat_ms,
            max_frame: self.settings.limits.client_frame as u64,
            online,
        }));
        out.push(Action::ListRooms);
        let open = Open::new(identity, epoch, of_another_life, *batch, now, &self.settings);
        self.state = State::Open(Box::new(open));
        self.heard = now;
    }

    /// The credential is not good, or there is no room for the socket.
    pub fn not_signed_in(&mut self, refusal: &Refusal, out: &mut Vec<Action>) {
        out.push(error(&Reply { id: None, of: "hello", room: None }, refusal, None));
        self.close(close_code(refusal), out);
    }

    /// Another token was checked.
    pub fn renewed(&mut self, id: String, answer: &Result<Identity, Refusal>, now: Timestamp, out: &mut Vec<Action>) {
        let State::Open(open) = &mut self.state else { return };
        if let Some(code) = open.renewed(id, answer, now, out) {
            self.close(code, out);
        }
    }

    /// A change was taken in.
    pub fn acked(&mut self, reply: Reply, room: String, ack: &domain::Ack, out: &mut Vec<Action>) {
        out.push(send(ServerFrame::Ack {
            id: reply.id.unwrap_or_default(),
            room: Some(room),
            seq: ack.seq,
            at: wire::rfc3339(ack.at),
            dup: ack.dup,
            noop: ack.noop,
        }));
    }

    /// A change, or something else that was asked, was refused.
    pub fn refused(&mut self, reply: &Reply, refusal: &Refusal, out: &mut Vec<Action>) {
        let epoch = match &self.state {
            State::Open(open) if refusal.code == Code::Unavailable => Some(open.epoch),
            _ => None,
        };
        out.push(error(reply, refusal, epoch));
    }

    /// Time passed. `heads` is asked only when a ping is due.
    pub fn on_tick(&mut self, now: Timestamp, heads: impl FnOnce() -> Vec<(LogId, Seq)>, out: &mut Vec<Action>) {
        let code = match &mut self.state {
            State::New { until, .. } => (now >= *until).then_some(CloseCode::Unauthenticated),
            State::SigningIn { .. } | State::Closed => None,
            State::Open(_) if now.since(self.heard) >= self.settings.heartbeat() * 2 => Some(CloseCode::Lagged),
            State::Open(open) => open.on_tick(now, &self.settings, heads, out),
        };
        let code = code.or_else(|| self.leaves.filter(|at| now >= *at).map(|_| CloseCode::Drained));
        if let Some(code) = code {
            self.close(code, out);
        }
    }

    /// When `on_tick` is due next.
    pub fn next_tick(&self) -> Option<Timestamp> {
        let due = match &self.state {
            State::New { until, .. } => Some(*until),
            State::Open(open) => Some(open.next_tick().min(self.heard + self.settings.heartbeat() * 2)),
            State::SigningIn { .. } | State::Closed => None,
        };
        match (due, self.leaves) {
            (Some(due), Some(leaves)) => Some(due.min(leaves)),
            (due, leaves) => due.or(leaves),
        }
    }

    /// The node goes: the client is asked to come back elsewhere, and closed after `delay`.
    pub fn go_away(&mut self, delay: Duration, now: Timestamp, out: &mut Vec<Action>) {
        if self.leaves.is_none() && !matches!(self.state, State::Closed) {
            self.leaves = Some(now + delay);
            let delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
            out.push(send(ServerFrame::Goaway { delay_ms, reason: "drain".into() }));
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

/// What a refused sign-in closes the socket with.
fn close_code(refusal: &Refusal) -> CloseCode {
    match refusal.code {
        Code::Forbidden => CloseCode::Banned,
        Code::RateLimited => CloseCode::TooMany,
        Code::Overloaded | Code::Unavailable => CloseCode::Overloaded,
        _ => CloseCode::Unauthenticated,
    }
}

fn send(frame: ServerFrame) -> Action {
    Action::Send(Box::new(frame))
}

fn error(reply: &Reply, refusal: &Refusal, epoch: Option<Epoch>) -> Action {
    send(ServerFrame::Error {
        id: reply.id.clone(),
        of: Some(reply.of.to_owned()),
        room: reply.room.clone(),
        code: refusal.code,
        message: refusal.message.clone(),
        retry_ms: refusal.retry_ms,
        head: refusal.head,
        epoch: epoch.map(|epoch| epoch.to_string()),
    })
}

/// The error for a frame that cannot be read.
fn bad_frame(bad: BadFrame) -> Action {
    send(ServerFrame::Error {
        id: bad.id,
        of: bad.of,
        room: bad.room,
        code: Code::BadRequest,
        message: bad.message,
        retry_ms: None,
        head: None,
        epoch: None,
    })
}

#[cfg(test)]
mod tests;

//! One connection of a long-lived process: its protocol, its work in progress, and its end.
//!
//! No I/O, no clock, no randomness. Never waits: it names the work, and the driver performs it and returns an [`Input`].

mod backlog;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{FRAMES_IN_FLIGHT, LOGS_PER_RESUME, REPLAYS_IN_FLIGHT};
use domain::{Ack, Actor, LogId, Now, Refusal, RoomId, Seq};

use crate::codec::{Codec, Incoming};
use crate::message::{Message, Reply, ReplyTo};
use crate::protocol::{Action, CloseCode, Identity, PageRequest, Protocol, Settings, SignedIn};
use crate::request::Decoded;

pub use backlog::{Backlog, Next, PostError, is_short};

/// The result of an action.
#[derive(Debug, PartialEq)]
pub enum Input {
    /// A credential was checked.
    SignedIn(Box<Result<SignedIn, Refusal>>),
    /// Another token was checked.
    Renewed(ReplyTo, Box<Result<Identity, Refusal>>),
    /// A change is durable.
    Acked(Reply, RoomId, Box<Ack>),
    /// A request was refused.
    Refused(Reply, Refusal),
    /// Pages of several logs were sent. Those of these requests are left.
    Resumed(Vec<PageRequest>),
    /// The rooms of these requests were found.
    Found(Vec<PageRequest>),
    /// A page was sent, or is no longer needed.
    Replayed,
    /// A page was refused permanently.
    NotReplayed(Reply, Refusal),
    /// The hub no longer knows the socket: the store has another epoch.
    Detached,
    /// The room list could not be read; the client cannot work without it.
    NotListed(Refusal),
    /// The action is done, and has no answer.
    Done,
}

/// Whether work outlives its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Work that only this socket needs: it is cancelled with the socket.
    Read,
    /// Work that must finish even if the socket is closed. Only its answer may be lost.
    Change,
}

/// What the connection asks of its driver, in this order.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Put a message into the socket's queue.
    Send(Box<Message>),
    /// Close the socket after everything that was sent.
    Close(CloseCode),
    /// Perform an action, and return its input.
    Perform(Work, Box<Action>),
}

/// A request for a page.
struct Waiting {
    request: PageRequest,
    /// Whether an [`Action::Resume`] has left it for an [`Action::Replay`].
    is_left: bool,
}

/// The state of a connection.
pub struct Connection {
    protocol: Protocol,
    /// Requests for pages that wait for their turn: the newest of each log.
    pages: BTreeMap<LogId, Waiting>,
    order: VecDeque<LogId>,
    /// Whether an [`Action::Resume`] is in flight. There is one at a time, so that an older request never begins after a
    /// newer one for the same log.
    resuming: bool,
    replaying: usize,
    reads: usize,
    changes: usize,
    closing: bool,
    actions: Vec<Action>,
}

impl Connection {
    /// Returns the state of a connection that was just opened. `ticket` is the one of its URL.
    pub fn new(settings: Arc<Settings>, conn: Arc<str>, ticket: Option<String>, now: Now) -> Connection {
        Connection {
            protocol: Protocol::new(settings, conn, ticket, now),
            pages: BTreeMap::new(),
            order: VecDeque::new(),
            resuming: false,
            replaying: 0,
            reads: 0,
            changes: 0,
            closing: false,
            actions: Vec::new(),
        }
    }

    /// Returns whether another message from the client may be read.
    pub fn reads(&self) -> bool {
        self.protocol.reads() && self.reads + self.changes < FRAMES_IN_FLIGHT && !self.closing
    }

    /// Returns the maximum size of the client's next message. A longer one breaks the protocol and must not be parsed.
    pub fn frame_limit(&self) -> usize {
        self.protocol.frame_limit()
    }

    /// Returns whether the client accepts several messages at once.
    pub fn batches(&self) -> bool {
        self.protocol.batches()
    }

    /// Returns whether the client has signed in, and is not being closed.
    pub fn is_signed_in(&self) -> bool {
        self.protocol.is_open()
    }

    /// Returns the user, once the client has signed in.
    pub fn actor(&self) -> Option<Actor> {
        self.protocol.actor()
    }

    /// Returns how many changes are in flight.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Returns when [`Connection::on_tick`] is due next, in elapsed time.
    pub fn next_tick(&self) -> Option<Duration> {
        self.protocol.next_tick()
    }

    /// Handles a message from the client. Checks its length before decoding it.
    pub fn on_message(&mut self, codec: &mut dyn Codec, incoming: Incoming<'_>, now: Now, out: &mut Vec<Output>) {
        let decoded = match incoming.len() <= self.protocol.frame_limit() {
            true => codec.decode(incoming),
            false => Decoded::Breach,
        };
        self.on_decoded(decoded, now, out);
    }

    /// Handles a message that was decoded, or a request that the server makes in the client's place.
    pub fn on_decoded(&mut self, decoded: Decoded, now: Now, out: &mut Vec<Output>) {
        self.protocol.on_request(decoded, now, &mut self.actions);
        self.carry_out(out);
    }

    /// Handles a ping or pong of the transport.
    pub fn on_control(&mut self, now: Now, out: &mut Vec<Output>) {
        self.protocol.on_control(now, &mut self.actions);
        self.carry_out(out);
    }

    /// Handles a message that breaks the rules of the transport.
    pub fn on_breach(&mut self, out: &mut Vec<Output>) {
        self.protocol.on_breach(&mut self.actions);
        self.carry_out(out);
    }

    /// Handles the result of an action.
    pub fn on_input(&mut self, work: Work, input: Input, now: Now, out: &mut Vec<Output>) {
        self.finished(work);
        let actions = &mut self.actions;
        match input {
            Input::SignedIn(answer) => match *answer {
                Ok(signed_in) => self.protocol.signed_in(signed_in, now, actions),
                Err(refusal) => self.protocol.not_signed_in(&refusal, actions),
            },
            Input::Renewed(reply, answer) => self.protocol.renewed(reply, &answer, now, actions),
            Input::Acked(reply, room, ack) => self.protocol.acked(reply, room, &ack, actions),
            Input::Refused(reply, refusal) => self.protocol.refused(reply, &refusal, actions),
            Input::Resumed(left) => {
                self.resuming = false;
                for request in left {
                    // A newer request for the same log may wait already.
                    if !self.pages.contains_key(&request.log) {
                        self.wait(request, true);
                    }
                }
            }
            Input::Found(requests) => actions.push(Action::Resume(requests)),
            Input::Replayed => self.replaying -= 1,
            Input::NotReplayed(reply, refusal) => {
                self.replaying -= 1;
                self.protocol.refused(reply, &refusal, actions);
            }
            Input::Detached => actions.push(Action::Close(CloseCode::Drained)),
            Input::NotListed(refusal) => {
                self.protocol.refused(Reply::unnamed("hello", None), &refusal, actions);
                actions.push(Action::Close(CloseCode::Overloaded));
            }
            Input::Done => {}
        }
        self.carry_out(out);
    }

    /// Handles an action that panicked: its answer is unknown, so the client must ask again on its next socket.
    pub fn on_panic(&mut self, work: Work, out: &mut Vec<Output>) {
        self.finished(work);
        self.actions.push(Action::Close(CloseCode::Overloaded));
        self.carry_out(out);
    }

    /// Handles the passing of time. Calls `heads` only when a heartbeat is due.
    pub fn on_tick(&mut self, now: Now, heads: impl FnOnce() -> Vec<(LogId, Seq)>, out: &mut Vec<Output>) {
        self.protocol.on_tick(now, heads, &mut self.actions);
        self.carry_out(out);
    }

    /// Asks the client to leave, and closes the socket after `delay`.
    pub fn go_away(&mut self, delay: Duration, now: Now, out: &mut Vec<Output>) {
        self.protocol.go_away(delay, now, &mut self.actions);
        self.carry_out(out);
    }

    fn finished(&mut self, work: Work) {
        match work {
            Work::Read => self.reads -= 1,
            Work::Change => self.changes -= 1,
        }
    }

    fn carry_out(&mut self, out: &mut Vec<Output>) {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Send(message) => out.push(Output::Send(message)),
                Action::Close(code) => {
                    self.closing = true;
                    out.push(Output::Close(code));
                }
                Action::Resume(requests) => requests.into_iter().for_each(|request| self.wait(request, false)),
                Action::Replay(request) => self.wait(request, false),
                Action::Submit { .. } | Action::Mark { .. } | Action::Enter { .. } => {
                    self.changes += 1;
                    out.push(Output::Perform(Work::Change, Box::new(action)));
                }
                action => self.read(action, out),
            }
        }
        self.read_pages(out);
    }

    fn wait(&mut self, request: PageRequest, is_left: bool) {
        let log = request.log;
        if self.pages.insert(log, Waiting { request, is_left }).is_none() {
            self.order.push_back(log);
        }
    }

    /// Begins to read pages: many at once, and those that are left one by one.
    fn read_pages(&mut self, out: &mut Vec<Output>) {
        while !self.closing {
            let left = self.replaying < REPLAYS_IN_FLIGHT;
            if let Some(request) = self.next_page(|waiting| waiting.is_left && left) {
                self.replaying += 1;
                self.read(Action::Replay(request), out);
                continue;
            }
            let resuming = self.resuming;
            let requests = std::iter::from_fn(|| self.next_page(|waiting| !waiting.is_left && !resuming));
            let requests: Vec<_> = requests.take(LOGS_PER_RESUME).collect();
            if requests.is_empty() {
                break;
            }
            self.resuming = true;
            self.read(Action::Resume(requests), out);
        }
        if self.order.is_empty() {
            // An idle socket keeps no memory for requests.
            (self.order, self.pages) = Default::default();
        }
    }

    fn next_page(&mut self, wanted: impl FnOnce(&Waiting) -> bool) -> Option<PageRequest> {
        let log = self.order.front()?;
        if !self.pages.get(log).is_some_and(wanted) {
            return None;
        }
        let log = self.order.pop_front()?;
        self.pages.remove(&log).map(|waiting| waiting.request)
    }

    fn read(&mut self, action: Action, out: &mut Vec<Output>) {
        self.reads += 1;
        out.push(Output::Perform(Work::Read, Box::new(action)));
    }
}

#[cfg(test)]
mod tests;

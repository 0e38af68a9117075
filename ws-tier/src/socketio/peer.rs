//! One session of Socket.IO: carries requests, answers and packets between its connection, its queue and its work.
//!
//! The connection decides. What waits for the client is in the queue, whatever transport takes it.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use domain::limits::WATCHED_USERS;
use domain::{LogId, Now, PageStatus, RoomId, UserId};
use parking_lot::Mutex;
use realtime::codec::{self, Aside};
use realtime::connection::{self, Backlog, Connection, Input, Output, PostError, Work};
use realtime::interpreter::Backend;
use realtime::message::{Message, Outgoing};
use realtime::protocol::{Action, CloseCode};
use realtime::request::{Decoded, Request};
use realtime::{Class, Frame};
use tokio::runtime::Handle;
use tokio::task::{Id, JoinHandle};

use super::SessionShard;
use crate::backend::SocketBackend;
use crate::drain::SocketPermit;
use crate::engine_io::{Incoming, Next, Peer, Piece, Signals};
use crate::limits::SOCKETIO_HEARTBEAT;
use crate::send_queue::SendQueue;
use crate::work::{Begun, begin};

/// How long changes in flight may delay a drained session.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
/// What a WebSocket of a client that leaves is closed with.
const LEFT: (u16, &str) = (1000, "");

/// A session.
pub(crate) struct SocketIoPeer {
    this: Weak<SocketIoPeer>,
    state: Mutex<State>,
    backend: Arc<SocketBackend>,
    signals: Arc<Signals>,
    sessions: SessionShard,
    runtime: Handle,
}

struct State {
    connection: Connection,
    queue: SendQueue,
    /// Work that only this session needs; cancelled with it.
    reads: Vec<JoinHandle<()>>,
    /// The members of the client's rooms, whose presence it gets.
    watched: BTreeSet<UserId>,
    /// When the client gets the next `heartbeat`, in elapsed time.
    next_heartbeat: Duration,
    /// Until when changes in flight delay the end of a drained session.
    finish_until: Option<Duration>,
    /// The client has left, or the node cuts its sockets: nothing more is written.
    is_over: bool,
    permit: Option<SocketPermit>,
}

impl SocketIoPeer {
    pub fn new(
        connection: Connection,
        queue: SendQueue,
        backend: Arc<SocketBackend>,
        signals: Arc<Signals>,
        sessions: SessionShard,
        permit: SocketPermit,
    ) -> Arc<SocketIoPeer> {
        let state = State {
            connection,
            queue,
            reads: Vec::new(),
            watched: BTreeSet::new(),
            next_heartbeat: backend.now().elapsed + SOCKETIO_HEARTBEAT,
            finish_until: None,
            is_over: false,
            permit: Some(permit),
        };
        let (state, runtime) = (Mutex::new(state), Handle::current());
        Arc::new_cyclic(|this| SocketIoPeer { this: this.clone(), state, backend, signals, sessions, runtime })
    }

    /// Queues messages that several sockets get.
    pub fn push(&self, messages: &[Outgoing]) {
        self.queue(|backlog| messages.iter().for_each(|message| backlog.push(message)));
        for message in messages {
            if let Outgoing::Own(own) = message {
                self.follow_up(own);
            }
        }
    }

    /// Queues a message for this session alone.
    pub fn push_own(&self, message: &Message) {
        self.queue(|backlog| backlog.push_own(message));
        self.follow_up(message);
    }

    /// Does what a client of the native protocol would ask for after a page: it requests the next one, and watches the members of
    /// a room that it follows now.
    fn follow_up(&self, message: &Message) {
        let Message::Sync { page, live, .. } = message else { return };
        if let Some(request) = next_page(message) {
            self.drive(|connection, _, now, out| connection.on_decoded(Decoded::Request(request), now, out));
        }
        if let (true, LogId::Room(room)) = (*live, page.log) {
            self.watch_members(room);
        }
    }

    /// Sends the presence of a room's members from now on, unless there are too many of them.
    fn watch_members(&self, room: RoomId) {
        let Some(this) = self.this.upgrade() else { return };
        let task = self.runtime.spawn(async move {
            let store = &this.backend.node().services.ports.store;
            let Ok(members) = store.rooms.members(room, None, WATCHED_USERS).await else { return };
            let (actor, watched) = {
                let state = &mut *this.state.lock();
                let joined = members.iter().filter(|member| member.is_joined()).map(|member| member.user);
                let watched: BTreeSet<UserId> = state.watched.iter().copied().chain(joined).collect();
                if members.len() >= WATCHED_USERS || watched.len() > WATCHED_USERS {
                    return;
                }
                state.watched.clone_from(&watched);
                (state.connection.actor(), watched)
            };
            if let Some(actor) = actor {
                // What cannot be read now is tried again when the client enters its next room.
                let _ = this.backend.watch(actor, watched.into_iter().collect()).await;
            }
        });
        let mut state = self.state.lock();
        state.reads.retain(|read| !read.is_finished());
        state.reads.push(task);
    }

    /// Handles the result of work that `task` performed, or `None` if it panicked.
    pub fn on_input(&self, work: Work, task: Id, input: Option<Input>) {
        {
            let mut state = self.state.lock();
            state.reads.retain(|read| read.id() != task);
            state.reads.shrink_to_fit();
        }
        self.drive(|connection, _, now, out| take_input(&self.backend, connection, work, input, now, out));
    }

    /// Queues another program's frame, if there is room.
    pub fn post(&self, payload: Bytes) -> Result<(), PostError> {
        let posted = self.state.lock().queue.change(|backlog| backlog.post(payload));
        self.signals.has_output();
        posted
    }

    /// Closes the session, after everything that was queued for it.
    pub fn close(&self, code: CloseCode) {
        self.queue(|backlog| backlog.close(code));
    }

    /// Closes the session as lagged, and discards its queue.
    pub fn abandon(&self) {
        self.queue(Backlog::abandon);
    }

    /// Closes the session within this time, because the node drains.
    pub fn depart(&self, spread: Duration) {
        let delay = spread.mul_f64(rand::random_range(0.0..1.0));
        self.drive(|connection, _, now, out| connection.go_away(delay, now, out));
    }

    /// Closes the session at once.
    pub fn cut(&self) {
        self.state.lock().is_over = true;
        self.signals.has_output();
    }

    fn queue(&self, change: impl FnOnce(&mut Backlog)) {
        self.state.lock().queue.change(change);
        self.signals.has_output();
    }

    /// Calls the connection, carries out what it asks for, and wakes the transport.
    fn drive(&self, call: impl FnOnce(&mut Connection, &mut SendQueue, Now, &mut Vec<Output>)) {
        let now = self.backend.now();
        {
            let mut state = self.state.lock();
            let State { connection, queue, .. } = &mut *state;
            let mut out = Vec::new();
            call(connection, queue, now, &mut out);
            self.carry_out(&mut state, out, now);
        }
        self.signals.has_output();
        self.signals.may_read();
        self.signals.has_new_tick();
    }

    fn carry_out(&self, state: &mut State, mut out: Vec<Output>, now: Now) {
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Send(message) => state.queue.change(|backlog| backlog.push_own(&message)),
                    Output::Close(code) => state.queue.change(|backlog| backlog.close(code)),
                    Output::Perform(work, action) => {
                        if let Some(input) = self.perform(state, work, *action) {
                            take_input(&self.backend, &mut state.connection, work, input, now, &mut out);
                        }
                    }
                }
            }
        }
    }

    fn perform(&self, state: &mut State, work: Work, action: Action) -> Option<Option<Input>> {
        let _entered = self.runtime.enter();
        match begin(&self.backend, work, action, &self.runtime) {
            Begun::Done(input) => Some(input),
            Begun::Runs(task) => {
                if work == Work::Read {
                    state.reads.push(task);
                }
                None
            }
        }
    }

    /// Removes the session from all registries.
    async fn leave(backend: Arc<SocketBackend>, reads: Vec<JoinHandle<()>>, permit: Option<SocketPermit>) {
        // First, so that a running sign-in cannot add the session again.
        for read in reads {
            read.abort();
            let _ = read.await;
        }
        let (node, id) = (backend.node(), backend.id());
        node.connections.remove(backend.conn());
        node.follow.close(id);
        if let Some(user) = node.presence.disconnect(id).await
            && node.follow.hub().sockets_of(user).is_empty()
        {
            node.services.marks.flush_user(user).await;
        }
        drop(permit);
    }
}

impl Peer for SocketIoPeer {
    fn reads(&self) -> bool {
        let state = self.state.lock();
        !state.is_over && state.connection.reads() && state.queue.backlog().closing().is_none()
    }

    fn on_message(&self, message: Incoming<'_>) {
        let incoming = match message {
            Incoming::Text(text) => codec::Incoming::Text(text),
            Incoming::Binary(bytes) => codec::Incoming::Binary(bytes),
        };
        self.backend.registered().set_active(self.backend.now().wall);
        let mut leaves = false;
        self.drive(|connection, queue, now, out| {
            queue.change(|backlog| {
                connection.on_message(backlog.codec(), incoming, now, out);
                while let Some(aside) = backlog.codec().aside() {
                    match aside {
                        Aside::Answer(payload) => backlog.push_frame(Frame::new(Class::Durable, payload)),
                        Aside::Leave => leaves = true,
                    }
                }
            });
        });
        if leaves {
            self.cut();
        }
    }

    fn on_control(&self) {
        self.drive(|connection, _, now, out| connection.on_control(now, out));
    }

    fn on_breach(&self) {
        self.drive(|connection, _, _, out| connection.on_breach(out));
    }

    fn next(&self, max: usize) -> Next {
        let mut state = self.state.lock();
        if state.is_over {
            let (code, reason) = LEFT;
            return Next::Close { code, reason };
        }
        match state.queue.change(|backlog| backlog.next(max)) {
            connection::Next::Write(frames) => Next::Write(frames.into_iter().map(Piece::Packets).collect()),
            connection::Next::Close(code) => {
                let elapsed = self.backend.now().elapsed;
                if state.waits_for_changes(code, elapsed) {
                    return Next::Idle;
                }
                metrics::counter!("palaver_sockets_closed_total", "code" => code.reason()).increment(1);
                let (code, reason) = state.queue.backlog().close_frame(code);
                Next::Close { code, reason }
            }
            connection::Next::Idle => Next::Idle,
        }
    }

    fn written(&self, bytes: usize) {
        self.state.lock().queue.change(|backlog| backlog.written(bytes));
    }

    fn next_tick(&self) -> Option<Duration> {
        let state = self.state.lock();
        let due = state.connection.next_tick().into_iter().chain(state.finish_until);
        let due = due.fold(state.next_heartbeat, Duration::min);
        Some(due.saturating_sub(self.backend.now().elapsed))
    }

    fn on_tick(&self) {
        let (node, id) = (self.backend.node(), self.backend.id());
        self.drive(|connection, _, now, out| connection.on_tick(now, || node.follow.hub().heads(id), out));
        let now = self.backend.now();
        let mut state = self.state.lock();
        if state.finish_until.is_some_and(|until| now.elapsed >= until) {
            state.finish_until = Some(Duration::MAX);
        }
        if now.elapsed >= state.next_heartbeat {
            state.next_heartbeat = now.elapsed + SOCKETIO_HEARTBEAT;
            if state.connection.is_signed_in() {
                let heartbeat = Frame::new(Class::Presence, codec::heartbeat(now.wall));
                state.queue.change(|backlog| backlog.push_frame(heartbeat));
            }
        }
        drop(state);
        self.signals.has_output();
    }

    fn on_end(&self) {
        self.sessions.remove(self.backend.id());
        let (reads, permit) = {
            let mut state = self.state.lock();
            state.is_over = true;
            (std::mem::take(&mut state.reads), state.permit.take())
        };
        self.runtime.spawn(SocketIoPeer::leave(self.backend.clone(), reads, permit));
    }
}

impl State {
    /// Returns whether a session that closes because its node drains waits for the answers to its changes.
    fn waits_for_changes(&mut self, code: CloseCode, elapsed: Duration) -> bool {
        if code != CloseCode::Drained || self.connection.changes() == 0 {
            return false;
        }
        let is_new = self.finish_until.is_none();
        let until = *self.finish_until.get_or_insert(elapsed + ANSWER_WAIT);
        if is_new {
            self.queue.change(Backlog::answer_before_close);
        }
        elapsed < until && until != Duration::MAX
    }
}

fn take_input(
    backend: &SocketBackend,
    connection: &mut Connection,
    work: Work,
    input: Option<Input>,
    now: Now,
    out: &mut Vec<Output>,
) {
    match input {
        Some(input) => connection.on_input(work, input, now, out),
        None => {
            metrics::counter!("palaver_task_failures_total", "task" => "request").increment(1);
            tracing::error!(socket = backend.conn(), "a request panicked, closing its session");
            connection.on_panic(work, out);
        }
    }
}

/// Returns the request for the page that follows a page after which the socket is not live yet: clients of this protocol do not
/// ask for pages.
fn next_page(message: &Message) -> Option<Request> {
    let Message::Sync { reply, page, live: false } = message else { return None };
    let room = page.log.room()?.to_string();
    match page.span.status {
        PageStatus::Complete | PageStatus::More => {
            Some(Request::Fill { reply: reply.clone(), room, after: page.span.through })
        }
        PageStatus::Reset { head, .. } => Some(Request::Fill { reply: reply.clone(), room, after: head }),
        PageStatus::Forbidden | PageStatus::NotFound => None,
    }
}

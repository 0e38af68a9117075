//! One socket of a shard: carries requests, answers and frames between its connection, its queue and its work.
//!
//! The connection decides. Its work runs on the tokio runtime, where it may wait for the store or a permit; here nothing
//! waits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::Now;
use engine::{Event, Limits, Socket, Violation};
use realtime::codec::{CodecKind, Incoming};
use realtime::connection::{Connection, Input, Next, Output, Work};
use realtime::limits::FRAGMENTS;
use realtime::protocol::{Action, CloseCode};
use realtime::{Frame, joined};
use tokio::runtime::Handle;
use tokio::task::{Id, JoinHandle};
use web::ConnectionPermit;

use crate::backend::SocketBackend;
use crate::drain::SocketPermit;
use crate::send_queue::SendQueue;
use crate::work::{Begun, begin};

/// How long changes in flight may delay a drained socket.
const ANSWER_WAIT: Duration = Duration::from_secs(3);

/// What a shard knows about one socket.
pub(crate) struct SocketState {
    pub connection: Connection,
    pub queue: SendQueue,
    backend: Arc<SocketBackend>,
    /// Work that only this socket needs; cancelled with it. Changes and marks are not here: they finish even if the socket
    /// is closed.
    reads: Vec<JoinHandle<()>>,
    /// Whether the client accepts several messages at once: kept here for messages that many sockets get.
    pub batches: bool,
    /// Payload bytes that were taken from the queue and have not all left the process.
    writing: usize,
    /// Until when changes in flight delay the end of a drained socket.
    finish_until: Option<Duration>,
    /// The breach of RFC 6455 for which the socket is closed.
    violation: Option<Violation>,
    _permits: (SocketPermit, Option<ConnectionPermit>),
}

impl SocketState {
    pub fn new(
        connection: Connection,
        queue: SendQueue,
        backend: Arc<SocketBackend>,
        permits: (SocketPermit, Option<ConnectionPermit>),
    ) -> SocketState {
        SocketState {
            connection,
            queue,
            backend,
            reads: Vec::new(),
            batches: false,
            writing: 0,
            finish_until: None,
            violation: None,
            _permits: permits,
        }
    }

    pub fn limits(&self) -> Limits {
        Limits { message: self.connection.frame_limit(), fragments: FRAGMENTS }
    }

    pub fn reads(&self) -> bool {
        self.connection.reads() && self.queue.backlog().closing().is_none()
    }

    /// Returns how long the client may leave bytes unread: a client that is silent for this long is closed, too.
    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.backend.node().settings.limits.heartbeat_ms * 2)
    }

    pub fn next_tick(&self) -> Option<Duration> {
        let tick = self.connection.next_tick();
        tick.into_iter().chain(self.finish_until).min()
    }

    /// Returns whether messages encoded in this protocol may be written without being queued.
    pub fn takes_direct(&self, codec: CodecKind) -> bool {
        self.queue.is_empty() && self.queue.codec() == codec
    }

    /// Records that these payload bytes are being written.
    pub fn writes(&mut self, bytes: usize) {
        self.writing += bytes;
        self.queue.change(|backlog| backlog.writes(bytes));
    }

    pub fn on_event(&mut self, event: &Event<'_>, now: Now, runtime: &Handle) {
        let mut out = Vec::new();
        let incoming = match event {
            Event::Text(text) => Some(Incoming::Text(text)),
            Event::Binary(bytes) => Some(Incoming::Binary(bytes)),
            _ => None,
        };
        match incoming {
            Some(incoming) => {
                self.backend.registered().set_active(now.wall);
                let connection = &mut self.connection;
                self.queue.change(|backlog| connection.on_message(backlog.codec(), incoming, now, &mut out));
            }
            None => self.connection.on_control(now, &mut out),
        }
        self.carry_out(out, now, runtime);
    }

    pub fn on_violation(&mut self, violation: Violation, now: Now, runtime: &Handle) {
        self.violation = Some(violation);
        let mut out = Vec::new();
        self.connection.on_breach(&mut out);
        self.carry_out(out, now, runtime);
    }

    pub fn on_tick(&mut self, now: Now, runtime: &Handle) {
        let (node, id, mut out) = (self.backend.node(), self.backend.id(), Vec::new());
        self.connection.on_tick(now, || node.follow.hub().heads(id), &mut out);
        self.carry_out(out, now, runtime);
    }

    pub fn go_away(&mut self, delay: Duration, now: Now, runtime: &Handle) {
        let mut out = Vec::new();
        self.connection.go_away(delay, now, &mut out);
        self.carry_out(out, now, runtime);
    }

    /// Handles the result of work that `task` performed, or `None` if it panicked.
    pub fn on_input(&mut self, work: Work, task: Id, input: Option<Input>, now: Now, runtime: &Handle) {
        // A handle keeps the memory of its task, so an idle socket has none.
        self.reads.retain(|read| read.id() != task);
        self.reads.shrink_to_fit();
        let mut out = Vec::new();
        self.take_input(work, input, now, &mut out);
        self.carry_out(out, now, runtime);
    }

    fn take_input(&mut self, work: Work, input: Option<Input>, now: Now, out: &mut Vec<Output>) {
        match input {
            Some(input) => self.connection.on_input(work, input, now, out),
            None => {
                metrics::counter!("palaver_task_failures_total", "task" => "request").increment(1);
                tracing::error!(socket = self.backend.conn(), "a request panicked, closing its socket");
                self.connection.on_panic(work, out);
            }
        }
    }

    fn carry_out(&mut self, mut out: Vec<Output>, now: Now, runtime: &Handle) {
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Send(message) => self.queue.change(|backlog| backlog.push_own(&message)),
                    Output::Close(code) => self.queue.change(|backlog| backlog.close(code)),
                    Output::Perform(work, action) => {
                        if let Some(input) = self.perform(work, *action, runtime) {
                            self.take_input(work, input, now, &mut out);
                        }
                    }
                }
            }
        }
        self.batches = self.connection.batches();
    }

    /// Performs an action on the runtime. Returns its input if its first step was all.
    fn perform(&mut self, work: Work, action: Action, runtime: &Handle) -> Option<Option<Input>> {
        match begin(&self.backend, work, action, runtime) {
            Begun::Done(input) => Some(input),
            Begun::Runs(task) => {
                if work == Work::Read {
                    self.reads.push(task);
                }
                None
            }
        }
    }

    /// Writes what waits, and closes the socket after that if it is closing.
    pub fn write(socket: &mut Socket<SocketState>, elapsed: Duration) {
        if !socket.is_blocked() && socket.state.writing > 0 {
            let written = std::mem::take(&mut socket.state.writing);
            socket.state.queue.change(|backlog| backlog.written(written));
        }
        let frame_limit = socket.state.backend.node().settings.limits.server_frame;
        while !socket.is_blocked() && !socket.is_closing() {
            let state = &mut socket.state;
            match state.queue.change(|backlog| backlog.next(frame_limit)) {
                Next::Write(frames) => {
                    let bytes = frames.iter().map(Frame::len).sum();
                    let wire = wire(&frames, state.batches);
                    socket.send(&wire);
                    match socket.is_blocked() {
                        true => socket.state.writing = bytes,
                        false => socket.state.queue.change(|backlog| backlog.written(bytes)),
                    }
                }
                Next::Close(code) if state.waits_for_changes(code, elapsed) => return,
                Next::Close(code) => {
                    metrics::counter!("palaver_sockets_closed_total", "code" => code.reason()).increment(1);
                    let (number, reason) = state.close_frame(code);
                    socket.close(number, reason);
                }
                Next::Idle => return,
            }
        }
    }

    /// Returns whether a socket that closes because its node drains waits for the answers to its changes. The client's
    /// next socket reads any page that is still being read.
    fn waits_for_changes(&mut self, code: CloseCode, elapsed: Duration) -> bool {
        if code != CloseCode::Drained || self.connection.changes() == 0 {
            return false;
        }
        let until = *self.finish_until.get_or_insert_with(|| {
            self.queue.change(|backlog| backlog.answer_before_close());
            elapsed + ANSWER_WAIT
        });
        elapsed < until
    }

    fn close_frame(&self, code: CloseCode) -> (u16, &'static str) {
        match self.violation {
            // The size of messages is a limit of the protocol above.
            None | Some(Violation::TooLarge) => self.queue.backlog().close_frame(code),
            Some(violation) => (violation.close_code(), code.reason()),
        }
    }

    /// Removes a socket that has ended from all registries.
    pub async fn leave(self) {
        let SocketState { backend, reads, queue, _permits, .. } = self;
        drop(queue);
        // First, so that a running sign-in cannot add the socket again.
        for read in reads {
            read.abort();
            let _ = read.await;
        }

        let (node, id) = (backend.node(), backend.id());
        node.connections.remove(backend.conn());
        node.follow.close(id);
        let Some(user) = node.presence.disconnect(id).await else { return };
        let last = node.follow.hub().sockets_of(user).is_empty();
        if last {
            node.services.marks.flush_user(user).await;
        }
    }
}

/// Returns the bytes that a WebSocket carries for these frames; `as_array` joins several into one JSON array.
fn wire(frames: &[Frame], as_array: bool) -> Vec<Bytes> {
    match as_array {
        true => vec![joined(frames).wire().clone()],
        false => frames.iter().map(|frame| frame.wire().clone()).collect(),
    }
}

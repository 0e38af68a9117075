//! One socket's task: carries bytes between the socket, its connection and its queue, and nothing else.
//!
//! The connection's work runs in separate tasks: it may hold shared resources, such as a connection to the store or a
//! permit, while this task waits for its client.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use futures_util::FutureExt;
use realtime::codec::{CodecKind, Incoming};
use realtime::connection::{Connection, Input, Next, Output, Work};
use realtime::hub::SocketId;
use realtime::interpreter::perform;
use realtime::protocol::{Action, CloseCode};
use tokio::task::{JoinError, JoinSet};

use crate::backend::SocketBackend;
use crate::connections::{RegisteredConnection, RemoteAddress, new_id};
use crate::drain::ConnectionPermit;
use crate::node::Node;
use crate::send_queue::SendQueue;
use crate::socket_io::{Event, SocketIo};

/// How long changes in flight may delay a drained socket.
const ANSWER_WAIT: Duration = Duration::from_secs(3);

/// A socket of this node.
struct SocketTask {
    node: Arc<Node>,
    id: SocketId,
    backend: Arc<SocketBackend>,
    connection: Connection,
    queue: Arc<SendQueue>,
    registered: Arc<RegisteredConnection>,
    /// Work that only this socket needs; cancelled with it.
    reads: JoinSet<Input>,
    /// Changes and marks. They finish even if the socket is closed; only their answers are lost.
    changes: JoinSet<Input>,
}

/// Closes a socket that is not admitted.
pub(crate) async fn refuse(ws: WebSocket, codec: CodecKind, code: CloseCode) {
    SocketIo::new(ws).close(codec.open().close(code)).await;
}

/// Runs a socket until either side closes it. The permit is returned when the socket has left the node.
pub(crate) async fn run(
    node: Arc<Node>,
    ws: WebSocket,
    codec: CodecKind,
    ticket: Option<String>,
    peer: RemoteAddress,
    _permit: ConnectionPermit,
) {
    let (id, conn, now) = (node.next_socket(), new_id(&node.settings.node, &node.services.ids), node.now());
    let connection = Connection::new(node.settings.clone(), conn.clone(), ticket, now);
    let queue = Arc::new(SendQueue::new(codec, node.memory.clone()));
    node.follow.open(id, queue.clone()).await;
    let registered = node.connections.insert(conn.clone(), queue.clone(), peer, now.wall);
    let mut task = SocketTask {
        node: node.clone(),
        id,
        backend: Arc::new(SocketBackend::new(node.clone(), id, conn, queue.clone())),
        connection,
        queue,
        registered,
        reads: JoinSet::new(),
        changes: JoinSet::new(),
    };
    let mut io = SocketIo::new(ws);

    // Whatever happens here, the socket leaves hub, presence and registry.
    let end = AssertUnwindSafe(task.serve(&mut io)).catch_unwind().await.unwrap_or_else(|_| {
        metrics::counter!("palaver_task_failures_total", "task" => "socket").increment(1);
        tracing::error!(socket = task.backend.conn(), "a socket's task panicked, closing the socket");
        End::Close(CloseCode::Overloaded)
    });
    if let End::Close(code) = end {
        metrics::counter!("palaver_sockets_closed_total", "code" => code.reason()).increment(1);
        if code == CloseCode::Drained {
            task.finish(&mut io).await;
        }
        task.leave().await;
        io.close(task.queue.close_frame(code)).await;
    } else {
        task.leave().await;
    }
}

/// How a socket ended.
enum End {
    /// This node closes it.
    Close(CloseCode),
    /// The client disconnected, or the node has no more time for it.
    Gone,
}

impl SocketTask {
    async fn serve(&mut self, io: &mut SocketIo) -> End {
        let limits = &self.node.settings.limits;
        // A client that reads nothing for this long would be closed for silence too.
        let patience = Duration::from_millis(limits.heartbeat_ms * 2);
        let frame_limit = limits.server_frame;
        let mut departure = self.node.drain.departure();
        loop {
            if io.is_idle() {
                match self.queue.next(frame_limit) {
                    Next::Write(frames) => io.start(frames, self.connection.batches(), patience),
                    Next::Close(code) => return End::Close(code),
                    Next::Idle => {}
                }
            }

            let due = self.connection.next_tick().map(|at| at.saturating_sub(self.node.now().elapsed));
            let reads = self.connection.reads() && self.queue.closing().is_none();
            let mut out = Vec::new();
            // In a fixed order, so that the same events always have the same effects. A client's messages come after everything
            // that bounds them.
            tokio::select! {
                biased;
                delay = departure.next() => match delay {
                    Some(delay) => self.connection.go_away(delay, self.node.now(), &mut out),
                    None => return End::Gone,
                },
                () = sleep(due) => {
                    let (node, id) = (self.node.clone(), self.id);
                    self.connection.on_tick(node.now(), || node.follow.hub().heads(id), &mut out);
                }
                Some(input) = self.reads.join_next(), if !self.reads.is_empty() => {
                    self.on_input(Work::Read, input, &mut out);
                }
                Some(input) = self.changes.join_next(), if !self.changes.is_empty() => {
                    self.on_input(Work::Change, input, &mut out);
                }
                event = io.next(reads) => match event {
                    Event::Message(message) => self.on_message(&message, &mut out),
                    Event::Breach => self.connection.on_breach(&mut out),
                    Event::Written(bytes) => self.queue.written(bytes),
                    Event::Gone => return End::Gone,
                },
                () = self.queue.ready() => {}
            }
            self.carry_out(out);
        }
    }

    fn on_message(&mut self, message: &Message, out: &mut Vec<Output>) {
        let now = self.node.now();
        let incoming = match message {
            Message::Text(text) => Incoming::Text(text),
            Message::Binary(bytes) => Incoming::Binary(bytes),
            Message::Ping(_) | Message::Pong(_) => return self.connection.on_control(now, out),
            Message::Close(_) => return,
        };
        self.registered.set_active(now.wall);
        self.queue.with_codec(|codec| self.connection.on_message(codec, incoming, now, out));
    }

    fn on_input(&mut self, work: Work, input: Result<Input, JoinError>, out: &mut Vec<Output>) {
        match input {
            Ok(input) => self.connection.on_input(work, input, self.node.now(), out),
            Err(error) => {
                metrics::counter!("palaver_task_failures_total", "task" => "request").increment(1);
                tracing::error!(%error, socket = self.backend.conn(), "a request panicked, closing its socket");
                self.connection.on_panic(work, out);
            }
        }
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send(message) => self.queue.push_own(&message),
                Output::Close(code) => self.queue.close(code),
                Output::Perform(work, action) => self.perform(work, *action),
            }
        }
    }

    /// Performs an action in its own task. Takes its first step here, so that a client's requests reach the rest of the
    /// node in order.
    fn perform(&mut self, work: Work, action: Action) {
        let backend = self.backend.clone();
        let mut action = Box::pin(async move { perform(&*backend, action).await });
        let tasks = match work {
            Work::Read => &mut self.reads,
            Work::Change => &mut self.changes,
        };
        match action.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(input) => tasks.spawn(std::future::ready(input)),
            Poll::Pending => tasks.spawn(action),
        };
    }

    /// Answers changes in flight, because the node drains. The client's next socket reads any page that is still being
    /// read.
    async fn finish(&mut self, io: &mut SocketIo) {
        let batches = self.connection.batches();
        let answers = async {
            while let Some(input) = self.changes.join_next().await {
                let mut out = Vec::new();
                self.on_input(Work::Change, input, &mut out);
                let messages = out.into_iter().filter_map(|output| match output {
                    Output::Send(message) => Some(message),
                    _ => None,
                });
                let frames: Vec<_> = messages.filter_map(|message| self.queue.encode(&message)).collect();
                if frames.is_empty() {
                    continue;
                }
                io.start(frames, batches, ANSWER_WAIT);
                if !matches!(io.finish().await, Event::Written(_)) {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(ANSWER_WAIT, answers).await;
    }

    /// Removes the socket from all registries.
    async fn leave(&mut self) {
        // First, so that a running sign-in cannot add the socket again.
        self.reads.shutdown().await;
        self.changes.detach_all();

        self.node.connections.remove(self.backend.conn());
        self.node.follow.close(self.id).await;
        let Some(user) = self.node.presence.disconnect(self.id).await else { return };
        let last = self.node.follow.hub().sockets_of(user).is_empty();
        if last {
            self.node.services.marks.flush_user(user).await;
        }
    }
}

async fn sleep(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}

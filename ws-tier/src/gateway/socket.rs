//! One socket's task: gives frames to its session, starts what the session asks for, writes its send_queue.
//!
//! What the session asks for has tasks of its own: it may hold what all sockets share, a connection to the store or a
//! permit, and this task may wait for its client.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use domain::{Ack, Actor, LogId, Refusal, RoomId};
use realtime::limits::{FRAMES_IN_FLIGHT, REPLAYS_IN_FLIGHT};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::connections::{Connection, RemoteAddress, new_id};
use super::replay::{Asked, replay};
use super::send_queue::{Next, SendQueue};
use super::sign_in::{SignedIn, list_rooms, sign_in};
use super::socket_io::{Event, SocketIo};
use super::{Drain, Tier};
use realtime::encode;
use realtime::hub::SocketId;
use realtime::protocol::{Action, CloseCode, Credential, Identity, Protocol, Reply};
use realtime::{Class, Frame};

/// How long changes in flight may hold up a drained socket.
const ANSWER_WAIT: Duration = Duration::from_secs(3);

/// Something that the session asked for came to its end.
enum Done {
    SignedIn(Result<SignedIn, Refusal>),
    Renewed(String, Result<Identity, Refusal>),
    Acked(Reply, RoomId, Box<Ack>),
    Refused(Reply, Refusal),
    Replayed(Option<(Reply, Refusal)>),
    Nothing,
}

struct Socket {
    id: SocketId,
    conn: String,
    tier: Arc<Tier>,
    session: Protocol,
    send_queue: Arc<SendQueue>,
    connection: Arc<Connection>,
    actor: Option<Actor>,
    /// What only this socket wants; ends with it.
    reads: JoinSet<Done>,
    /// Changes and marks. They finish also after the socket is gone; only their answers are lost.
    changes: JoinSet<Done>,
    /// Requests for pages that wait for their turn: the newest of each log.
    pages: HashMap<LogId, Asked>,
    order: VecDeque<LogId>,
    replaying: usize,
}

/// Closes a socket that there is no place for.
pub(super) async fn refuse(ws: WebSocket, code: CloseCode) {
    SocketIo::new(ws).close(code).await;
}

/// Runs a socket until it is closed by either side.
pub(super) async fn run(tier: Arc<Tier>, ws: WebSocket, ticket: Option<String>, peer: RemoteAddress) {
    let id = tier.next_socket();
    let conn = new_id(&tier.settings.node);
    let session = Protocol::new(tier.settings.clone(), conn.clone(), ticket, tier.now());
    let send_queue = Arc::new(SendQueue::default());
    tier.shards.open(id, send_queue.clone()).await;
    let connection = tier.connections.insert(conn.clone(), send_queue.clone(), peer, tier.now());
    let mut socket = Socket {
        id,
        conn,
        tier: tier.clone(),
        session,
        send_queue,
        connection,
        actor: None,
        reads: JoinSet::new(),
        changes: JoinSet::new(),
        pages: HashMap::new(),
        order: VecDeque::new(),
        replaying: 0,
    };

    let mut io = SocketIo::new(ws);
    let end = socket.serve(&mut io).await;
    if let End::Close(code) = end {
        metrics::counter!("palaver_sockets_closed_total", "code" => code.reason()).increment(1);
        if code == CloseCode::Drained {
            socket.finish(&mut io).await;
        }
        socket.leave().await;
        io.close(code).await;
    } else {
        socket.leave().await;
    }
}

/// How a socket came to its end.
enum End {
    /// This node closes it.
    Close(CloseCode),
    /// The client is gone, or the node has no more time for it.
    Gone,
}

impl Socket {
    async fn serve(&mut self, io: &mut SocketIo) -> End {
        // A client that takes nothing for this long would be closed for silence too.
        let patience = Duration::from_millis(self.tier.settings.limits.heartbeat_ms * 2);
        let mut drain = self.tier.drain.subscribe();
        loop {
            if io.is_idle() {
                match self.send_queue.next(self.tier.settings.limits.server_frame) {
                    Next::Write(frames) => io.start(frames, self.session.batches(), patience),
                    Next::Close(code) => return End::Close(code),
                    Next::Idle => {}
                }
            }

            let now = self.tier.now();
            let due = self.session.next_tick().map(|at| at.since(now));
            let reads =
                self.session.reads() && self.in_flight() < FRAMES_IN_FLIGHT && self.send_queue.closing().is_none();
            let mut actions = Vec::new();
            tokio::select! {
                () = self.send_queue.ready() => {}
                event = io.next(reads) => match event {
                    Event::Message(Message::Text(text)) => {
                        self.connection.is_active(self.tier.now());
                        self.session.on_text(&text, self.tier.now(), &mut actions);
                    }
                    Event::Message(Message::Ping(_) | Message::Pong(_)) => {
                        self.session.on_control(self.tier.now(), &mut actions);
                    }
                    Event::Message(_) | Event::Breach => self.session.on_breach(&mut actions),
                    Event::Written(bytes) => self.send_queue.written(bytes),
                    Event::Gone => return End::Gone,
                },
                Some(done) = self.reads.join_next(), if !self.reads.is_empty() => self.done(done, &mut actions),
                Some(done) = self.changes.join_next(), if !self.changes.is_empty() => self.done(done, &mut actions),
                () = sleep(due) => {
                    let (tier, id) = (self.tier.clone(), self.id);
                    self.session.on_tick(tier.now(), || tier.drive(|hub, _| hub.heads(id)), &mut actions);
                }
                drain = drained(&mut drain) => match drain {
                    Some(delay) => self.session.go_away(delay, self.tier.now(), &mut actions),
                    None => return End::Gone,
                },
            }

            for action in actions {
                self.act(action);
            }
        }
    }

    /// What the client waits for.
    fn in_flight(&self) -> usize {
        self.reads.len() + self.changes.len()
    }

    fn done(&mut self, done: Result<Done, JoinError>, out: &mut Vec<Action>) {
        let now = self.tier.now();
        let done = match done {
            Ok(done) => done,
            Err(error) => {
                // What it would have answered is not known any more; the client asks again with its next socket.
                tracing::error!(%error, socket = self.conn, "a request of a socket panicked, closing the socket");
                return self.send_queue.close(CloseCode::Overloaded);
            }
        };
        match done {
            Done::SignedIn(Ok(SignedIn { identity, epoch, online })) => {
                self.actor = Some(identity.actor);
                self.session.signed_in(&identity, epoch, online, now, out);
            }
            Done::SignedIn(Err(refusal)) => self.session.not_signed_in(&refusal, out),
            Done::Renewed(id, answer) => {
                if let (Ok(identity), Some(actor)) = (&answer, &mut self.actor)
                    && identity.actor.session == actor.session
                {
                    *actor = identity.actor;
                }
                self.session.renewed(id, &answer, now, out);
            }
            Done::Acked(reply, room, ack) => self.session.acked(reply, room.to_string(), &ack, out),
            Done::Refused(reply, refusal) => self.session.refused(&reply, &refusal, out),
            Done::Replayed(refused) => {
                self.replaying -= 1;
                self.read_pages();
                if let Some((reply, refusal)) = refused {
                    self.session.refused(&reply, &refusal, out);
                }
            }
            Done::Nothing => {}
        }
    }

    fn act(&mut self, action: Action) {
        let tier = self.tier.clone();
        match action {
            Action::Send(frame) => self.send_queue.push(Frame::new(Class::Durable, &*frame)),
            Action::Close(code) => self.send_queue.close(code),
            Action::SignIn(credential) => self.sign_in(credential),
            Action::Renew { id, token } => self.read(async move {
                let answer = tier.parts.sign_in(&token).await;
                Done::Renewed(id, answer)
            }),
            Action::ListRooms => {
                let (Some(actor), send_queue) = (self.actor, self.send_queue.clone()) else { return };
                self.read(async move {
                    list_rooms(&tier, &send_queue, actor.user).await;
                    Done::Nothing
                });
            }
            Action::Replay { re, logs } => self.ask_pages(&re, logs),
            Action::NoSuchLog { re, room } => self.no_such_log(re, room),
            Action::Submit { reply, room, change } => self.change(async move {
                match tier.parts.submit(&room, *change).await {
                    Ok((room, ack)) => Done::Acked(reply, room, Box::new(ack)),
                    Err(refusal) => Done::Refused(reply, refusal),
                }
            }),
            Action::Mark { room, seq } => {
                let Some(actor) = self.actor else { return };
                let reply = Reply { id: None, of: "read", room: Some(room.to_string()) };
                self.change(async move { error_only(reply, tier.parts.marks.read(&actor, room, seq).await.map(drop)) });
            }
            Action::Typing { room, on } => {
                let Some(actor) = self.actor else { return };
                let reply = Reply { id: None, of: "typing", room: Some(room.to_string()) };
                self.read(async move { error_only(reply, tier.parts.presence.typing(&actor, &room.into(), on).await) });
            }
            Action::Watch(users) => {
                let Some(actor) = self.actor else { return };
                let (id, reply) = (self.id, Reply { id: None, of: "watch", room: None });
                self.read(async move { error_only(reply, tier.watch(id, actor, users).await) });
            }
        }
    }

    /// Starts what nobody needs once the socket is gone.
    fn read(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        start(&mut self.reads, work);
    }

    /// Starts what must come to its end, whatever becomes of the socket.
    fn change(&mut self, work: impl Future<Output = Done> + Send + 'static) {
        start(&mut self.changes, work);
    }

    fn sign_in(&mut self, credential: Credential) {
        let (tier, id, conn) = (self.tier.clone(), self.id, self.conn.clone());
        self.read(async move { Done::SignedIn(sign_in(&tier, id, conn, &credential).await) });
    }

    /// From now on the socket is behind in these logs; pages are read a few at a time.
    fn ask_pages(&mut self, re: &str, logs: Vec<(LogId, Option<u64>)>) {
        for (log, cursor) in logs {
            let Some(request) = self.tier.drive(|hub, effects| hub.begin(self.id, log, effects)) else {
                if !self.tier.hub().is_attached(self.id) {
                    self.send_queue.close(CloseCode::Drained);
                    return;
                }
                let refusal = Refusal::new(domain::Code::Overloaded, "This socket follows too many rooms.");
                let reply =
                    Reply { id: Some(re.to_owned()), of: "resume", room: Some(realtime::protocol::log_name(log)) };
                self.read(async move { Done::Refused(reply, refusal) });
                continue;
            };
            if self.pages.insert(log, Asked { request, re: re.to_owned(), cursor }).is_none() {
                self.order.push_back(log);
            }
        }
        self.read_pages();
    }

    fn read_pages(&mut self) {
        let Some(actor) = self.actor else { return };
        while self.replaying < REPLAYS_IN_FLIGHT {
            let Some(asked) = self.order.pop_front().and_then(|log| self.pages.remove(&log)) else { return };
            self.replaying += 1;
            let (tier, send_queue) = (self.tier.clone(), self.send_queue.clone());
            self.read(async move { Done::Replayed(replay(&tier, &send_queue, &actor, asked).await.err()) });
        }
    }

    fn no_such_log(&self, re: String, room: String) {
        let epoch = self.tier.hub().epoch();
        self.send_queue.push(encode::no_such_log(re, room, epoch));
    }

    /// The node drains: changes in flight are still answered. A page that is still being read is for the client's next
    /// socket.
    async fn finish(&mut self, io: &mut SocketIo) {
        let answers = async {
            while let Some(done) = self.changes.join_next().await {
                let mut actions = Vec::new();
                self.done(done, &mut actions);
                let sent = actions.into_iter().filter_map(|action| match action {
                    Action::Send(frame) => Some(Frame::new(Class::Durable, &*frame)),
                    _ => None,
                });
                let frames: Vec<Frame> = sent.collect();
                if frames.is_empty() {
                    continue;
                }
                io.start(frames, false, ANSWER_WAIT);
                if !matches!(io.finish().await, Event::Written(_)) {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(ANSWER_WAIT, answers).await;
    }

    /// Takes the socket out of everything that knows it.
    async fn leave(&mut self) {
        // First, so that a sign-in under way cannot put the socket back.
        self.reads.shutdown().await;
        self.changes.detach_all();

        let tier = &self.tier;
        let now = tier.now();
        tier.connections.remove(&self.conn);
        tier.shards.gone(self.id).await;
        tier.drive(|hub, _| hub.detach(self.id, now));
        let Some((user, conn)) = tier.watches().disconnect(self.id) else { return };
        tier.parts.presence.disconnected(user, &conn).await;
        let last = tier.hub().sockets_of(user).is_empty();
        if last {
            tier.parts.marks.flush_user(user).await;
        }
    }
}

/// Runs work in a task of its own. Its first step is taken here, so that what a client asks for reaches the rest of the
/// node in the order in which it was asked.
fn start(tasks: &mut JoinSet<Done>, work: impl Future<Output = Done> + Send + 'static) {
    let mut work = Box::pin(work);
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => tasks.spawn(std::future::ready(done)),
        Poll::Pending => tasks.spawn(work),
    };
}

/// What is answered only where it is refused.
fn error_only(reply: Reply, answer: Result<(), Refusal>) -> Done {
    match answer {
        Ok(()) => Done::Nothing,
        Err(refusal) => Done::Refused(reply, refusal),
    }
}

async fn sleep(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}

/// Waits for the node's next step towards its end: a random delay after which to leave, or none when there is no more
/// time.
async fn drained(drain: &mut watch::Receiver<Drain>) -> Option<Duration> {
    loop {
        if drain.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        match *drain.borrow_and_update() {
            Drain::No => {}
            Drain::Within(spread) => return Some(spread.mul_f64(rand::random_range(0.0..1.0))),
            Drain::Now => return None,
        }
    }
}

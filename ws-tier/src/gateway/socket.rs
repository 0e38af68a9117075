//! One socket's task: reads frames into its session, carries out what the session asks, writes its outbox.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use domain::limits::{FRAMES_IN_FLIGHT, REPLAYS_IN_FLIGHT};
use domain::{Ack, Actor, LogId, Refusal, RoomId};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::watch;

use super::connections::{Connection, Peer, new_id};
use super::outbox::Outbox;
use super::replay::{Asked, replay};
use super::sign_in::{SignedIn, list_rooms, sign_in};
use super::{Tier, write};
use crate::encode;
use crate::frame::{Class, Frame};
use crate::hub::SocketId;
use crate::session::{Action, CloseCode, Credential, Identity, Reply, Session};

/// How long the other side has to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
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
    session: Session,
    outbox: Arc<Outbox>,
    connection: Arc<Connection>,
    actor: Option<Actor>,
    /// Answers that the client waits for.
    work: FuturesUnordered<BoxFuture<'static, Done>>,
    /// Requests for pages that wait for their turn: the newest of each log.
    pages: HashMap<LogId, Asked>,
    order: VecDeque<LogId>,
    replaying: usize,
}

/// Closes a socket that there is no place for.
pub(super) async fn refuse(ws: WebSocket, code: CloseCode) {
    close(ws, code, false).await;
}

/// Runs a socket until it is closed by either side.
pub(super) async fn run(tier: Arc<Tier>, mut ws: WebSocket, ticket: Option<String>, peer: Peer) {
    let id = tier.next_socket();
    let conn = new_id(&tier.settings.node);
    let session = Session::new(tier.settings.clone(), conn.clone(), ticket, tier.now());
    let outbox = Arc::new(Outbox::default());
    tier.shards.open(id, outbox.clone()).await;
    let connection = tier.connections.insert(conn.clone(), outbox.clone(), peer, tier.now());
    let mut socket = Socket {
        id,
        conn,
        tier: tier.clone(),
        session,
        outbox,
        connection,
        actor: None,
        work: FuturesUnordered::new(),
        pages: HashMap::new(),
        order: VecDeque::new(),
        replaying: 0,
    };
    let end = socket.serve(&mut ws).await;
    if let End::Close { code, deaf } = end {
        metrics::counter!("palaver_sockets_closed_total", "code" => code.reason()).increment(1);
        if code == CloseCode::Drained {
            socket.finish(&mut ws).await;
        }
        socket.leave().await;
        close(ws, code, deaf).await;
    } else {
        socket.leave().await;
    }
}

/// How a socket came to its end.
enum End {
    /// We close. `deaf`: the other side cannot be heard any more, after a frame over the limit.
    Close { code: CloseCode, deaf: bool },
    /// It is gone.
    Gone,
}

impl Socket {
    async fn serve(&mut self, ws: &mut WebSocket) -> End {
        let mut drain = self.tier.drain.subscribe();
        let mut deaf = false;
        loop {
            let now = self.tier.now();
            let due = self.session.next_tick().map(|at| at.since(now));
            let reads =
                !deaf && self.session.reads() && self.work.len() < FRAMES_IN_FLIGHT && self.outbox.closing().is_none();
            let mut actions = Vec::new();
            tokio::select! {
                () = self.outbox.ready() => {
                    let batch = self.session.batches();
                    match write::all(ws, &self.outbox, batch, &self.tier.settings.limits).await {
                        write::Written::All => {}
                        write::Written::Close(code) => return End::Close { code, deaf },
                        write::Written::Failed => return End::Gone,
                    }
                }
                message = ws.recv(), if reads => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.connection.is_active(self.tier.now());
                        self.session.on_text(&text, self.tier.now(), &mut actions);
                    }
                    Some(Ok(Message::Binary(_))) => self.session.on_breach(&mut actions),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => self.session.on_control(self.tier.now(), &mut actions),
                    Some(Ok(Message::Close(_))) | None => return End::Gone,
                    Some(Err(error)) => {
                        if !is_breach(error) {
                            return End::Gone;
                        }
                        deaf = true;
                        self.session.on_breach(&mut actions);
                    }
                },
                Some(done) = self.work.next(), if !self.work.is_empty() => self.done(done, &mut actions),
                () = sleep(due) => {
                    let (tier, id) = (self.tier.clone(), self.id);
                    self.session.on_tick(tier.now(), || tier.drive(|hub, _| hub.heads(id)), &mut actions);
                }
                delay = drained(&mut drain) => self.session.go_away(delay, self.tier.now(), &mut actions),
            }
            for action in actions {
                self.act(action);
            }
        }
    }

    fn done(&mut self, done: Done, out: &mut Vec<Action>) {
        let now = self.tier.now();
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
            Action::Send(frame) => self.outbox.push(Frame::new(Class::Durable, &*frame)),
            Action::Close(code) => self.outbox.close(code),
            Action::SignIn(credential) => self.sign_in(credential),
            Action::Renew { id, token } => self.work.push(
                async move {
                    let answer = tier.parts.sign_in(&token).await;
                    Done::Renewed(id, answer)
                }
                .boxed(),
            ),
            Action::ListRooms => {
                let (Some(actor), outbox) = (self.actor, self.outbox.clone()) else { return };
                self.work.push(
                    async move {
                        list_rooms(&tier, &outbox, actor.user).await;
                        Done::Nothing
                    }
                    .boxed(),
                );
            }
            Action::Replay { re, logs } => self.ask_pages(&re, logs),
            Action::NoSuchLog { re, room } => self.no_such_log(re, room),
            Action::Submit { reply, room, change } => self.work.push(
                async move {
                    match tier.parts.submit(&room, *change).await {
                        Ok((room, ack)) => Done::Acked(reply, room, Box::new(ack)),
                        Err(refusal) => Done::Refused(reply, refusal),
                    }
                }
                .boxed(),
            ),
            Action::Mark { room, seq } => {
                let reply = Reply { id: None, of: "read", room: Some(room.to_string()) };
                self.work_as(
                    reply,
                    move |actor| async move { tier.parts.marks.read(&actor, room, seq).await.map(drop) },
                );
            }
            Action::Typing { room, on } => {
                let reply = Reply { id: None, of: "typing", room: Some(room.to_string()) };
                self.work_as(
                    reply,
                    move |actor| async move { tier.parts.presence.typing(&actor, &room.into(), on).await },
                );
            }
            Action::Watch(users) => {
                let id = self.id;
                let reply = Reply { id: None, of: "watch", room: None };
                self.work_as(reply, move |actor| async move { tier.watch(id, actor, users).await });
            }
        }
    }

    /// Something whose only answer is an error.
    fn work_as<F>(&mut self, reply: Reply, work: impl FnOnce(Actor) -> F)
    where
        F: Future<Output = Result<(), Refusal>> + Send + 'static,
    {
        let Some(actor) = self.actor else { return };
        let work = work(actor);
        let done = async move { work.await.map_or_else(|refusal| Done::Refused(reply, refusal), |()| Done::Nothing) };
        self.work.push(done.boxed());
    }

    fn sign_in(&mut self, credential: Credential) {
        let (tier, id, conn) = (self.tier.clone(), self.id, self.conn.clone());
        self.work.push(async move { Done::SignedIn(sign_in(&tier, id, conn, &credential).await) }.boxed());
    }

    /// From now on the socket is behind in these logs; pages are read a few at a time.
    fn ask_pages(&mut self, re: &str, logs: Vec<(LogId, Option<u64>)>) {
        for (log, cursor) in logs {
            let Some(request) = self.tier.drive(|hub, effects| hub.begin(self.id, log, effects)) else {
                if !self.tier.hub().is_attached(self.id) {
                    self.outbox.close(CloseCode::Drained);
                    return;
                }
                let refusal = Refusal::new(domain::Code::Overloaded, "This socket follows too many rooms.");
                let reply = Reply { id: Some(re.to_owned()), of: "resume", room: Some(crate::session::log_name(log)) };
                self.work.push(async move { Done::Refused(reply, refusal) }.boxed());
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
            let (tier, outbox) = (self.tier.clone(), self.outbox.clone());
            let work = async move { Done::Replayed(replay(&tier, &outbox, &actor, asked).await.err()) };
            self.work.push(work.boxed());
        }
    }

    fn no_such_log(&self, re: String, room: String) {
        let epoch = self.tier.hub().epoch();
        self.outbox.push(encode::no_such_log(re, room, epoch));
    }

    /// The node drains: what the client waits for is still answered.
    async fn finish(&mut self, ws: &mut WebSocket) {
        let answers = async {
            while let Some(done) = self.work.next().await {
                let (mut actions, session) = (Vec::new(), &mut self.session);
                match done {
                    Done::Acked(reply, room, ack) => session.acked(reply, room.to_string(), &ack, &mut actions),
                    Done::Refused(reply, refusal) => session.refused(&reply, &refusal, &mut actions),
                    _ => {}
                }
                for action in actions {
                    if let Action::Send(frame) = action {
                        let sent = Frame::new(Class::Durable, &*frame);
                        if ws.send(Message::Text(sent.text)).await.is_err() {
                            return;
                        }
                    }
                }
            }
        };
        // A page that is still being read is for the client's next socket.
        let _ = tokio::time::timeout(ANSWER_WAIT, answers).await;
    }

    async fn leave(&mut self) {
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

/// A frame over the limit, or one that breaks the WebSocket's own rules; else the connection is gone.
fn is_breach(error: axum::Error) -> bool {
    use tungstenite::Error;
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
    let Ok(error) = error.into_inner().downcast::<Error>() else { return false };
    match *error {
        Error::Protocol(ResetWithoutClosingHandshake) => false,
        Error::Capacity(_) | Error::Utf8(_) | Error::Protocol(_) => true,
        _ => false,
    }
}

async fn sleep(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}

/// Returns a random delay once the node drains.
async fn drained(drain: &mut watch::Receiver<Option<Duration>>) -> Duration {
    loop {
        if drain.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Some(spread) = *drain.borrow_and_update() {
            return spread.mul_f64(rand::random_range(0.0..1.0));
        }
    }
}

/// Says why, and gives the other side a moment to take it: bytes that were never read would turn the
/// close into a reset, and the reason would be lost.
async fn close(mut ws: WebSocket, code: CloseCode, deaf: bool) {
    let frame = CloseFrame { code: code.number(), reason: code.reason().into() };
    let farewell = async {
        if ws.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
        if deaf {
            tokio::time::sleep(CLOSE_WAIT).await;
        } else {
            while let Some(Ok(_)) = ws.recv().await {}
        }
    };
    let _ = tokio::time::timeout(CLOSE_WAIT, farewell).await;
}

//! What one socket needs from the function: its side of [`realtime::interpreter`]. Reading a page that reaches a log's
//! head makes the socket a follower of the log.

use std::time::Duration;

use domain::{Actor, Epoch, LogId, PageSpan, Refusal, RoomId, Seq, Timestamp, UserId};
use parking_lot::Mutex;
use realtime::codec::{Codec, Native};
use realtime::connection::Input;
use realtime::hub::Verdict;
use realtime::interpreter::{self, Attached, Backend, head, read_page, too_many_sockets};
use realtime::message::{Delivery, Message, SharedMessage};
use realtime::protocol::{Identity, PageRequest};
use realtime::replay::{Replay, Step};
use realtime::{Class, Frame, Page};
use service::Services;
use service::ports::Connection;

use crate::Gateway;
use crate::post::{follower_id, frame_of, is_of};

/// How often a reset is read again because something was appended meanwhile.
const RESETS: usize = 5;
/// Milliseconds after which a client that was too early may retry.
const RETRY_MS: u64 = 1_000;

/// A socket while one of its frames is handled.
pub(crate) struct TurnBackend<'a> {
    gateway: &'a Gateway,
    connection: Mutex<Connection>,
    /// When API Gateway ends the socket.
    ends_at: Timestamp,
    /// The frames to post at the end of the turn.
    frames: Mutex<Vec<Frame>>,
}

impl<'a> TurnBackend<'a> {
    pub fn new(gateway: &'a Gateway, connection: Connection, ends_at: Timestamp) -> TurnBackend<'a> {
        TurnBackend { gateway, connection: Mutex::new(connection), ends_at, frames: Mutex::default() }
    }

    /// Returns the socket's row.
    pub fn connection(&self) -> Connection {
        self.connection.lock().clone()
    }

    /// Returns when API Gateway ends the socket.
    pub fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// Takes the frames to post.
    pub fn take_frames(&self) -> Vec<Frame> {
        std::mem::take(&mut self.frames.lock())
    }

    /// Adds a message to the frames to post.
    pub fn push(&self, message: &Message) {
        if let Some(payload) = Native.encode_own(message) {
            self.frames.lock().push(Frame::new(Class::Durable, payload));
        }
    }

    async fn page(&self, request: &PageRequest) -> Result<Page, Refusal> {
        let page = read_page(&self.gateway.services, self.frame_limit(), request).await?;
        if page.span.epoch != self.gateway.epoch().await? {
            return Err(Refusal::restored(RETRY_MS));
        }
        Ok(page)
    }

    /// Returns what a page means for the socket. The row that makes the socket a follower of the log is written before
    /// the last read of the head, so that a commit after that read is posted to it, and an earlier one is in the page.
    async fn place(&self, log: LogId, page: &PageSpan) -> Result<Verdict, Refusal> {
        let last = match page.live_after() {
            Some(_) => self.follow(log).await?,
            None => 0,
        };
        let verdict = Verdict::of(page, last);
        if verdict == Verdict::Gone {
            self.unfollow(log).await?;
        }
        Ok(verdict)
    }

    /// Makes later commits to the log reach the socket. Returns the log's head after that.
    async fn follow(&self, log: LogId) -> Result<Seq, Refusal> {
        if let LogId::Room(room) = log {
            self.gateway.services.ports.store.nodes.put_connection(&self.follower(room)).await?;
        }
        Ok(head(&self.gateway.services, log).await?.1)
    }

    async fn unfollow(&self, log: LogId) -> Result<(), Refusal> {
        if let LogId::Room(room) = log {
            let follower = self.follower(room);
            self.gateway.services.ports.store.nodes.drop_connection(follower.user, &follower.id).await?;
        }
        Ok(())
    }

    fn follower(&self, room: RoomId) -> Connection {
        let connection = self.connection();
        Connection { id: follower_id(&connection.id, room), room: Some(room), ..connection }
    }
}

impl Backend for TurnBackend<'_> {
    fn services(&self) -> &Services {
        &self.gateway.services
    }

    fn frame_limit(&self) -> usize {
        self.gateway.settings.limits.server_frame
    }

    fn retry(&self) -> Option<Duration> {
        None
    }

    async fn epoch(&self) -> Option<Epoch> {
        self.gateway.epoch().await.ok()
    }

    async fn attach(&self, identity: Identity) -> Result<Attached, Refusal> {
        let services = &self.gateway.services;
        let nodes = &services.ports.store.nodes;
        let user = identity.user.id;
        let allowed = self.gateway.settings.limits.sockets_per_user;
        let open = nodes.connections(user, self.gateway.now()).await?;
        if open.iter().filter(|row| row.room.is_none()).count() >= allowed {
            return Err(too_many_sockets(allowed));
        }

        // The row is written first and the session checked after it, so that its end cannot go unnoticed in between. A
        // socket that is found without a session is closed by it.
        let connection = {
            let mut connection = self.connection.lock();
            connection.user = user;
            connection.expires_at = identity.expires_at.min(self.ends_at);
            connection.clone()
        };
        nodes.put_connection(&connection).await?;
        let identity = Identity { actor: services.auth.sessions.as_of_now(identity.actor).await?, ..identity };
        services.presence.connected(user, &connection.id).await;
        let epoch = self.gateway.epoch().await?;
        Ok(Attached { identity, epoch, online: services.presence.online().await })
    }

    /// The rows of a socket, by which frames are posted to it, expire with its token: a client that sends nothing must
    /// not receive anything after that.
    async fn renewed(&self, identity: &Identity) -> Result<(), Refusal> {
        let connection = {
            let mut connection = self.connection.lock();
            connection.expires_at = identity.expires_at.min(self.ends_at);
            connection.clone()
        };
        let nodes = &self.gateway.services.ports.store.nodes;
        for row in nodes.connections(identity.user.id, self.gateway.now()).await? {
            if is_of(&row, &connection.id) {
                nodes.put_connection(&Connection { expires_at: connection.expires_at, ..row }).await?;
            }
        }
        Ok(())
    }

    async fn replay(&self, mut request: PageRequest) -> Input {
        let mut replay = Replay::within_a_call(request.cursor, RESETS);
        let mut step = replay.begin();
        let (page, live) = loop {
            step = match step {
                Step::Read { cursor } => {
                    request.cursor = cursor;
                    replay.on_read(self.page(&request).await)
                }
                Step::Place(page) => match self.place(request.log, &page.span).await {
                    Ok(Verdict::Again) => replay.on_again(),
                    Ok(verdict) => break (page, matches!(verdict, Verdict::Live { .. })),
                    Err(refusal) => Step::Refuse(refusal),
                },
                Step::Send(page) => break (page, false),
                Step::Refuse(refusal) => return Input::NotReplayed(request.error_reply(), refusal),
                Step::Wait(pause) => {
                    tokio::time::sleep(pause).await;
                    replay.on_waited()
                }
            };
        };
        self.push(&Message::Sync { reply: request.reply, page, live });
        Input::Replayed
    }

    /// Sends once who is online, because no process lives here that could send more later.
    async fn watch(&self, by: Actor, users: Vec<UserId>) -> Result<(), Refusal> {
        let presence = &self.gateway.services.presence;
        let users = presence.watchable(&by, &users).await?;
        let present = presence.of(&users).await?;
        let users = present.iter().map(interpreter::presence).collect();
        self.frames.lock().extend(frame_of(&Delivery::new(SharedMessage::Presence { users, full: true })));
        Ok(())
    }

    async fn send(&self, message: Message) {
        self.push(&message);
    }
}

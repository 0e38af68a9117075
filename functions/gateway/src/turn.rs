//! One frame of a client: the session is told, and what it asks for is done before the event is answered.

use std::collections::VecDeque;
use std::time::Duration;

use domain::{Actor, LogId, Refusal, Seq, Timestamp, UserId};
use futures_util::{StreamExt, stream};
use realtime::protocol::{Action, CloseCode, Credential, Identity, Protocol, Reply};
use realtime::{Class, Frame, encode, room_frames};
use service::ports::{Connection, StoreResult};
use wire::ServerFrame;

use crate::post::{is_of, packed};
use crate::told::{Told, tell_again};
use crate::{Answer, Event, Gateway, Kept};

/// After how long a client that was let in too early may try again.
const RETRY: Duration = Duration::from_secs(1);
/// Rooms whose heads are compared for one ping, which names the newest of them.
const ROOMS_LOOKED_AT: usize = 1_000;
/// Frames of one socket that may be dealt with at once; a client that sends more is closed.
const FRAMES_AT_ONCE: usize = 32;
/// Logs of one `resume` that are read at the same time: one after the other, many would take longer than API Gateway
/// waits for an answer, which is 29 s.
const REPLAYS_AT_ONCE: usize = 16;

/// A socket while one of its frames is dealt with.
pub(crate) struct Turn<'a> {
    pub gateway: &'a Gateway,
    pub connection: Connection,
    /// When API Gateway ends the socket.
    ends_at: Timestamp,
    pub actor: Option<Actor>,
    pub frames: Vec<Frame>,
    session: Protocol,
    told: Vec<Told<'a>>,
    actions: Vec<Action>,
    closed: Option<CloseCode>,
}

impl Gateway {
    pub(crate) async fn message(&self, event: &Event) -> StoreResult<Answer> {
        let Some((mut turn, kept)) = self.begin(event).await? else { return Ok(Answer::OK) };
        turn.take(event).await;
        turn.end(kept).await
    }

    /// The socket of a frame and what was kept of it; none when it is no longer to be, and closed.
    pub(crate) async fn begin<'a>(&'a self, event: &'a Event) -> StoreResult<Option<(Turn<'a>, Kept)>> {
        let id = &event.request_context.connection_id;
        let Some((kept, ends_at)) = self.kept(id).await? else {
            // It was closed: either this frame was under way, or the API did not do it.
            let endpoint = self.endpoint(&event.request_context);
            self.close(&self.connection(id, UserId::SYSTEM, &endpoint, self.now())).await;
            return Ok(None);
        };
        let epoch = self.epoch().await?;
        let session = Protocol::restore(self.settings.clone(), id.clone(), &kept.session);
        // One of another life of the store comes again, and reads afresh.
        let session = session.filter(|session| session.epoch().is_none_or(|of| of == epoch));
        let Some(session) = session else {
            let connection = self.connection(id, UserId::SYSTEM, &kept.endpoint, ends_at);
            self.close(&connection).await;
            return Ok(None);
        };
        let actor = session.actor();
        let user = actor.map_or(UserId::SYSTEM, |actor| actor.user);
        let until = session.expires_at().map_or(ends_at, |at| at.min(ends_at));
        let connection = self.connection(id, user, &kept.endpoint, until);
        let (frames, told, actions) = (Vec::new(), Vec::new(), Vec::new());
        let turn = Turn { gateway: self, connection, ends_at, actor, frames, session, told, actions, closed: None };
        Ok(Some((turn, kept)))
    }
}

impl<'a> Turn<'a> {
    pub(crate) async fn take(&mut self, event: &'a Event) {
        let now = self.now();
        if self.session.is_over(now) {
            self.tell(Told::Tick { heads: Vec::new(), at: now });
        } else if event.is_base64_encoded {
            self.session.on_breach(&mut self.actions);
        } else {
            self.tell(Told::Frame { text: event.body.as_deref().unwrap_or_default(), at: now });
        }
        self.work().await;
        if self.session.next_tick().is_some_and(|at| at <= self.now()) {
            let heads = self.heads().await;
            self.tell(Told::Tick { heads, at: self.now() });
            self.work().await;
        }
        if let (Some(actor), None) = (self.actor, self.closed) {
            // Anything that comes is a sign of life.
            self.gateway.parts.presence.connected(actor.user, &self.connection.id).await;
        }
    }

    fn tell(&mut self, told: Told<'a>) {
        told.tell(&mut self.session, &mut self.actions);
        self.told.push(told);
    }

    /// Does what the session asks for, and what comes of that.
    async fn work(&mut self) {
        let mut actions = VecDeque::from(std::mem::take(&mut self.actions));
        while let Some(action) = actions.pop_front() {
            if self.closed.is_some() {
                return;
            }
            self.act(action).await;
            // What an answer brings comes before what was asked later, as on a socket of the tier.
            for next in std::mem::take(&mut self.actions).into_iter().rev() {
                actions.push_front(next);
            }
        }
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Send(frame) => self.frames.push(Frame::new(Class::Durable, &*frame)),
            Action::Close(code) => self.closed = Some(code),
            Action::SignIn(credential) => self.sign_in(&credential).await,
            Action::Renew { id, token } => {
                let mut answer = self.gateway.parts.sign_in(&token).await;
                if let Ok(identity) = &answer
                    && let Err(error) = self.go_on_until(identity).await
                {
                    answer = Err(error.into());
                }
                self.tell(Told::Renewed { id, answer, at: self.now() });
            }
            Action::ListRooms => self.list_rooms().await,
            Action::Replay { re, logs } => self.replays(&re, logs).await,
            Action::NoSuchLog { re, room } => self.no_such_log(re, room).await,
            Action::Submit { reply, room, change } => match self.gateway.parts.submit(&room, *change).await {
                Ok((room, ack)) => self.session.acked(reply, room.to_string(), &ack, &mut self.actions),
                Err(refusal) => self.session.refused(&reply, &refusal, &mut self.actions),
            },
            Action::Mark { room, seq } => {
                let Some(actor) = self.actor else { return };
                let read = self.gateway.parts.marks.read(&actor, room, seq).await.map(drop);
                self.answer("read", Some(room.to_string()), read);
            }
            Action::Typing { room, on } => {
                let Some(actor) = self.actor else { return };
                let typing = self.gateway.parts.presence.typing(&actor, &room.into(), on).await;
                self.answer("typing", Some(room.to_string()), typing);
            }
            Action::Watch(users) => {
                let watched = self.watch(&users).await;
                self.answer("watch", None, watched);
            }
        }
    }

    /// Of what has no answer but an error.
    fn answer(&mut self, of: &'static str, room: Option<String>, done: Result<(), Refusal>) {
        if let Err(refusal) = done {
            self.session.refused(&Reply { id: None, of, room }, &refusal, &mut self.actions);
        }
    }

    async fn sign_in(&mut self, credential: &Credential) {
        match self.signed_in(credential).await {
            Ok((identity, epoch, online)) => {
                self.actor = Some(identity.actor);
                self.session.signed_in(&identity, epoch, online, self.now(), &mut self.actions);
            }
            Err(refusal) => self.session.not_signed_in(&refusal, &mut self.actions),
        }
    }

    async fn signed_in(&mut self, credential: &Credential) -> Result<(Identity, domain::Epoch, u64), Refusal> {
        let parts = &self.gateway.parts;
        let identity = parts.sign_in(credential).await?;
        let user = identity.user.id;
        let allowed = self.gateway.settings.limits.sockets_per_user;
        let open = parts.store.nodes.connections(user, self.now()).await?;
        if open.iter().filter(|row| row.room.is_none()).count() >= allowed {
            let why = format!("One may have {allowed} connections; close another one.");
            return Err(Refusal::new(domain::Code::RateLimited, why));
        }
        // The row first, and the session after it: so its end cannot pass in between. Who is found without a session yet
        // is closed by it.
        self.connection.user = user;
        self.connection.expires_at = identity.expires_at.min(self.ends_at);
        parts.store.nodes.put_connection(&self.connection).await?;
        let identity = Identity { actor: parts.auth.as_of_now(identity.actor).await?, ..identity };
        parts.presence.connected(user, &self.connection.id).await;
        let epoch = self.gateway.epoch().await?;
        Ok((identity, epoch, parts.presence.online().await))
    }

    /// The rows of a socket, by which it is posted to, last as long as its token: a client that says nothing may not go on
    /// to hear after that.
    async fn go_on_until(&mut self, identity: &Identity) -> StoreResult<()> {
        self.connection.expires_at = identity.expires_at.min(self.ends_at);
        let nodes = &self.gateway.parts.store.nodes;
        for row in nodes.connections(identity.user.id, self.now()).await? {
            if is_of(&row, &self.connection.id) {
                nodes.put_connection(&Connection { expires_at: self.connection.expires_at, ..row }).await?;
            }
        }
        Ok(())
    }

    async fn list_rooms(&mut self) {
        let Some(actor) = self.actor else { return };
        if let Err(refusal) = self.room_pages(actor.user).await {
            // Without the list a client knows nothing: it comes again.
            let reply = Reply { id: None, of: "hello", room: None };
            self.session.refused(&reply, &refusal, &mut self.actions);
            self.actions.push(Action::Close(CloseCode::Overloaded));
        }
    }

    async fn room_pages(&mut self, user: UserId) -> Result<(), Refusal> {
        let parts = &self.gateway.parts;
        // Read before the list, so that what changes meanwhile is above it.
        let mut me = Some(parts.head(LogId::User(user)).await?.1);
        let mut after = None;
        loop {
            let (lines, next) = parts.room_list(user, after).await?;
            let limit = self.gateway.settings.limits.server_frame;
            self.frames.extend(room_frames(lines, next.is_some(), me.take(), limit));
            match next {
                Some(_) => after = next,
                None => return Ok(()),
            }
        }
    }

    async fn replays(&mut self, re: &str, logs: Vec<(LogId, Option<Seq>)>) {
        let Some(actor) = self.actor else { return };
        let this = &*self;
        let replays: Vec<_> = logs
            .into_iter()
            .map(|(log, cursor)| async move { (log, this.replay(&actor, re, log, cursor).await) })
            .collect();
        let answers: Vec<_> = stream::iter(replays).buffered(REPLAYS_AT_ONCE).collect().await;
        for (log, answer) in answers {
            match answer {
                Ok(frame) => self.frames.push(frame),
                Err(refusal) => {
                    let room = Some(realtime::protocol::log_name(log));
                    let reply = Reply { id: Some(re.to_owned()), of: "resume", room };
                    self.session.refused(&reply, &refusal, &mut self.actions);
                }
            }
        }
    }

    async fn no_such_log(&mut self, re: String, room: String) {
        let Ok(epoch) = self.gateway.epoch().await else { return };
        self.frames.push(encode::no_such_log(re, room, epoch));
    }

    /// Says once who is there: nothing here lives to say more later.
    async fn watch(&mut self, users: &[UserId]) -> Result<(), Refusal> {
        let Some(actor) = self.actor else { return Ok(()) };
        let presence = &self.gateway.parts.presence;
        let users = presence.watchable(&actor, users).await?;
        let there = presence.of(&users).await?;
        let users = there.iter().map(encode::presence).collect();
        self.frames.push(Frame::new(Class::Presence, &ServerFrame::Presence { users, full: true }));
        Ok(())
    }

    /// The heads of the own log and of the user's rooms, as far as one ping takes them: so a lost last entry is found.
    async fn heads(&self) -> Vec<(LogId, Seq)> {
        let Some(actor) = self.actor else { return Vec::new() };
        let parts = &self.gateway.parts;
        let mut heads = Vec::new();
        if let Ok((_, me)) = parts.head(LogId::User(actor.user)).await {
            heads.push((LogId::User(actor.user), me));
        }
        let most = realtime::limits::HEADS_PER_PING - 1;
        let Ok(mut rooms) = parts.store.rooms.user_rooms(actor.user, None, ROOMS_LOOKED_AT).await else {
            return heads;
        };
        rooms.sort_by_key(|line| std::cmp::Reverse(line.head.at));
        heads.extend(rooms.iter().take(most).map(|line| (LogId::Room(line.room.id), line.head.seq)));
        heads
    }

    /// Posts what came of it, and keeps the session. Signals to others come last: nobody waits for them.
    pub(crate) async fn end(mut self, kept: Kept) -> StoreResult<Answer> {
        // Before the frames: the client may answer them at once.
        self.keep(kept).await?;
        let Turn { gateway, connection, frames, session, closed, .. } = self;
        let limit = gateway.settings.limits.server_frame;
        gateway.post(&connection, packed(frames, session.batches(), limit)).await;
        if let Some(code) = closed {
            tracing::debug!(code = code.number(), "closed a connection");
            gateway.close(&connection).await;
        }
        gateway.tell_signals(&connection.id).await;
        Ok(Answer::OK)
    }

    /// Keeps the session in place of `was`, unless it is closed. Where another frame of the socket was dealt with
    /// meanwhile, the state which that one left is told what this one told: no budget comes back, no renewal is lost.
    async fn keep(&mut self, mut was: Kept) -> StoreResult<()> {
        for _ in 0..FRAMES_AT_ONCE {
            let saved = self.session.save().filter(|_| self.closed.is_none());
            let Some(session) = saved else { return Ok(()) };
            let id = &self.connection.id;
            let kept = Kept { session, endpoint: was.endpoint.clone() };
            if self.gateway.keep(id, &kept, Some(&was), self.ends_at).await? {
                return Ok(());
            }
            // Closed meanwhile, it stays so.
            let Some((now, _)) = self.gateway.kept(id).await? else { return Ok(()) };
            let settings = self.gateway.settings.clone();
            let Some(session) = Protocol::restore(settings, id.clone(), &now.session) else { return Ok(()) };
            self.session = session;
            self.closed = tell_again(&mut self.session, &self.told);
            was = now;
        }
        self.closed = Some(CloseCode::Flood);
        Ok(())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.gateway.now()
    }

    /// A refusal for one who came while the store starts afresh.
    pub(crate) fn afresh() -> Refusal {
        Refusal::unavailable("The server starts afresh.", u64::try_from(RETRY.as_millis()).unwrap_or(u64::MAX))
    }
}

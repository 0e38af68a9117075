//! Handles one frame of a client: the protocol decides, and everything it asks for is performed before the event is
//! answered.

use std::collections::VecDeque;
use std::time::Duration;

use domain::{LogId, Now, Seq, Timestamp, UserId};
use futures_util::{StreamExt, stream};
use realtime::connection::Input;
use realtime::interpreter::{head, perform};
use realtime::protocol::{Action, CloseCode, Protocol};
use service::ports::StoreResult;
use stored::SocketRecord;

use crate::backend::TurnBackend;
use crate::input::{ProtocolInput, answer, apply_again};
use crate::post::packed;
use crate::time::SocketTime;
use crate::{Answer, Event, Gateway};

/// The number of rooms whose heads are compared for one heartbeat, which names the newest of them.
const ROOMS_LOOKED_AT: usize = 1_000;
/// The number of frames of one socket that may be handled concurrently; a client that sends more is closed.
const FRAMES_AT_ONCE: usize = 32;
/// The number of logs of one `resume` that are read concurrently: reading many one by one would take longer than API
/// Gateway waits for an answer, which is 29 s.
const REPLAYS_AT_ONCE: usize = 16;

/// A socket while one of its frames is handled.
pub(crate) struct Turn<'a> {
    gateway: &'a Gateway,
    backend: TurnBackend<'a>,
    time: SocketTime,
    protocol: Protocol,
    inputs: Vec<ProtocolInput<'a>>,
    actions: Vec<Action>,
    closed: Option<CloseCode>,
}

impl Gateway {
    pub(crate) async fn message(&self, event: &Event) -> StoreResult<Answer> {
        let Some((mut turn, record)) = self.begin(event).await? else { return Ok(Answer::OK) };
        turn.take(event).await;
        turn.end(record).await
    }

    /// Returns the socket of a frame and its stored state; none if it has ended, in which case it is closed.
    pub(crate) async fn begin<'a>(&'a self, event: &'a Event) -> StoreResult<Option<(Turn<'a>, SocketRecord)>> {
        let id = &event.request_context.connection_id;
        let Some((record, ends_at)) = self.stored(id).await? else {
            // It was closed while this frame was on its way, or the API failed to close it.
            let endpoint = self.endpoint(&event.request_context);
            self.close(&self.connection(id, UserId::SYSTEM, &endpoint, self.now())).await;
            return Ok(None);
        };
        let epoch = self.epoch().await?;
        let restored = self.restore(id, &record);
        // The client of a socket of another epoch must reconnect and reload everything.
        let restored = restored.filter(|(protocol, _)| protocol.epoch().is_none_or(|of| of == epoch));
        let Some((protocol, time)) = restored else {
            let connection = self.connection(id, UserId::SYSTEM, &record.endpoint, ends_at);
            self.close(&connection).await;
            return Ok(None);
        };

        let user = protocol.actor().map_or(UserId::SYSTEM, |actor| actor.user);
        let now = time.now(self.now());
        let until = protocol.expires_at().map_or(ends_at, |at| wall(at, now).min(ends_at));
        let backend = TurnBackend::new(self, self.connection(id, user, &record.endpoint, until), ends_at);
        let (inputs, actions) = (Vec::new(), Vec::new());
        Ok(Some((Turn { gateway: self, backend, time, protocol, inputs, actions, closed: None }, record)))
    }
}

impl<'a> Turn<'a> {
    pub(crate) async fn take(&mut self, event: &'a Event) {
        let now = self.now();
        if self.protocol.has_expired(now) {
            self.give(ProtocolInput::Tick { heads: Vec::new(), at: now });
        } else if event.is_base64_encoded {
            self.protocol.on_breach(&mut self.actions);
        } else {
            self.give(ProtocolInput::Frame { text: event.body.as_deref().unwrap_or_default(), at: now });
        }
        self.work().await;

        if self.protocol.next_tick().is_some_and(|at| at <= self.now().elapsed) {
            let heads = self.heads().await;
            self.give(ProtocolInput::Tick { heads, at: self.now() });
            self.work().await;
        }
        if let (Some(actor), None) = (self.protocol.actor(), self.closed) {
            // Any frame shows that the client is alive.
            self.gateway.services.presence.connected(actor.user, &self.backend.connection().id).await;
        }
    }

    fn give(&mut self, input: ProtocolInput<'a>) {
        input.apply(&mut self.protocol, &mut self.actions);
        self.inputs.push(input);
    }

    /// Performs the protocol's actions, and those that follow from them.
    async fn work(&mut self) {
        let mut actions = VecDeque::from(std::mem::take(&mut self.actions));
        while let Some(action) = actions.pop_front() {
            match action {
                _ if self.closed.is_some() => return,
                Action::Send(message) => self.backend.push(&message),
                Action::Close(code) => self.closed = Some(code),
                Action::Replay(request) => {
                    // Pages that were requested together are read together.
                    let mut requests = vec![request];
                    while let Some(Action::Replay(_)) = actions.front()
                        && let Some(Action::Replay(request)) = actions.pop_front()
                    {
                        requests.push(request);
                    }
                    let backend = &self.backend;
                    let replays: Vec<_> =
                        requests.into_iter().map(|request| perform(backend, Action::Replay(request))).collect();
                    let inputs: Vec<Input> = stream::iter(replays).buffered(REPLAYS_AT_ONCE).collect().await;
                    inputs.into_iter().for_each(|input| self.answer(input));
                }
                action => {
                    let input = perform(&self.backend, action).await;
                    self.answer(input);
                }
            }
            // Actions that follow from an answer come before later ones, like on a socket of the tier.
            for next in std::mem::take(&mut self.actions).into_iter().rev() {
                actions.push_front(next);
            }
        }
    }

    fn answer(&mut self, input: Input) {
        let now = self.now();
        match input {
            Input::Renewed(reply, answer) => self.give(ProtocolInput::Renewed { reply, answer, at: now }),
            input => answer(&mut self.protocol, input, now, &mut self.actions),
        }
    }

    /// Returns the heads of the user log and of the user's rooms, as many as one heartbeat holds, so that a client
    /// notices if it lost a last entry.
    async fn heads(&self) -> Vec<(LogId, Seq)> {
        let Some(actor) = self.protocol.actor() else { return Vec::new() };
        let services = &self.gateway.services;
        let mut heads = Vec::new();
        if let Ok((_, me)) = head(services, LogId::User(actor.user)).await {
            heads.push((LogId::User(actor.user), me));
        }
        let most = realtime::limits::HEADS_PER_PING - 1;
        let rooms = services.ports.store.rooms.user_rooms(actor.user, None, ROOMS_LOOKED_AT).await;
        let Ok(mut rooms) = rooms else { return heads };
        rooms.sort_by_key(|line| std::cmp::Reverse(line.head.at));
        heads.extend(rooms.iter().take(most).map(|line| (LogId::Room(line.room.id), line.head.seq)));
        heads
    }

    /// Stores the protocol's state and posts the turn's frames. Signals to others come last, because nothing waits for
    /// them.
    pub(crate) async fn end(mut self, record: SocketRecord) -> StoreResult<Answer> {
        // Stored before the frames are posted, because the client may answer them at once.
        self.store(record).await?;
        let Turn { gateway, backend, protocol, closed, .. } = self;
        let limit = gateway.settings.limits.server_frame;
        let connection = backend.connection();
        gateway.post(&connection, packed(backend.take_frames(), protocol.batches(), limit)).await;
        if let Some(code) = closed {
            tracing::debug!(code = code.number(), "closed a connection");
            gateway.close(&connection).await;
        }
        gateway.post_signals(&connection.id).await;
        Ok(Answer::OK)
    }

    /// Replaces the stored state `was`, unless the socket is closed. If another frame of the socket was handled
    /// meanwhile, this turn's inputs are applied to the state which that one stored: no budget is given back, no
    /// renewal is lost.
    async fn store(&mut self, mut was: SocketRecord) -> StoreResult<()> {
        for _ in 0..FRAMES_AT_ONCE {
            let saved = self.protocol.save().filter(|_| self.closed.is_none());
            let Some(record) = saved else { return Ok(()) };
            let id = self.backend.connection().id;
            let session = stored::to_json(&self.time.save(record));
            let record = SocketRecord { session, endpoint: was.endpoint.clone() };
            if self.gateway.store(&id, &record, Some(&was), self.backend.ends_at()).await? {
                return Ok(());
            }

            // A socket that was closed meanwhile stays closed.
            let Some((now, _)) = self.gateway.stored(&id).await? else { return Ok(()) };
            let Some((protocol, _)) = self.gateway.restore(&id, &now) else { return Ok(()) };
            self.protocol = protocol;
            self.closed = apply_again(&mut self.protocol, &self.inputs);
            was = now;
        }
        self.closed = Some(CloseCode::Flood);
        Ok(())
    }

    fn now(&self) -> Now {
        self.time.now(self.gateway.now())
    }
}

/// Returns the wall clock time for a time of the socket.
fn wall(at: Duration, now: Now) -> Timestamp {
    match at.checked_sub(now.elapsed) {
        Some(left) => now.wall + left,
        None => now.wall,
    }
}

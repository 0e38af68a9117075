//! One session: which transport carries it, its heartbeat, and its end.
//!
//! Never does I/O: the transports ask what to write, and pass in what arrived.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use socketio::engine::{PROBE, Packet};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use super::heartbeat::{Due, Heartbeat};
use super::table::{Sessions, new_sid};
use super::{EngineSettings, Incoming, Next, NotOpened, Peer, Piece, Signals, Visitor};

/// How long a client that has closed its session may ask once more before its id is unknown.
const FAREWELL: Duration = Duration::from_secs(1);

/// A session.
pub(super) struct Session {
    pub sid: Arc<str>,
    pub peer: Arc<dyn Peer>,
    pub signals: Arc<Signals>,
    ended: Notify,
    state: Mutex<State>,
}

struct State {
    carrier: Carrier,
    /// A poll waits for something to write.
    polls: bool,
    /// A POST is being read.
    posts: bool,
    heartbeat: Heartbeat,
    /// A ping waits to be written.
    ping: bool,
}

/// What carries the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// Long-polling.
    Polling,
    /// Long-polling, while a WebSocket has connected to take over. `probed`: it has been probed, and no poll waits.
    Upgrading { probed: bool },
    /// A WebSocket.
    WebSocket,
    /// Nothing: it has ended. The poll that waits, or comes next, gets this packet.
    Ended(Option<Farewell>),
}

/// The last packet of a session that long-polling carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Farewell {
    /// The server has closed it.
    Close,
    /// The client has closed it.
    Noop,
}

/// The transport of a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Polling,
    WebSocket,
}

/// What to write.
pub(super) struct Written {
    /// Whether a ping goes first.
    pub ping: bool,
    /// What the peer wants to write.
    pub pieces: Vec<Piece>,
    /// How to close the session after it.
    pub close: Option<(u16, &'static str)>,
}

/// What a poll that finds nothing to write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Poll {
    /// Wait.
    Wait,
    /// End with a packet that says nothing.
    Noop,
    /// End with the last packet.
    Ended(Farewell),
    /// The session is not carried by polls.
    Wrong,
}

/// What becomes of a WebSocket that connects to an existing session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upgrade {
    /// It may probe.
    Probe,
    /// Another one was first: it is closed.
    Taken,
    /// The session has ended.
    Ended,
}

impl Session {
    /// Opens a session, and starts what keeps its time.
    pub fn open(sessions: &Arc<Sessions>, transport: Transport, visitor: Visitor) -> Result<Arc<Session>, NotOpened> {
        let (sid, signals) = (new_sid(), Arc::new(Signals::default()));
        let peer = sessions.app.open(&sid, signals.clone(), visitor)?;
        let EngineSettings { ping_interval, ping_timeout, .. } = sessions.settings;
        let state = State {
            carrier: match transport {
                Transport::Polling => Carrier::Polling,
                Transport::WebSocket => Carrier::WebSocket,
            },
            polls: false,
            posts: false,
            heartbeat: Heartbeat::new(ping_interval, ping_timeout, Instant::now()),
            ping: false,
        };
        let session = Arc::new(Session { sid, peer, signals, ended: Notify::new(), state: Mutex::new(state) });
        sessions.insert(&session);
        tokio::spawn(session.clone().keep(sessions.clone()));
        Ok(session)
    }

    /// Returns the packet that opens a session.
    pub fn handshake(&self, transport: Transport, settings: &EngineSettings) -> Packet<'static> {
        let upgrades: &[&str] = match transport {
            Transport::Polling => &["websocket"],
            Transport::WebSocket => &[],
        };
        let json = json!({
            "sid": *self.sid,
            "upgrades": upgrades,
            "pingInterval": settings.ping_interval.as_millis() as u64,
            "pingTimeout": settings.ping_timeout.as_millis() as u64,
            "maxPayload": settings.max_payload,
        });
        Packet::Open(json.to_string().into())
    }

    /// Performs what is due, until the session has ended and its client knows it.
    async fn keep(self: Arc<Self>, sessions: Arc<Sessions>) {
        while !self.is_ended() {
            let tick = self.peer.next_tick().map(|left| Instant::now() + left);
            let heartbeat = self.state.lock().heartbeat.due();
            let due = tick.map_or(heartbeat, |tick| tick.min(heartbeat));
            tokio::select! {
                () = sleep_until(due) => self.on_time(tick),
                () = self.signals.timer.notified() => {}
            }
        }
        if matches!(self.state.lock().carrier, Carrier::Ended(Some(_))) {
            sleep(FAREWELL).await;
        }
        sessions.remove(&self.sid);
    }

    fn on_time(&self, tick: Option<Instant>) {
        let now = Instant::now();
        if tick.is_some_and(|tick| now >= tick) {
            self.peer.on_tick();
        }
        let due = self.state.lock().heartbeat.on_time(now);
        match due {
            Due::Nothing => {}
            Due::Ping => {
                self.state.lock().ping = true;
                self.signals.has_output();
            }
            Due::Close => self.end(None),
        }
    }

    /// Ends the session. The first end counts.
    pub fn end(&self, farewell: Option<Farewell>) {
        {
            let mut state = self.state.lock();
            if matches!(state.carrier, Carrier::Ended(_)) {
                return;
            }
            state.carrier = Carrier::Ended(farewell);
        }
        self.ended.notify_waiters();
        self.signals.output.notify_waiters();
        self.signals.has_output();
        self.signals.may_read();
        self.signals.has_new_tick();
        self.peer.on_end();
    }

    /// Returns whether it has ended, or its client has missed its time to answer a ping.
    pub fn is_ended(&self) -> bool {
        let state = self.state.lock();
        matches!(state.carrier, Carrier::Ended(_)) || state.heartbeat.is_over(Instant::now())
    }

    /// Returns once it has ended.
    pub async fn ended(&self) {
        let ended = self.ended.notified();
        tokio::pin!(ended);
        ended.as_mut().enable();
        if !matches!(self.state.lock().carrier, Carrier::Ended(_)) {
            ended.await;
        }
    }

    /// Handles a packet of the client. `false`: it has no place here, and the session is closed.
    pub fn on_packet(&self, packet: &Packet<'_>) -> bool {
        match packet {
            Packet::Text(text) => self.peer.on_message(Incoming::Text(text)),
            Packet::Binary(bytes) => self.peer.on_message(Incoming::Binary(bytes)),
            Packet::Pong(_) => {
                self.state.lock().heartbeat.on_pong(Instant::now());
                self.signals.has_new_tick();
                self.peer.on_control();
            }
            Packet::Close => self.end(Some(Farewell::Noop)),
            Packet::Noop | Packet::Upgrade => self.peer.on_control(),
            Packet::Open(_) | Packet::Ping(_) => return false,
        }
        true
    }

    /// Handles bytes that are not the protocol.
    pub fn on_breach(&self) {
        self.peer.on_breach();
        self.end(None);
    }

    /// Returns what to write next, about `max` bytes; `None` if nothing waits.
    pub fn take(&self, max: usize) -> Option<Written> {
        let ping = std::mem::take(&mut self.state.lock().ping);
        let (pieces, close) = match self.peer.next(max) {
            Next::Write(pieces) => (pieces, None),
            Next::Close { code, reason } => (Vec::new(), Some((code, reason))),
            Next::Idle => (Vec::new(), None),
        };
        (ping || !pieces.is_empty() || close.is_some()).then_some(Written { ping, pieces, close })
    }

    /// Begins a poll. `Wrong`: another one waits, so this client is broken, and its session ends.
    pub fn begin_poll(&self) -> Poll {
        {
            let mut state = self.state.lock();
            let polls = state.polls;
            match &mut state.carrier {
                Carrier::WebSocket => return Poll::Wrong,
                Carrier::Ended(farewell) => return farewell.take().map_or(Poll::Wrong, Poll::Ended),
                Carrier::Polling | Carrier::Upgrading { .. } if polls => {}
                Carrier::Polling | Carrier::Upgrading { .. } => {
                    // Its timer may run a little late.
                    if state.heartbeat.is_over(Instant::now()) {
                        return Poll::Wrong;
                    }
                    state.polls = true;
                    return Poll::Wait;
                }
            }
        }
        self.end(Some(Farewell::Close));
        Poll::Wrong
    }

    /// Returns what a poll does that was begun and finds nothing to write.
    pub fn poll(&self) -> Poll {
        match &mut self.state.lock().carrier {
            Carrier::Polling | Carrier::Upgrading { probed: false } => Poll::Wait,
            Carrier::Upgrading { probed: true } | Carrier::WebSocket => Poll::Noop,
            Carrier::Ended(farewell) => farewell.take().map_or(Poll::Wrong, Poll::Ended),
        }
    }

    /// Returns whether polls carry the session, so that they may take what waits.
    pub fn is_polled(&self) -> bool {
        matches!(self.state.lock().carrier, Carrier::Polling | Carrier::Upgrading { .. })
    }

    /// Ends a poll.
    pub fn end_poll(&self) {
        self.state.lock().polls = false;
    }

    /// Begins to read a POST. `false`: another one is being read, or none may come here.
    pub fn begin_post(&self) -> bool {
        let mut state = self.state.lock();
        let is_polled = matches!(state.carrier, Carrier::Polling | Carrier::Upgrading { .. });
        is_polled && !std::mem::replace(&mut state.posts, true)
    }

    /// Ends a POST.
    pub fn end_post(&self) {
        self.state.lock().posts = false;
    }

    /// Begins an upgrade.
    pub fn begin_upgrade(&self) -> Upgrade {
        let mut state = self.state.lock();
        match state.carrier {
            Carrier::Polling => {
                state.carrier = Carrier::Upgrading { probed: false };
                Upgrade::Probe
            }
            Carrier::Upgrading { .. } | Carrier::WebSocket => Upgrade::Taken,
            Carrier::Ended(_) => Upgrade::Ended,
        }
    }

    /// Handles a packet of a WebSocket that has not taken over yet. Returns what to answer.
    pub fn on_probe(&self, packet: &Packet<'_>) -> Probed {
        let mut state = self.state.lock();
        match (packet, state.carrier) {
            (Packet::Ping(text), Carrier::Upgrading { .. }) if text == PROBE => {
                state.carrier = Carrier::Upgrading { probed: true };
                self.signals.has_output();
                Probed::Answer
            }
            (Packet::Upgrade, Carrier::Upgrading { .. }) => {
                state.carrier = Carrier::WebSocket;
                self.signals.output.notify_waiters();
                self.signals.has_output();
                Probed::Upgraded
            }
            _ => Probed::Failed,
        }
    }

    /// Goes on with long-polling after an upgrade that failed.
    pub fn fail_upgrade(&self) {
        let mut state = self.state.lock();
        if matches!(state.carrier, Carrier::Upgrading { .. }) {
            state.carrier = Carrier::Polling;
        }
    }
}

/// What follows a packet of a WebSocket that has not taken over yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probed {
    /// Answer the probe.
    Answer,
    /// It carries the session from now on.
    Upgraded,
    /// Close it.
    Failed,
}

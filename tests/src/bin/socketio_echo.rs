//! A server that answers as the public test suites of Engine.IO and Socket.IO expect, on the transports of `ws-tier`.
//!
//! Its arguments are the port on 127.0.0.1, the time between pings and the time to answer one, in milliseconds: 3000, 300 and 200, as
//! the suites need them. `/engine.io/` sends each message back; `/socket.io/` has the namespaces `/` and `/custom`, and the events of
//! the Socket.IO suite.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use socketio::{Data, Decoder, Kind, Packet};
use tokio::net::TcpListener;
use ws_tier::engine_io::{
    App, EngineSettings, Incoming, Next, NotOpened, Peer, Piece, Sessions, Signals, Visitor, router,
};

/// How long after its CONNECT a client gets the event `auth`: the suite reads one message of each chunk that arrives.
const AUTH_AFTER: Duration = Duration::from_millis(10);
/// The namespaces of the Socket.IO suite.
const NAMESPACES: [&str; 2] = ["/", "/custom"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let argument = |nth, default| std::env::args().nth(nth).map_or(Ok(default), |text| text.parse::<u64>());
    let (port, interval, answer) = (argument(1, 3_000)?, argument(2, 300)?, argument(3, 200)?);
    let settings = |path| EngineSettings {
        path,
        ping_interval: Duration::from_millis(interval),
        ping_timeout: Duration::from_millis(answer),
        max_payload: 1_000_000,
    };
    let engine = Sessions::new(settings("/engine.io"), Arc::new(Echo { speaks_socketio: false }));
    let socket = Sessions::new(settings("/socket.io"), Arc::new(Echo { speaks_socketio: true }));
    let listener = TcpListener::bind(("127.0.0.1", u16::try_from(port)?)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router(engine).merge(router(socket))).await?;
    Ok(())
}

struct Echo {
    speaks_socketio: bool,
}

impl App for Echo {
    fn open(&self, sid: &Arc<str>, signals: Arc<Signals>, _: Visitor) -> Result<Arc<dyn Peer>, NotOpened> {
        let state = State {
            sid: sid.clone(),
            decoder: Decoder::default(),
            inside: BTreeSet::new(),
            out: VecDeque::new(),
            later: VecDeque::new(),
        };
        let echo = EchoPeer { state: Mutex::new(state), closing: Mutex::new(false), signals };
        Ok(match self.speaks_socketio {
            true => Arc::new(SocketPeer(echo)),
            false => Arc::new(echo),
        })
    }
}

/// Sends each message back.
struct EchoPeer {
    state: Mutex<State>,
    closing: Mutex<bool>,
    signals: Arc<Signals>,
}

struct State {
    sid: Arc<str>,
    decoder: Decoder,
    /// The namespaces that the client is in.
    inside: BTreeSet<String>,
    out: VecDeque<Piece>,
    /// What is sent a moment later.
    later: VecDeque<Piece>,
}

impl Peer for EchoPeer {
    fn reads(&self) -> bool {
        true
    }

    fn on_message(&self, message: Incoming<'_>) {
        self.state.lock().out.push_back(match message {
            Incoming::Text(text) => Piece::text(text),
            Incoming::Binary(bytes) => Piece::Binary(bytes.to_vec().into()),
        });
        self.signals.has_output();
    }

    fn on_control(&self) {}

    fn on_breach(&self) {}

    fn next(&self, _: usize) -> Next {
        let pieces: Vec<Piece> = self.state.lock().out.drain(..).collect();
        match (pieces.is_empty(), *self.closing.lock()) {
            (false, _) => Next::Write(pieces),
            (true, true) => Next::Close { code: 1002, reason: "parse error" },
            (true, false) => Next::Idle,
        }
    }

    fn written(&self, _: usize) {}

    fn next_tick(&self) -> Option<Duration> {
        None
    }

    fn on_tick(&self) {}

    fn on_end(&self) {}
}

/// Answers the events of the Socket.IO suite.
struct SocketPeer(EchoPeer);

impl Peer for SocketPeer {
    fn reads(&self) -> bool {
        self.0.reads()
    }

    fn on_message(&self, message: Incoming<'_>) {
        let mut state = self.0.state.lock();
        let packet = match message {
            Incoming::Text(text) => state.decoder.on_text(text),
            Incoming::Binary(bytes) => state.decoder.on_bytes(bytes),
        };
        match packet {
            Ok(packet) => packet.into_iter().for_each(|packet| state.on_packet(packet)),
            Err(_) => *self.0.closing.lock() = true,
        }
        drop(state);
        self.0.signals.has_output();
        self.0.signals.has_new_tick();
    }

    fn on_control(&self) {}

    fn on_breach(&self) {}

    fn next(&self, max: usize) -> Next {
        self.0.next(max)
    }

    fn written(&self, _: usize) {}

    fn next_tick(&self) -> Option<Duration> {
        (!self.0.state.lock().later.is_empty()).then_some(AUTH_AFTER)
    }

    fn on_tick(&self) {
        let state = &mut *self.0.state.lock();
        state.out.extend(state.later.drain(..));
        self.0.signals.has_output();
    }

    fn on_end(&self) {}
}

impl State {
    fn on_packet(&mut self, packet: Packet) {
        let namespace = packet.namespace.clone();
        match packet.kind {
            Kind::Connect if NAMESPACES.contains(&namespace.as_str()) => {
                let sid = format!("{}{}", self.sid, namespace.len());
                self.inside.insert(namespace.clone());
                self.send(Packet::new(Kind::Connect, Some(json!({ "sid": sid }))).within(&namespace));
                let auth = packet.data.json.unwrap_or_else(|| json!({}));
                self.later.push_back(Piece::text(&Packet::event("auth", [auth]).within(&namespace).text()));
            }
            Kind::Connect => {
                let refused = json!({ "message": "Invalid namespace" });
                self.send(Packet::new(Kind::ConnectError, Some(refused)).within(&namespace));
            }
            Kind::Disconnect => {
                self.inside.remove(&namespace);
            }
            Kind::Event if self.inside.contains(&namespace) => {
                let (id, attachments) = (packet.id, packet.data.attachments.clone());
                let Some((name, arguments)) = packet.into_event() else { return };
                let answer = match (name.as_str(), id) {
                    ("message", _) => Packet::event("message-back", arguments),
                    ("message-with-ack", Some(id)) => {
                        Packet::new(Kind::Ack, Some(Value::Array(arguments))).numbered(id)
                    }
                    _ => return,
                };
                let data = Data { attachments, ..answer.data };
                self.send(Packet { data, ..answer }.within(&namespace));
            }
            Kind::Event | Kind::Ack | Kind::ConnectError => {}
        }
    }

    fn send(&mut self, packet: Packet) {
        self.out.push_back(Piece::text(&packet.text()));
        self.out.extend(packet.data.attachments.into_iter().map(|bytes| Piece::Binary(bytes.into())));
    }
}

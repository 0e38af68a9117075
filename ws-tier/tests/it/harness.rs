//! Nodes that share a store and a bus, and sockets that exchange frames.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use blobs::NoBlobs;
use bus::{Broker, InProcessPresence};
use domain::limits::Limits;
use domain::name::{RoomName, Slug, UserName};
use domain::{Actor, Change, EntryId, Intent, LogId, RoomId, RoomKind, Timestamp, UserId};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use service::auth::{AuthSettings, Device, SigningKeys};
use service::rooms::ChangeRequest;
use service::{Clock, Duties, NewRoom, OsRandom, Ports, Running, ServiceSettings, Services, SystemClock};
use store_memory::MemoryStore;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use web::WebSettings;
use ws_tier::{AccessKeys, Node, NodeSettings, Reachable};

/// How long each step of a test may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What the nodes share.
pub struct Cluster {
    pub memory: MemoryStore,
    pub broker: Broker,
    presence: InProcessPresence,
    keys: String,
    pub limits: Limits,
}

/// One node.
pub struct TestNode {
    pub node: Arc<Node>,
    pub services: Services,
    pub address: SocketAddr,
    pub running: Running,
}

/// A wall clock that a test steps, while time passes as usual.
#[derive(Default)]
pub struct SteppingClock(std::sync::atomic::AtomicI64);

impl SteppingClock {
    pub fn step(&self, by: i64) {
        self.0.fetch_add(by, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// A signed-in user.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub token: String,
    pub actor: Actor,
}

impl Cluster {
    pub fn new() -> Cluster {
        let limits = Limits { sends_per_10s: 100_000, sign_ins_per_minute: 10_000, ..Limits::default() };
        Cluster::with(limits)
    }

    pub fn with(limits: Limits) -> Cluster {
        Cluster {
            memory: MemoryStore::new(),
            broker: Broker::new(),
            presence: InProcessPresence::new(),
            keys: SigningKeys::generate().to_pem(),
            limits,
        }
    }

    pub async fn node(&self) -> TestNode {
        self.node_with_clock(Arc::new(SystemClock)).await
    }

    pub async fn node_with_clock(&self, clock: Arc<dyn Clock>) -> TestNode {
        let ports = Ports {
            store: self.memory.store(),
            blobs: Arc::new(NoBlobs),
            bus: Arc::new(self.broker.endpoint()),
            presence: Arc::new(self.presence.for_another_node()),
            clock,
            random: Arc::new(OsRandom),
            limits: None,
        };
        let node_settings = NodeSettings { shards: 2, ..NodeSettings::new(self.limits.clone()) };
        let settings = ServiceSettings {
            node: node_settings.name.clone(),
            limits: self.limits.clone(),
            auth: AuthSettings { sign_ins_per_minute: 10_000, ..AuthSettings::default() },
            keys: SigningKeys::from_pem(&self.keys).expect("keys"),
            default_rooms: Vec::new(),
            direct: Default::default(),
            offers: Default::default(),
            compat: Default::default(),
        };
        let services = Services::new(ports, settings);
        let running = services.start_duties(Duties { files: false, ..Duties::default() });
        let node = Node::start(services.clone(), node_settings, running.supervisor()).await.expect("the store is up");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let web_settings = WebSettings { limits: self.limits.clone(), ..WebSettings::default() };
        let router = web::mount(node.router(), services.auth.clone(), &web_settings);
        tokio::spawn(async move { axum::serve(listener, router).await });
        TestNode { node, services, address, running }
    }
}

impl TestNode {
    /// Gives the node a private port, and makes it one of several.
    pub async fn join(&self) -> SocketAddr {
        let keys = AccessKeys::new([("NODES".to_owned(), "a secret of all nodes".to_owned())]).expect("a key");
        let keys = Arc::new(keys);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let router = self.node.private_router(keys.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        self.node.join(Some(Reachable { endpoint: format!("http://{address}"), keys }));
        address
    }

    pub async fn guest(&self, name: &str) -> Person {
        let name = UserName::parse(name).expect("a name");
        let device = Device::new("test", [127, 0, 0, 1].into());
        let signed_in =
            self.services.auth.accounts.guest(&name.clone().into(), &device).await.expect("guests can sign in");
        let actor = self.services.auth.sessions.verify(&signed_in.access_token).expect("fresh");
        Person { id: signed_in.user.id, token: signed_in.access_token, actor }
    }

    /// Returns a public room that `owner` creates and `members` join, once their room lists include it.
    pub async fn room(&self, slug: &str, owner: &Person, members: &[&Person]) -> RoomId {
        let new = NewRoom {
            slug: Some(Slug::parse(slug).expect("a slug")),
            name: RoomName::parse(slug).expect("a name"),
            description: String::new(),
            kind: RoomKind::Public,
            hides_past: false,
        };
        let made = self.services.rooms.create(&owner.actor, new, ChangeRequest::default()).await.expect("made");
        let id = made.room.id;
        for member in members {
            self.services.rooms.join(&member.actor, &id.into(), ChangeRequest::default()).await.expect("joined");
        }
        for person in members.iter().copied().chain([owner]) {
            self.listed(person, id).await;
        }
        id
    }

    /// Waits until the room is in the user's list.
    pub async fn listed(&self, person: &Person, room: RoomId) {
        let listed = async {
            while self.services.ports.store.rooms.user_room(person.id, room).await.expect("up").is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, listed).await.expect("the room is listed");
    }

    /// Sends a message as REST does.
    pub async fn send(&self, person: &Person, room: RoomId, text: &str) -> u64 {
        let text = text.to_owned().try_into().expect("valid");
        let intent = Intent::Send { text, reply_to: None, thread: None, files: Vec::new() };
        self.ask(person, room, intent).await
    }

    pub async fn ask(&self, person: &Person, room: RoomId, intent: Intent) -> u64 {
        let change = Change { by: person.actor, id: service::Ids::system().entry(), seen: None, epoch: None, intent };
        loop {
            match self.services.logs.submit(LogId::Room(room), change.clone()).await {
                Ok(ack) => return ack.seq.expect("it changes something"),
                // The first change after a restored backup is refused with a request to retry.
                Err(refusal) if refusal.code.is_transient() => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(refusal) => panic!("{refusal:?}"),
            }
        }
    }

    /// Returns a socket that has sent nothing yet.
    pub async fn connect(&self) -> Socket {
        self.connect_to("/v1/ws").await
    }

    pub async fn connect_to(&self, path: &str) -> Socket {
        let url = format!("ws://{}{path}", self.address);
        let (ws, _) = tokio_tungstenite::connect_async(url).await.expect("upgraded");
        Socket { ws, ready: Default::default() }
    }

    /// Returns a socket that is signed in and has read its room list.
    pub async fn sign_in(&self, person: &Person) -> Socket {
        let mut socket = self.connect().await;
        socket.say(json!({"t": "hello", "v": 1, "token": person.token, "batch": true})).await;
        socket.expect("welcome").await;
        while socket.expect("rooms").await["more"] == true {}
        socket
    }

    /// Returns a socket that is live in these rooms, from now on.
    pub async fn live(&self, person: &Person, rooms: &[RoomId]) -> Socket {
        let mut socket = self.sign_in(person).await;
        let cursors: serde_json::Map<String, Value> =
            rooms.iter().map(|room| (room.to_string(), Value::Null)).chain([("@me".into(), Value::Null)]).collect();
        socket.say(json!({"t": "resume", "id": "live", "cursors": cursors})).await;
        for _ in 0..=rooms.len() {
            assert_eq!(socket.expect("sync").await["status"], "reset");
        }
        socket
    }
}

/// A client that exchanges frames.
pub struct Socket {
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    ready: std::collections::VecDeque<Value>,
}

impl Socket {
    pub async fn say(&mut self, frame: Value) {
        self.raw(Message::Text(frame.to_string().into())).await;
    }

    /// Sends a message. The server may have closed the socket; the next read says so.
    pub async fn raw(&mut self, message: Message) {
        let _ = self.ws.send(message).await;
    }

    /// Returns the next frame, or the code that the server closes with.
    pub async fn next(&mut self) -> Result<Value, u16> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(frame);
            }
            let message = tokio::time::timeout(PATIENCE, self.ws.next()).await.expect("the server sends something");
            match message {
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text).expect("JSON") {
                    Value::Array(frames) => self.ready.extend(frames),
                    frame => self.ready.push_back(frame),
                },
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err(1006),
            }
        }
    }

    /// Returns the next frame of this type; skips others.
    pub async fn expect(&mut self, t: &str) -> Value {
        loop {
            let frame = self.next().await.unwrap_or_else(|code| panic!("closed with {code}, expected {t}"));
            if frame["t"] == t {
                return frame;
            }
        }
    }

    /// Returns the next event of a log.
    pub async fn event(&mut self, room: impl ToString) -> Value {
        let room = room.to_string();
        loop {
            let event = self.expect("event").await;
            if event["room"] == room.as_str() {
                return event;
            }
        }
    }

    /// Reads until the server closes.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// Returns all frames until the answer to a ping.
    pub async fn until_pong(&mut self) -> Vec<Value> {
        self.say(json!({"t": "ping", "id": "barrier"})).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await.expect("open");
            if frame["t"] == "pong" {
                return frames;
            }
            frames.push(frame);
        }
    }

    /// Sends a message and returns its answer.
    pub async fn send(&mut self, room: RoomId, text: &str, seen: u64) -> Value {
        let id = entry();
        self.say(json!({"t": "send", "id": id.to_string(), "room": room.to_string(), "text": text, "seen": seen}))
            .await;
        self.answer(id).await
    }

    /// Returns the `ack` or `error` of a change. Keeps other frames for later: events and answers of different ways to
    /// the socket arrive in any order.
    pub async fn answer(&mut self, id: EntryId) -> Value {
        let (id, mut others) = (id.to_string(), Vec::new());
        let answer = loop {
            let frame = self.next().await.expect("open");
            if frame["id"] == id.as_str() && (frame["t"] == "ack" || frame["t"] == "error") {
                break frame;
            }
            others.push(frame);
        };
        others.into_iter().rev().for_each(|frame| self.ready.push_front(frame));
        answer
    }
}

pub fn entry() -> EntryId {
    service::Ids::system().entry()
}

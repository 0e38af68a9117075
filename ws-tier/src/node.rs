//! A node of the WebSocket tier: composes the parts that hold its sockets and feed them, and starts and stops their
//! tasks.
//!
//! Decides nothing: each part does, or asks `realtime`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use domain::Now;
use domain::limits::Limits;
use engine::Opening;
use realtime::codec::CodecKind;
use realtime::connection::Connection;
use realtime::hub::SocketId;
use realtime::protocol::Settings;
use service::Services;
use service::ports::StoreError;
use service::supervisor::Supervisor;
use web::ConnectionPermit;

use crate::backend::SocketBackend;
use crate::connections::{ConnectionRegistry, RegisteredConnection, RemoteAddress, new_id};
use crate::delivery::Deliveries;
use crate::drain::{Drain, SocketPermit};
use crate::follow::Follow;
use crate::listener;
use crate::memory::MemoryBudget;
use crate::node_api::{self, AccessKeys};
use crate::peers::{PeerNodes, Reachable};
use crate::presence::PresenceWatch;
use crate::receipts::{LocalMarks, Receipts};
use crate::relay::Relay;
use crate::replay::Replays;
use crate::send_queue::SendQueue;
use crate::shards::{Command, Shards};
use crate::socket::SocketState;
use crate::socketio::SessionShard;
use crate::tasks::Tasks;
use crate::typing::{LocalTyping, TypingFanout};

/// The settings of a node.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// The node's name, shown to people: short and unique.
    pub name: String,
    /// The limits for frames, sockets and the heartbeat.
    pub limits: Limits,
    /// Number of threads that own the sockets; use one per core.
    pub shards: usize,
    /// Whether Socket.IO is served at `/socket.io/`.
    pub socketio: bool,
}

impl NodeSettings {
    /// Returns the defaults, with a random name.
    pub fn new(limits: Limits) -> Self {
        let name = format!("n-{:04x}", rand::random::<u16>());
        let shards = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
        NodeSettings { name, limits, shards, socketio: false }
    }
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not answer the first query.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
    /// The threads of the node's shards cannot start.
    #[error("cannot start the threads for sockets: {0}")]
    Shards(#[from] std::io::Error),
}

/// A node of the WebSocket tier.
pub struct Node {
    pub(crate) services: Services,
    pub(crate) settings: Arc<Settings>,
    pub(crate) connections: Arc<ConnectionRegistry>,
    pub(crate) follow: Arc<Follow>,
    pub(crate) shards: Shards,
    pub(crate) replays: Replays,
    pub(crate) presence: Arc<PresenceWatch>,
    pub(crate) drain: Arc<Drain>,
    pub(crate) memory: Arc<MemoryBudget>,
    peers: Arc<PeerNodes>,
    tasks: Tasks,
    next_socket: AtomicU64,
    next_session: AtomicU64,
}

impl Node {
    /// Starts a node. From then on it receives the commits of `services.logs` and the bus. If a task that it cannot work
    /// without fails, the process ends through `supervisor`.
    pub async fn start(
        services: Services,
        settings: NodeSettings,
        supervisor: &Supervisor,
    ) -> Result<Arc<Node>, StartError> {
        let NodeSettings { name, limits, shards, socketio } = settings;
        let shards = shards.max(1);
        let tasks = Tasks::new(supervisor.clone());
        let sessions = socketio.then(|| SessionShard::start(&tasks));
        let handles = Shards::start(shards, services.ports.clock.clone(), sessions)?;
        let follow = Follow::start(services.clone(), tasks.clone(), handles.clone(), handles.count()).await?;
        let presence = PresenceWatch::new(services.clone(), follow.clone(), tasks.clone());
        let deliveries = Deliveries::start(services.clone(), follow.clone(), presence.clone(), tasks.clone(), shards);
        let typing = TypingFanout::new(services.clone(), follow.clone(), tasks.clone());
        let receipts = Receipts::new(services.clone(), follow.clone(), tasks.clone());

        let connections = Arc::new(ConnectionRegistry::default());
        let memory = MemoryBudget::new(match usize::try_from(limits.memory) {
            Ok(0) | Err(_) => usize::MAX,
            Ok(limit) => limit,
        });
        let caches = services.clone();
        let (budget, sockets) = (memory.clone(), connections.clone());
        tasks.restarted("memory", move || {
            let caches = caches.clone();
            budget.clone().keep(sockets.clone(), move || caches.shrink())
        });

        let relay = Relay {
            services: services.clone(),
            follow: follow.clone(),
            deliveries: deliveries.clone(),
            typing: typing.clone(),
            receipts: receipts.clone(),
        };
        relay.start(&tasks);
        let (watch, logs) = (presence.clone(), follow.clone());
        tasks.restarted("presence", move || watch.clone().run());
        tasks.restarted("upkeep", move || logs.clone().keep_up());

        services.logs.add_listener(deliveries.clone());
        services.presence.add_listener(Arc::new(LocalTyping(typing)));
        services.marks.add_listener(Arc::new(LocalMarks(receipts)));
        Ok(Arc::new(Node {
            connections,
            follow,
            shards: handles,
            replays: Replays::new(),
            presence,
            drain: Arc::new(Drain::new(&limits, memory.clone())),
            memory,
            peers: PeerNodes::new(name.clone()),
            tasks,
            next_socket: AtomicU64::new(0),
            next_session: AtomicU64::new(0),
            settings: Arc::new(Settings { node: name, limits }),
            services,
        }))
    }

    /// Returns the route of sockets, `GET /v1/ws`, and that of Socket.IO if the node serves it.
    pub fn router(self: &Arc<Self>) -> Router {
        let router = listener::router(self.clone());
        match self.shards.session(0) {
            Some(_) => router.merge(crate::socketio::router(self.clone())),
            None => router,
        }
    }

    /// Returns the routes of the private port: `/@connections/{id}`, and changes that other nodes forward. Each request
    /// must be signed with one of `keys`.
    pub fn private_router(self: &Arc<Self>, keys: Arc<AccessKeys>) -> Router {
        node_api::router(self.clone(), keys)
    }

    /// Takes over a connection after its handshake. `ticket` is the one of its URL; the permits are held while it is open.
    pub(crate) fn open(
        self: &Arc<Self>,
        opening: Opening,
        codec: CodecKind,
        ticket: Option<String>,
        remote: RemoteAddress,
        permits: (SocketPermit, Option<ConnectionPermit>),
    ) {
        let (id, conn, now) = (self.next_socket(), new_id(&self.settings.node, &self.services.ids), self.now());
        let connection = Connection::new(self.settings.clone(), conn.clone(), ticket, now);
        let queue = SendQueue::new(codec, self.memory.clone());
        let (shards, level) = (self.shards.clone(), queue.level().clone());
        let registered = Arc::new(RegisteredConnection::new(id, shards, level, remote, now.wall));
        self.connections.insert(conn.clone(), registered.clone());
        let backend = Arc::new(SocketBackend::new(self.clone(), id, conn, registered));
        let state = Box::new(SocketState::new(connection, queue, backend, permits));
        self.shards.send(id, Command::Open(id, opening, state));
    }

    /// Makes this node one of several. With `reachable`, nodes also forward changes to each other.
    pub fn join(&self, reachable: Option<Reachable>) {
        let (services, follow) = (self.services.clone(), self.follow.clone());
        self.peers.join(services, follow, self.drain.clone(), &self.tasks, reachable);
    }

    /// Makes all sockets leave: admits no new one, sends each a `goaway` with a random delay, and answers changes in
    /// flight. Sockets that are still open after `grace`, such as those of clients that do not read, are cut. Returns at
    /// most a second later.
    pub async fn drain(&self, grace: Duration) {
        tokio::join!(self.drain.run(grace, &self.shards), async {
            // A store that does not answer must not delay the drain.
            let _ = tokio::time::timeout(grace, self.peers.leave(&self.services)).await;
        });
    }

    /// Ends the node. Earlier commits are already published: `service::Running::stop`, which is called first, waits for
    /// that.
    pub fn stop(&self) {
        self.shards.cut();
        self.tasks.stop();
    }

    /// Returns the node's name.
    pub fn name(&self) -> &str {
        &self.settings.node
    }

    /// Returns how many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.drain.open_sockets()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.drain.is_draining()
    }

    pub(crate) fn now(&self) -> Now {
        self.services.ports.clock.present()
    }

    pub(crate) fn next_socket(&self) -> SocketId {
        self.shards.socket(self.next_socket.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the number of another session, and the shard of sessions.
    pub(crate) fn next_session(&self) -> Option<(SocketId, SessionShard)> {
        let (id, sessions) = self.shards.session(self.next_session.fetch_add(1, Ordering::Relaxed))?;
        Some((id, sessions.clone()))
    }
}

//! The tier itself: accepts sockets, drives hub and sessions, and connects them to the logs, the bus and
//! the other nodes.
//!
//! Decides nothing that hub or session could decide: it carries out what they ask for.

mod connections;
mod delivery;
mod follow;
mod peers;
mod presence;
mod relay;
mod replay;
mod send_queue;
mod shard;
mod sign_in;
mod signals;
mod socket;
mod socket_io;
mod upgrade;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::limits::{DELIVERY_QUEUE, REPLAYS_PER_NODE};
use axum::Router;
use domain::limits::Limits;
use domain::{Epoch, LogId, Timestamp};
use service::ports::StoreError;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::internal::{self, AccessKeys};
pub(crate) use connections::{Connections, RemoteAddress};
pub(crate) use peers::Peers;
pub use peers::Reachable;
use presence::Watches;
use realtime::Parts;
use realtime::hub::{Effect, Hub, Request, SocketId};
use realtime::protocol::Settings;
pub(crate) use send_queue::PostError;
use shard::Shards;
use signals::TypingBudget;

/// How much of its grace a drain spreads the clients' departure over.
const SPREAD: f64 = 0.6;
/// How long sockets whose time is over have to take themselves out of hub and presence.
const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// How a node is set up.
#[derive(Debug, Clone)]
pub struct TierSettings {
    /// Its name, shown to people: short, and unlike those of the other nodes.
    pub node: String,
    /// Frames, sockets, heartbeat.
    pub limits: Limits,
    /// Tasks that own sockets' backlogs; one a core is right.
    pub shards: usize,
}

impl TierSettings {
    /// The defaults, with a random name.
    pub fn new(limits: Limits) -> Self {
        let node = format!("n-{:04x}", rand::random::<u16>());
        let shards = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
        TierSettings { node, limits, shards }
    }
}

/// A node's WebSocket tier. Add it to [`service::Logs`] as a listener: see [`Tier::start`].
pub struct Tier {
    me: Weak<Tier>,
    parts: Parts,
    settings: Arc<Settings>,
    pub(crate) connections: Connections,
    shards: Shards,
    hub: Mutex<Hub>,
    /// Logs whose first read somebody waits for.
    starting: Mutex<HashMap<LogId, Arc<Notify>>>,
    /// What the hub asked for and needs I/O. Each log has at most one of each kind in it, so it is
    /// bounded by the logs that sockets follow.
    asked: mpsc::UnboundedSender<(Epoch, Effect)>,
    deliveries: Vec<mpsc::Sender<delivery::Job>>,
    watches: Mutex<Watches>,
    typing: Mutex<TypingBudget>,
    small_rooms: signals::SmallRooms,
    /// One for each page that is being read.
    replays: Semaphore,
    next_socket: AtomicU64,
    open: AtomicUsize,
    one_less: Notify,
    restarting: AtomicBool,
    /// Whether the other nodes know of this one.
    joined: AtomicBool,
    drain: watch::Sender<Drain>,
    stop: CancellationToken,
}

/// How far the node is on its way to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drain {
    /// It stays.
    No,
    /// Sockets leave within this time, each at a moment of its own.
    Within(Duration),
    /// Whatever is still open is cut.
    Now,
}

impl Tier {
    /// Starts the tier of a node. From then on it hears the commits of `parts.logs` and the bus.
    pub async fn start(parts: Parts, settings: TierSettings) -> Result<Arc<Tier>, StoreError> {
        let epoch = parts.store.log.epoch().await?;
        let shards = settings.shards.max(1);
        let (asked, asks) = mpsc::unbounded_channel();
        let (deliveries, jobs) = (0..shards).map(|_| mpsc::channel(DELIVERY_QUEUE)).unzip();
        let tier = Arc::new_cyclic(|me| Tier {
            me: me.clone(),
            settings: Arc::new(Settings { node: settings.node, limits: settings.limits }),
            connections: Connections::default(),
            shards: Shards::start(shards),
            hub: Mutex::new(Hub::new(epoch, shards)),
            starting: Mutex::default(),
            asked,
            deliveries,
            watches: Mutex::default(),
            typing: Mutex::default(),
            small_rooms: signals::SmallRooms::default(),
            replays: Semaphore::new(REPLAYS_PER_NODE),
            next_socket: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            one_less: Notify::new(),
            restarting: AtomicBool::new(false),
            joined: AtomicBool::new(false),
            drain: watch::Sender::new(Drain::No),
            stop: CancellationToken::new(),
            parts,
        });
        tier.spawn(follow::run(tier.clone(), asks));
        let jobs: Vec<mpsc::Receiver<delivery::Job>> = jobs;
        for jobs in jobs {
            tier.spawn(delivery::run(tier.clone(), jobs));
        }
        tier.spawn(relay::bus(tier.clone()));
        tier.spawn(relay::changes(tier.clone()));
        tier.spawn(presence::run(tier.clone()));
        tier.parts.logs.add_listener(tier.clone());
        tier.parts.presence.add_listener(tier.clone());
        tier.parts.marks.add_listener(tier.clone());
        Ok(tier)
    }

    /// `GET /v1/ws`.
    pub fn router(self: &Arc<Self>) -> Router {
        upgrade::router(self.clone())
    }

    /// What the private port answers: `/@connections/{id}`, and what other nodes hand over. Each request is signed with
    /// one of `keys`.
    pub fn internal_router(self: &Arc<Self>, keys: Arc<AccessKeys>) -> Router {
        internal::router(self.clone(), keys)
    }

    /// Lets all sockets go: no new ones, a `goaway` with a spread delay to each, changes in flight are answered. Sockets
    /// that are still open after `grace`, such as those of clients that do not read, are cut. Returns at most a second
    /// later; from then on the tier does nothing any more.
    pub async fn drain(&self, grace: Duration) {
        let end = tokio::time::Instant::now() + grace;
        self.drain.send_replace(Drain::Within(grace.mul_f64(SPREAD)));
        let left = async { tokio::join!(self.leave(), self.all_closed()) };
        if tokio::time::timeout_at(end, left).await.is_err() {
            tracing::warn!(
                open = self.open_sockets(),
                "sockets were still open when the grace period ended, cutting them"
            );
            self.drain.send_replace(Drain::Now);
            let _ = tokio::time::timeout(LEAVE_WAIT, self.all_closed()).await;
        }
        self.stop.cancel();
    }

    /// Returns once no socket is open.
    async fn all_closed(&self) {
        while self.open_sockets() > 0 {
            let one_less = self.one_less.notified();
            tokio::pin!(one_less);
            one_less.as_mut().enable();
            if self.open_sockets() > 0 {
                one_less.await;
            }
        }
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        &self.settings.node
    }

    /// How many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.drain.borrow() != Drain::No
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// A task of the tier's; ends with it.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Asks the hub, and carries out what it answers. Hand-overs happen under its lock, so that their
    /// order is the hub's own.
    fn drive<R>(&self, ask: impl FnOnce(&mut Hub, &mut Vec<Effect>) -> R) -> R {
        let mut effects = Vec::new();
        let mut hub = self.hub();
        let answer = ask(&mut hub, &mut effects);
        let epoch = hub.epoch();
        for effect in effects {
            match effect {
                Effect::Enqueue { shard, to, frames } => self.shards.enqueue(shard, to, frames),
                Effect::Close { socket, code } => self.shards.close(socket, code),
                // The receiver lives as long as the tier; once it stopped, nobody needs the effect.
                other => drop(self.asked.send((epoch, other))),
            }
        }
        answer
    }

    /// No code panics while it holds this lock.
    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the log's position is known; false when the request counts no more.
    async fn ready(&self, request: &Request) -> bool {
        self.log_ready(request.log, |hub| hub.is_current(request)).await
    }

    /// Waits until the log's position is known, as long as `wanted`.
    async fn log_ready(&self, log: LogId, wanted: impl Fn(&Hub) -> bool) -> bool {
        loop {
            let started = {
                let hub = self.hub();
                if !wanted(&hub) || hub.is_ready(log) {
                    return wanted(&hub);
                }
                // Made under the hub's lock, so the news cannot pass between the look and the wait.
                self.starting().entry(log).or_default().clone().notified_owned()
            };
            started.await;
        }
    }

    fn starting(&self) -> MutexGuard<'_, HashMap<LogId, Arc<Notify>>> {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something of another epoch was met. If the store is of another one now, all that this node
    /// believes is wrong: sockets are closed, and the hub starts afresh.
    async fn check_epoch(&self) {
        if self.restarting.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Ok(epoch) = self.parts.store.log.epoch().await {
            self.enter_epoch(epoch);
        }
        self.restarting.store(false, Ordering::Release);
    }

    /// The store said that this is its epoch.
    fn enter_epoch(&self, epoch: Epoch) {
        if self.hub().epoch() != epoch {
            // Before the sockets close, which writes the marks of their users.
            self.parts.marks.forget();
        }
        let changed = self.drive(|hub, effects| {
            let changed = hub.epoch() != epoch;
            if changed {
                tracing::warn!(%epoch, "the store has another epoch: all sockets start afresh");
                hub.restart(epoch, effects);
            }
            changed
        });
        if changed {
            self.starting().drain().for_each(|(_, waiting)| waiting.notify_waiters());
        }
    }

    fn next_socket(&self) -> SocketId {
        self.next_socket.fetch_add(1, Ordering::Relaxed)
    }
}

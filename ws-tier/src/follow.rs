//! Follows logs for this node: drives the hub, and does the I/O that it requests.
//!
//! Never decides who gets a message.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{Epoch, LogId, Now, Refusal, Seq};
use parking_lot::{Mutex, MutexGuard};
use realtime::hub::{Effect, EntryDelivery, Hub, Request, SocketId};
use realtime::interpreter::{Stretch, deliveries, head, retried, stretch};
use service::Services;
use service::ports::{BusStatus, StoreError};
use tokio::sync::{Notify, mpsc};
use tokio::time::MissedTickBehavior;

use crate::limits::READ_RETRY;
use crate::shards::{Command, Shards};
use crate::tasks::Tasks;

/// Maximum number of entries in one read.
const READ_ENTRIES: u64 = 256;

/// The hub of a node, and the parts that carry out its effects.
pub(crate) struct Follow {
    services: Services,
    tasks: Tasks,
    hub: Mutex<Hub>,
    shards: Shards,
    /// Logs that are being opened, for the requests that wait for them.
    starting: Mutex<HashMap<LogId, Arc<Notify>>>,
    /// Effects that need I/O. Holds at most one of each kind per log, so it is bounded by the logs that sockets follow.
    effects: mpsc::UnboundedSender<(Epoch, Effect)>,
    checking_epoch: AtomicBool,
}

impl Follow {
    /// Starts following logs for the sockets of these shards, `count` in all.
    pub async fn start(
        services: Services,
        tasks: Tasks,
        shards: Shards,
        count: usize,
    ) -> Result<Arc<Follow>, StoreError> {
        let epoch = services.ports.store.log.epoch().await?;
        let (effects, queue) = mpsc::unbounded_channel();
        let follow = Arc::new(Follow {
            services,
            tasks: tasks.clone(),
            hub: Mutex::new(Hub::new(epoch, count)),
            shards,
            starting: Mutex::default(),
            effects,
            checking_epoch: AtomicBool::new(false),
        });
        tasks.essential("follow", run(follow.clone(), queue));
        Ok(follow)
    }

    /// Returns the hub, for queries.
    pub fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock()
    }

    /// Calls the hub, and carries out its effects. Messages are queued under its lock, so that they keep the hub's order.
    pub fn drive<R>(&self, call: impl FnOnce(&mut Hub, &mut Vec<Effect>) -> R) -> R {
        let mut effects = Vec::new();
        let mut hub = self.hub();
        let answer = call(&mut hub, &mut effects);
        let epoch = hub.epoch();
        for effect in effects {
            match effect {
                Effect::Enqueue { shard, to, messages } => self.shards.enqueue(shard, to, messages),
                Effect::Close { socket, code } => self.shards.send(socket, Command::Close(socket, code)),
                // The receiver lives as long as the node; once it has stopped, no socket needs the effect.
                other => drop(self.effects.send((epoch, other))),
            }
        }
        answer
    }

    /// Like [`Follow::drive`], unless the hub has entered an epoch other than `epoch` since.
    pub fn drive_in(&self, epoch: Epoch, call: impl FnOnce(&mut Hub, Duration, &mut Vec<Effect>)) {
        let elapsed = self.now().elapsed;
        self.drive(|hub, effects| {
            if hub.epoch() == epoch {
                call(hub, elapsed, effects);
            }
        });
    }

    /// Removes a socket from the hub.
    pub fn close(&self, socket: SocketId) {
        let elapsed = self.now().elapsed;
        self.drive(|hub, _| hub.detach(socket, elapsed));
    }

    /// Waits until the position of the request's log is known; false when a newer request has replaced this one.
    pub async fn ready(&self, request: &Request) -> bool {
        self.log_ready(request.log, |hub| hub.is_current(request)).await
    }

    /// Waits until the log's position is known, for as long as `wanted`.
    pub async fn log_ready(&self, log: LogId, wanted: impl Fn(&Hub) -> bool) -> bool {
        loop {
            let started = {
                let hub = self.hub();
                if !wanted(&hub) || hub.is_ready(log) {
                    return wanted(&hub);
                }
                // Created under the hub's lock, so the signal cannot be missed between the check and the wait.
                self.starting.lock().entry(log).or_default().clone().notified_owned()
            };
            started.await;
        }
    }

    /// Checks whether the store has another epoch, because something of another epoch arrived.
    pub async fn check_epoch(&self) {
        if self.checking_epoch.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Ok(epoch) = self.services.ports.store.log.epoch().await {
            self.enter_epoch(epoch);
        }
        self.checking_epoch.store(false, Ordering::Release);
    }

    /// Enters the store's epoch. If it is another one, all state of this node is void: closes its sockets.
    pub fn enter_epoch(&self, epoch: Epoch) {
        if self.hub().epoch() != epoch {
            // Before the sockets close, which writes their users' marks.
            self.services.marks.forget();
        }
        let changed = self.drive(|hub, effects| {
            let changed = hub.epoch() != epoch;
            if changed {
                tracing::warn!(%epoch, "the store has another epoch, closing all sockets");
                hub.restart(epoch, effects);
            }
            changed
        });
        if changed {
            self.starting.lock().drain().for_each(|(_, waiting)| waiting.notify_waiters());
        }
    }

    /// Unsubscribes from logs that no socket follows any longer, until the node ends.
    pub async fn keep_up(self: Arc<Self>) {
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            second.tick().await;
            let elapsed = self.now().elapsed;
            self.drive(|hub, effects| hub.tick(elapsed, effects));
            let (logs, sockets) = self.hub().counts();
            metrics::gauge!("palaver_logs_followed").set(logs as f64);
            metrics::gauge!("palaver_sockets").set(sockets as f64);
        }
    }

    fn now(&self) -> Now {
        self.services.ports.clock.present()
    }

    /// Subscribes to a log's channel and reads its head after the bus has confirmed the subscription: later commits
    /// arrive by the bus, earlier ones are below the head.
    async fn subscribe(&self, epoch: Epoch, log: LogId) {
        let bus = &self.services.ports.bus;
        let mut status = bus.status();
        let was_up = *status.borrow_and_update() == BusStatus::Up;
        bus.subscribe(log).await;
        let Ok((found, head)) = retried(|| self.retry(epoch), || head(&self.services, log)).await else { return };
        if found != epoch {
            return self.check_epoch().await;
        }

        self.drive_in(epoch, |hub, _, effects| hub.started(log, head, effects));
        if let Some(waiting) = self.starting.lock().remove(&log) {
            waiting.notify_waiters();
        }
        if !was_up || status.has_changed().unwrap_or(true) {
            // The subscription may have been confirmed after that read of the head.
            self.drive(|hub, effects| hub.check(log, effects));
        }
    }

    /// Reads the missing entries after a gap or a hint, page by page as the hub asks.
    async fn read(&self, epoch: Epoch, log: LogId, after: Seq) {
        let read = async || -> Result<(Stretch, Vec<EntryDelivery>), Refusal> {
            let mut stretch = stretch(&self.services, log, after, READ_ENTRIES).await?;
            let entries = match stretch.epoch == epoch {
                true => deliveries(&self.services, log, &stretch.entries, std::mem::take(&mut stretch.texts)).await?,
                false => Vec::new(),
            };
            Ok((stretch, entries))
        };
        let Ok((stretch, entries)) = retried(|| self.retry(epoch), read).await else { return };
        if stretch.epoch != epoch {
            return self.check_epoch().await;
        }
        self.drive_in(epoch, |hub, elapsed, effects| {
            hub.read_done(log, &entries, stretch.head, elapsed, effects);
        });
    }

    /// Returns the pause before a failed read is retried; `None` when the hub has entered an epoch other than `epoch`.
    fn retry(&self, epoch: Epoch) -> Option<Duration> {
        (self.hub().epoch() == epoch).then_some(READ_RETRY)
    }
}

/// Carries out the hub's effects until the node ends.
async fn run(follow: Arc<Follow>, mut effects: mpsc::UnboundedReceiver<(Epoch, Effect)>) {
    while let Some((epoch, effect)) = effects.recv().await {
        let this = follow.clone();
        match effect {
            Effect::Subscribe(log) => {
                follow.tasks.spawn("subscribe", async move { this.subscribe(epoch, log).await });
            }
            Effect::Read { log, after } => {
                follow.tasks.spawn("read", async move { this.read(epoch, log, after).await });
            }
            // Not spawned: a later subscription of the same log must come after it.
            Effect::Unsubscribe(log) => follow.services.ports.bus.unsubscribe(log).await,
            Effect::Enqueue { .. } | Effect::Close { .. } => unreachable!("the caller of the hub carries it out"),
        }
    }
}

//! All use cases of a process, put together from ports: the one place that knows who needs whom.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval};

use crate::auth::{Auth, AuthSettings, SigningKeys};
use crate::feed::{CatchUp, Consumer, Feed, FeedSettings, Notify, OwnRooms};
use crate::log::Logs;
use crate::ports::{Blobs, Bus, PresenceStore, Store};
use crate::supervisor::{Policy, Supervised, Supervisor};
use crate::{Access, Clock, Files, Marks, Messages, Notifications, Presence, Rooms, UserCache};

/// How often marks that are due are written.
const MARKS_INTERVAL: Duration = Duration::from_secs(5);
/// How often what is over is removed: sessions, tickets, marks of deleted notifications.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
/// How often the feed asks for rooms that others wrote to.
const CHANGES_INTERVAL: Duration = Duration::from_secs(1);

/// What the use cases stand on.
pub struct Ports {
    /// Rows and logs.
    pub store: Store,
    /// The bytes of files.
    pub blobs: Arc<dyn Blobs>,
    /// The other nodes.
    pub bus: Arc<dyn Bus>,
    /// Who is there.
    pub presence: Arc<dyn PresenceStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What the use cases are set to.
pub struct ServiceSettings {
    /// This node's name; the owner of its leases.
    pub node: String,
    /// The limits that an operator may set.
    pub limits: Limits,
    /// Signing in.
    pub auth: AuthSettings,
    /// What tokens are signed with.
    pub keys: SigningKeys,
}

/// All use cases.
#[derive(Clone)]
pub struct Services {
    /// The ports that they stand on.
    pub ports: Arc<Ports>,
    /// Appends.
    pub logs: Arc<Logs>,
    /// Names.
    pub user_cache: Arc<UserCache>,
    /// Who may see which room.
    pub access: Arc<Access>,
    /// Read marks.
    pub marks: Arc<Marks>,
    /// Messages and history.
    pub messages: Arc<Messages>,
    /// Rooms and members.
    pub rooms: Arc<Rooms>,
    /// Accounts and sessions.
    pub auth: Arc<Auth>,
    /// Who is there.
    pub presence: Arc<Presence>,
    /// Notifications.
    pub notifications: Arc<Notifications>,
    /// Files.
    pub files: Arc<Files>,
    /// What follows from entries.
    pub feed: Arc<Feed>,
    /// The same, for a process that is woken with rooms to look at.
    pub catch_up: Arc<CatchUp>,
}

impl Services {
    /// Puts them together. Nothing runs yet: see [`Services::start`].
    pub fn new(ports: Ports, settings: ServiceSettings) -> Services {
        let ServiceSettings { node, limits, auth, keys } = settings;
        let (store, clock, bus) = (ports.store.clone(), ports.clock.clone(), ports.bus.clone());
        let logs = Logs::new(store.clone(), clock.clone(), limits.clone());
        let user_cache = UserCache::new(store.clone(), clock.clone());
        let access = Access::new(store.clone());
        let marks = Marks::new(store.clone(), bus.clone(), clock.clone());
        let auth = Auth::new(store.clone(), logs.clone(), user_cache.clone(), clock.clone(), keys, auth);
        let messages = Messages::new(store.clone(), logs.clone(), user_cache.clone(), access.clone(), marks.clone());
        let rooms = Rooms::new(store.clone(), logs.clone(), access.clone(), user_cache.clone(), limits.clone());
        let presence = Presence::new(
            store.clone(),
            ports.presence.clone(),
            access.clone(),
            user_cache.clone(),
            bus,
            clock.clone(),
        );
        let notifications = Notifications::new(store.clone(), logs.clone(), user_cache.clone(), clock.clone());
        let files = Files::new(store.clone(), ports.blobs.clone(), access.clone(), clock.clone(), &limits);
        let notify = Notify::new(logs.clone(), store.clone(), user_cache.clone());
        let consumers: Vec<Arc<dyn Consumer>> = vec![OwnRooms::new(logs.clone()), notify];
        let catch_up = CatchUp::new(store.clone(), clock.clone(), consumers.clone(), node.clone());
        let feed = FeedSettings { owner: node, changes_every: CHANGES_INTERVAL };
        let feed = Feed::new(store, clock, consumers, feed);
        logs.add_listener(files.clone());
        logs.add_listener(marks.clone());
        let ports = Arc::new(ports);
        Services {
            ports,
            logs,
            user_cache,
            access,
            marks,
            messages,
            rooms,
            auth,
            presence,
            notifications,
            files,
            feed,
            catch_up,
        }
    }

    /// Does at once what a call left to be done beside it: for a process that stands still between its calls.
    pub async fn settle(&self) {
        tokio::join!(self.marks.flush(), self.files.settle());
    }

    /// Evicts what can be read again, because the process is short of memory.
    pub fn shrink(&self) {
        self.user_cache.shrink();
        self.access.shrink();
    }

    /// Starts what runs beside the calls: the feed, the sweeps, the writing of marks. The WebSocket tier
    /// tells the other nodes of commits; a process without one has a [`crate::Publisher`].
    pub fn start(&self) -> Running {
        self.start_duties(Duties::default())
    }

    /// As [`Services::start`], where some of it is the work of other processes.
    pub fn start_duties(&self, duties: Duties) -> Running {
        let supervisor = Supervisor::new();
        if duties.feed {
            self.feed.start(&self.logs, &supervisor);
        }
        let mut tasks = Vec::new();
        if duties.files {
            let files = self.files.clone();
            tasks.push(supervisor.supervise("files_sweep", Policy::Restart, move || files.clone().run()));
        }
        let marks = self.marks.clone();
        tasks.push(supervisor.supervise("marks", Policy::Restart, move || flush_marks(marks.clone())));
        let services = self.clone();
        tasks.push(supervisor.supervise("sweep", Policy::Restart, move || sweep(services.clone())));
        Running { services: self.clone(), supervisor, tasks }
    }
}

/// What a process does beside its calls, of what one process of an installation at least has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duties {
    /// The event feed: notifications, the users' rows of rooms.
    pub feed: bool,
    /// Removes files that are over.
    pub files: bool,
}

impl Default for Duties {
    fn default() -> Self {
        Duties { feed: true, files: true }
    }
}

/// What [`Services::start`] started; ends with [`Running::stop`].
pub struct Running {
    services: Services,
    supervisor: Supervisor,
    tasks: Vec<Supervised>,
}

impl Running {
    /// What watches the background tasks: for further ones of this process, and for [`Supervisor::failed`], which whoever
    /// serves awaits beside the signal to stop.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Takes no new change, finishes what is under way, tells the other nodes of it, and writes what waits.
    pub async fn stop(self) {
        self.services.logs.drain().await;
        self.services.feed.stop().await;
        self.services.marks.flush().await;
        join_all(self.tasks.into_iter().map(Supervised::abort)).await;
        // What was handed to the bus leaves the process before it ends.
        self.services.ports.bus.flush().await;
    }
}

async fn flush_marks(marks: Arc<Marks>) {
    let mut ticks = interval(MARKS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        marks.flush_due().await;
    }
}

async fn sweep(services: Services) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = services.ports.clock.now();
        if let Err(error) = services.auth.sweep().await {
            tracing::warn!(%error, "sessions were not swept; it is tried again");
        }
        if let Err(error) = services.ports.store.notifications.sweep(now).await {
            tracing::warn!(%error, "notifications were not swept; it is tried again");
        }
        if let Err(error) = services.ports.store.nodes.sweep(now).await {
            tracing::warn!(%error, "sockets and nodes were not swept; it is tried again");
        }
    }
}

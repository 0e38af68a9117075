//! Assembles all use cases of a process from ports: the one place that knows their dependencies.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::name::Slug;
use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval};

use crate::auth::{Auth, AuthSettings, SigningKeys};
use crate::compat::{Compat, CompatMode, CompatParts};
use crate::feed::{CatchUp, Consumer, Feed, FeedSettings, Notify, OwnRooms, Requests};
use crate::ids::{Ids, Random};
use crate::limits::{DELETIONS_INTERVAL, REPORT_INTERVAL};
use crate::log::Logs;
use crate::ports::{Blobs, Bus, PresenceStore, SharedLimits, Store};
use crate::room_kinds::RoomKinds;
use crate::rooms::{Approaches, DirectPolicy, RoomRules};
use crate::shared_counts::SharedCounts;
use crate::supervisor::{Policy, Supervised, Supervisor};
use crate::{Access, Admin, Clock, Files, Marks, Messages, Notifications, Offers, Presence, Rooms, UserCache};

/// How often due marks are written.
const MARKS_INTERVAL: Duration = Duration::from_secs(5);
/// How often expired rows are removed: sessions, tickets, tombstones of deleted notifications.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3600);
/// How often the feed asks for rooms that other nodes wrote to.
const CHANGES_INTERVAL: Duration = Duration::from_secs(1);

/// The ports that the use cases depend on.
pub struct Ports {
    /// The stores of rows and logs.
    pub store: Store,
    /// The bytes of files.
    pub blobs: Arc<dyn Blobs>,
    /// The bus to the other nodes.
    pub bus: Arc<dyn Bus>,
    /// The presence of users.
    pub presence: Arc<dyn PresenceStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
    /// What all processes count together; `None` if each counts by itself.
    pub limits: Option<Arc<dyn SharedLimits>>,
}

/// The settings of the use cases.
pub struct ServiceSettings {
    /// This node's name, which owns its leases.
    pub node: String,
    /// The limits that an operator can set.
    pub limits: Limits,
    /// The settings of sign-in.
    pub auth: AuthSettings,
    /// The keys that sign access tokens.
    pub keys: SigningKeys,
    /// The slugs of the rooms that everybody is offered first.
    pub default_rooms: Vec<Slug>,
    /// Who may open a direct room with whom.
    pub direct: DirectPolicy,
    /// What is offered to those who are not signed in.
    pub offers: Offers,
    /// Who may use the older contract.
    pub compat: CompatMode,
}

/// All use cases.
#[derive(Clone)]
pub struct Services {
    /// The ports that they depend on.
    pub ports: Arc<Ports>,
    /// The source of new ids and random bytes.
    pub ids: Ids,
    /// The appenders of all logs.
    pub logs: Arc<Logs>,
    /// The cache of users and files.
    pub user_cache: Arc<UserCache>,
    /// The look-up of rooms with access checks.
    pub access: Arc<Access>,
    /// The read marks.
    pub marks: Arc<Marks>,
    /// The messages and their history.
    pub messages: Arc<Messages>,
    /// The rooms and their members.
    pub rooms: Arc<Rooms>,
    /// What is offered to those who are not signed in.
    pub offers: Arc<Offers>,
    /// The accounts and sessions.
    pub auth: Arc<Auth>,
    /// What operators and admins do.
    pub admin: Arc<Admin>,
    /// The presence of users.
    pub presence: Arc<Presence>,
    /// The notifications.
    pub notifications: Arc<Notifications>,
    /// The files.
    pub files: Arc<Files>,
    /// What clients of the older contract do.
    pub compat: Arc<Compat>,
    /// The event feed, which handles what follows from entries.
    pub feed: Arc<Feed>,
    /// What this process counts together with others.
    pub shared_counts: Arc<SharedCounts>,
    /// The event feed of a process that runs only when an event names rooms.
    pub catch_up: Arc<CatchUp>,
}

impl Services {
    /// Creates all use cases. Nothing runs yet: see [`Services::start`].
    pub fn new(ports: Ports, settings: ServiceSettings) -> Services {
        let ServiceSettings { node, limits, auth, keys, default_rooms, direct, offers, compat } = settings;
        let (store, clock, bus) = (ports.store.clone(), ports.clock.clone(), ports.bus.clone());
        let ids = Ids::new(clock.clone(), ports.random.clone());
        let logs = Logs::new(store.clone(), clock.clone(), limits.clone());
        let shared_counts = SharedCounts::new(ports.limits.clone(), clock.clone());
        logs.share_counts(&shared_counts);
        let user_cache = UserCache::new(store.clone(), clock.clone());
        let access = Access::new(store.clone());
        let marks = Marks::new(store.clone(), bus.clone(), clock.clone());
        let auth = Auth::new(
            store.clone(),
            logs.clone(),
            user_cache.clone(),
            clock.clone(),
            ids.clone(),
            keys,
            auth,
            ports.limits.clone(),
        );
        let admin =
            Admin::new(store.clone(), logs.clone(), auth.clone(), user_cache.clone(), clock.clone(), ids.clone());
        let kinds = RoomKinds::new(store.clone());
        let messages = Messages::new(
            store.clone(),
            logs.clone(),
            user_cache.clone(),
            access.clone(),
            marks.clone(),
            kinds.clone(),
        );
        let requests = Requests::new(store.clone(), logs.clone(), user_cache.clone(), kinds);
        let own_rooms = OwnRooms::new(store.clone(), logs.clone(), requests.clone());
        let rooms = Rooms::new(
            store.clone(),
            logs.clone(),
            access.clone(),
            user_cache.clone(),
            ids.clone(),
            RoomRules { limits: limits.clone(), offered: default_rooms, direct },
            Approaches::new(&limits, ports.limits.clone(), clock.clone()),
            own_rooms.clone(),
        );
        let presence = Presence::new(
            store.clone(),
            ports.presence.clone(),
            access.clone(),
            user_cache.clone(),
            bus,
            clock.clone(),
        );
        let notifications =
            Notifications::new(store.clone(), logs.clone(), user_cache.clone(), clock.clone(), ids.clone());
        let files = Files::new(store.clone(), ports.blobs.clone(), access.clone(), clock.clone(), ids.clone(), &limits);
        let compat = Compat::new(
            compat,
            CompatParts {
                store: store.clone(),
                access: access.clone(),
                user_cache: user_cache.clone(),
                rooms: rooms.clone(),
                messages: messages.clone(),
                presence: presence.clone(),
                notifications: notifications.clone(),
                files: files.clone(),
                clock: clock.clone(),
            },
        );
        let notify = Notify::new(logs.clone(), store.clone(), user_cache.clone(), requests);
        let consumers: Vec<Arc<dyn Consumer>> = vec![own_rooms, notify];
        let catch_up = CatchUp::new(store.clone(), clock.clone(), consumers.clone(), node.clone());
        let feed = FeedSettings { owner: node, changes_every: CHANGES_INTERVAL };
        let feed = Feed::new(store, clock, consumers, feed);
        admin.remove_files_with(files.clone());
        logs.add_listener(files.clone());
        logs.add_listener(marks.clone());
        let ports = Arc::new(ports);
        Services {
            ports,
            ids,
            logs,
            user_cache,
            access,
            marks,
            messages,
            rooms,
            offers: Arc::new(offers),
            auth,
            admin,
            presence,
            notifications,
            files,
            compat,
            feed,
            shared_counts,
            catch_up,
        }
    }

    /// Finishes now what a call left for the background, for a process that is frozen between its calls.
    pub async fn settle(&self) {
        tokio::join!(self.marks.flush(), self.files.settle(), self.shared_counts.report());
    }

    /// Evicts everything that can be read again, because the process is short of memory.
    pub fn shrink(&self) {
        self.user_cache.shrink();
        self.access.shrink();
    }

    /// Starts the background tasks: the feed, the sweeps, the writing of marks. The WebSocket tier publishes commits to
    /// the other nodes; a process without one has a [`crate::Publisher`].
    pub fn start(&self) -> Running {
        self.start_duties(Duties::default())
    }

    /// Like [`Services::start`], if other processes do some of the work.
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
        if self.shared_counts.is_shared() {
            let counts = self.shared_counts.clone();
            tasks.push(supervisor.supervise("shared_counts", Policy::Restart, move || report(counts.clone())));
        }
        let admin = self.admin.clone();
        tasks.push(supervisor.supervise("deletions", Policy::Restart, move || finish_deletions(admin.clone())));
        let services = self.clone();
        tasks.push(supervisor.supervise("sweep", Policy::Restart, move || sweep(services.clone())));
        Running { services: self.clone(), supervisor, tasks }
    }
}

/// Selects the background work of a process, of the work that at least one process of an installation has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duties {
    /// The event feed: notifications, the users' rows of rooms.
    pub feed: bool,
    /// The removal of expired files.
    pub files: bool,
}

impl Default for Duties {
    fn default() -> Self {
        Duties { feed: true, files: true }
    }
}

/// The tasks that [`Services::start`] started; [`Running::stop`] ends them.
pub struct Running {
    services: Services,
    supervisor: Supervisor,
    tasks: Vec<Supervised>,
}

impl Running {
    /// The supervisor of the background tasks: for further tasks of this process, and for [`Supervisor::failed`], which
    /// a server awaits together with the signal to stop.
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// Accepts no new change, finishes those under way, publishes them to the other nodes, and writes waiting marks.
    pub async fn stop(self) {
        self.services.logs.drain().await;
        self.services.feed.stop().await;
        self.services.marks.flush().await;
        join_all(self.tasks.into_iter().map(Supervised::abort)).await;
        // Messages given to the bus leave the process before it ends.
        self.services.ports.bus.flush().await;
    }
}

async fn report(counts: Arc<SharedCounts>) {
    let mut ticks = interval(REPORT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        counts.report().await;
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

async fn finish_deletions(admin: Arc<Admin>) {
    let mut ticks = interval(DELETIONS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = admin.finish_deletions().await {
            tracing::warn!(%error, "deletions of accounts not finished, will retry");
        }
    }
}

async fn sweep(services: Services) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = services.ports.clock.now();
        if let Err(error) = services.auth.sessions.sweep().await {
            tracing::warn!(%error, "session sweep failed, will retry");
        }
        if let Err(error) = services.admin.sweep().await {
            tracing::warn!(%error, "audit sweep failed, will retry");
        }
        if let Err(error) = services.ports.store.notifications.sweep(now).await {
            tracing::warn!(%error, "notification sweep failed, will retry");
        }
        if let Err(error) = services.ports.store.nodes.sweep(now).await {
            tracing::warn!(%error, "connection and node sweep failed, will retry");
        }
    }
}

//! Turns commits into deliveries: each is published to the other nodes once, prepared once, and passed to the hub.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::{Body, LogId, MemberState, UserId};
use futures_util::future::BoxFuture;
use realtime::codec::CodecKind;
use realtime::hub::EntryDelivery;
use realtime::interpreter::deliveries;
use service::ports::{BusMessage, Committed};
use service::{CommitListener, Services};
use tokio::sync::{Notify, mpsc};

use crate::follow::Follow;
use crate::hot_rooms::{Batch, HotRooms};
use crate::limits::DELIVERY_QUEUE;
use crate::presence::PresenceWatch;
use crate::tasks::Tasks;

/// How long shutdown waits for commits to be published.
const FLUSH_WAIT: Duration = Duration::from_secs(2);

/// A commit on its way to the sockets.
pub(crate) struct Job {
    pub committed: Committed,
    /// Whether this node made it, so that it must be published to the other nodes.
    pub ours: bool,
}

/// The queues of commits. Commits of one log keep their order.
pub(crate) struct Deliveries {
    services: Services,
    follow: Arc<Follow>,
    presence: Arc<PresenceWatch>,
    tasks: Tasks,
    rooms: Vec<mpsc::Sender<Job>>,
    /// Apart from rooms: an entry of a user log needs reads of the store, which must not delay a room.
    users: Vec<mpsc::Sender<Job>>,
    /// Commits that have not been published or delivered.
    waiting: AtomicUsize,
    done: Notify,
}

impl Deliveries {
    /// Starts this many queues for rooms, and as many for user logs.
    pub fn start(
        services: Services,
        follow: Arc<Follow>,
        presence: Arc<PresenceWatch>,
        tasks: Tasks,
        queues: usize,
    ) -> Arc<Deliveries> {
        let queue = |_| mpsc::channel(DELIVERY_QUEUE);
        let (rooms, room_jobs): (Vec<_>, Vec<_>) = (0..queues).map(queue).unzip();
        let (users, user_jobs): (Vec<_>, Vec<_>) = (0..queues).map(queue).unzip();
        let (waiting, done) = (AtomicUsize::new(0), Notify::new());
        let deliveries =
            Arc::new(Deliveries { services, follow, presence, tasks: tasks.clone(), rooms, users, waiting, done });
        for jobs in room_jobs.into_iter().chain(user_jobs) {
            tasks.essential("delivery", run(deliveries.clone(), jobs));
        }
        deliveries
    }

    /// Queues a commit. If the queue is full, the hub gets a hint and reads the log.
    pub fn enqueue(&self, job: Job) {
        let Some(head) = job.committed.entries.last().map(|entry| entry.seq) else { return };
        let log = job.committed.log;
        let mut hasher = DefaultHasher::new();
        log.hash(&mut hasher);
        let queues = match log {
            LogId::Room(_) => &self.rooms,
            LogId::User(_) => &self.users,
        };
        let queue = &queues[(hasher.finish() % queues.len() as u64) as usize];

        self.waiting.fetch_add(1, Ordering::AcqRel);
        if queue.try_send(job).is_err() {
            self.finished(1);
            self.follow.drive(|hub, effects| hub.hint(log, head, effects));
        }
    }

    /// Returns once everything that was queued before has been published and delivered.
    async fn flushed(&self) {
        loop {
            let done = self.done.notified();
            tokio::pin!(done);
            done.as_mut().enable();
            if self.waiting.load(Ordering::Acquire) == 0 {
                return;
            }
            done.await;
        }
    }

    fn finished(&self, commits: usize) {
        if self.waiting.fetch_sub(commits, Ordering::AcqRel) == commits {
            self.done.notify_waiters();
        }
    }

    async fn handle(&self, Job { committed, ours }: Job, hot_rooms: &mut HotRooms) {
        if ours {
            // First, because it waits for nothing: looking up names here must not delay the other nodes.
            let message = BusMessage::Committed(committed.clone());
            self.services.ports.bus.publish(committed.log, message).await;
        }
        let prepared = self.prepare(&committed).await;

        for user in removed(&committed) {
            let presence = self.presence.clone();
            self.tasks.spawn("presence", async move { presence.removed(user).await });
        }
        if committed.epoch != self.follow.hub().epoch() {
            self.follow.check_epoch().await;
        }

        let Some(deliveries) = prepared else { return self.finished(1) };
        let Committed { log, epoch, .. } = committed;
        let sockets = log.room().map_or(0, |room| self.follow.hub().live_in(room));
        if let Some(batch) = hot_rooms.add(log, epoch, deliveries, sockets, self.elapsed()) {
            self.deliver(batch);
        }
    }

    /// Passes deliveries to the hub.
    fn deliver(&self, Batch { log, epoch, deliveries, commits, .. }: Batch) {
        self.follow.drive_in(epoch, |hub, elapsed, effects| hub.deliver(log, &deliveries, elapsed, effects));
        self.finished(commits);
    }

    fn elapsed(&self) -> Duration {
        self.services.ports.clock.elapsed()
    }

    /// Returns what sockets get of a commit, encoded, or `None` if no socket of this node needs it now.
    async fn prepare(&self, committed: &Committed) -> Option<Vec<EntryDelivery>> {
        let Committed { log, epoch, entries, texts } = committed;
        let head = entries.last().map_or(0, |entry| entry.seq);
        let wanted = self.follow.drive(|hub, effects| {
            if hub.epoch() != *epoch {
                return false;
            }
            let ready = hub.is_ready(*log);
            if !ready {
                // No socket follows it; or one is about to, and must get this commit.
                hub.hint(*log, head, effects);
            }
            ready
        });
        if !wanted {
            return None;
        }

        match deliveries(&self.services, *log, entries, texts.clone()).await {
            Ok(deliveries) => {
                // Encoded here, so that no shard has to.
                for delivery in &deliveries {
                    delivery.event.frame(CodecKind::Native);
                }
                Some(deliveries)
            }
            // The names could not be looked up: the reader retries until they can.
            Err(_) => {
                self.follow.drive(|hub, effects| hub.hint(*log, head, effects));
                None
            }
        }
    }
}

impl CommitListener for Deliveries {
    fn committed(&self, committed: &Committed) {
        self.enqueue(Job { committed: committed.clone(), ours: true });
    }

    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if tokio::time::timeout(FLUSH_WAIT, self.flushed()).await.is_err() {
                tracing::warn!("commits still wait to be published, other nodes will find them in the log");
            }
        })
    }
}

/// Handles commits until the node ends.
async fn run(deliveries: Arc<Deliveries>, mut jobs: mpsc::Receiver<Job>) {
    let mut hot_rooms = HotRooms::default();
    loop {
        let due = hot_rooms.next().map(|due| due.saturating_sub(deliveries.elapsed()));
        tokio::select! {
            biased;
            () = sleep(due) => hot_rooms.due(deliveries.elapsed()).into_iter().for_each(|batch| deliveries.deliver(batch)),
            job = jobs.recv() => match job {
                Some(job) => deliveries.handle(job, &mut hot_rooms).await,
                None => return,
            },
        }
    }
}

async fn sleep(due: Option<Duration>) {
    match due {
        Some(due) => tokio::time::sleep(due).await,
        None => std::future::pending().await,
    }
}

/// Returns the users whom these entries remove from a room: by the room's log, and by the user log on every node that
/// holds one of the user's sockets.
fn removed(committed: &Committed) -> BTreeSet<UserId> {
    let is_out = |state| matches!(state, MemberState::Left | MemberState::Kicked | MemberState::Banned);
    let removed = committed.entries.iter().filter_map(|entry| match (&entry.body, committed.log) {
        (Body::Member { user, state, .. }, LogId::Room(_)) if is_out(*state) => Some(*user),
        (Body::UserRoom(row), LogId::User(user)) if is_out(row.state) => Some(user),
        _ => None,
    });
    removed.collect()
}

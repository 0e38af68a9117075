//! Executes what the machine decides: reads, delivers, saves, renews, polls. One task that never waits for the store
//! itself, so that a slow room delays no other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::limits::{FEED_LEASE_LIFE, FEED_TICK};
use domain::limits::PAGE_ROWS;
use domain::{LogId, RoomId, Seq};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::reader::{perform, retry_of};
use super::scheduler::{FeedScheduler, Ran, Save, Sweep, lease_name};
use super::{Consumer, FeedSettings, Troubles};
use crate::clock::Clock;
use crate::ports::{Behind, ChangedLogs, ChangesCursor, Committed, Fence, Store, StoreResult};

/// The result of a job.
enum Done {
    Ran(RoomId, u64, Ran),
    Saved(RoomId, Vec<(usize, Seq)>),
    Leased(usize, Duration, StoreResult<Option<Fence>>),
    Changes(StoreResult<ChangedLogs>),
    Swept(Sweep, StoreResult<Behind>),
}

/// The parts of a feed, from which it is rebuilt after a failure.
#[derive(Clone)]
pub(super) struct FeedParts {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub consumers: Arc<[Arc<dyn Consumer>]>,
    pub settings: FeedSettings,
    /// Locked by the running feed.
    pub woken: Arc<Mutex<mpsc::Receiver<Committed>>>,
    pub missed: Arc<AtomicBool>,
    pub stopped: watch::Receiver<bool>,
    pub troubles: Arc<Troubles>,
}

/// Runs a feed until it is stopped, then saves the cursors and releases the leases.
pub(super) async fn run(parts: FeedParts) {
    let woken = parts.woken.clone().lock_owned().await;
    FeedTask::new(parts, woken).run().await;
}

struct FeedTask {
    store: Store,
    clock: Arc<dyn Clock>,
    consumers: Arc<[Arc<dyn Consumer>]>,
    settings: FeedSettings,
    woken: OwnedMutexGuard<mpsc::Receiver<Committed>>,
    missed: Arc<AtomicBool>,
    stopped: watch::Receiver<bool>,
    troubles: Arc<Troubles>,
    scheduler: FeedScheduler,
    jobs: JoinSet<Done>,
    began: Instant,
    cursor: Option<ChangesCursor>,
    asking_changes: bool,
    ask_changes_at: Duration,
}

impl FeedTask {
    fn new(parts: FeedParts, woken: OwnedMutexGuard<mpsc::Receiver<Committed>>) -> Self {
        let FeedParts { store, clock, consumers, settings, missed, stopped, troubles, .. } = parts;
        FeedTask {
            scheduler: FeedScheduler::new(consumers.len()),
            consumers,
            store,
            clock,
            settings,
            woken,
            missed,
            stopped,
            troubles,
            jobs: JoinSet::new(),
            began: Instant::now(),
            cursor: None,
            asking_changes: false,
            ask_changes_at: Duration::ZERO,
        }
    }

    async fn run(mut self) {
        self.began = Instant::now();
        let mut ticks = interval(FEED_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopped = self.stopped.clone();
        loop {
            self.begin_jobs();
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => break,
                Some(done) = self.jobs.join_next() => self.take(done),
                Some(committed) = self.woken.recv() => self.committed(&committed),
                _ = ticks.tick() => self.scheduler.tick(self.began.elapsed()),
            }
        }
        self.end().await;
    }

    fn committed(&mut self, committed: &Committed) {
        let Some(room) = committed.log.room() else { return };
        let now = self.began.elapsed();
        if !self.scheduler.committed(now, room, committed.epoch, &committed.entries) {
            // Either this node or the commit belongs to another epoch of the store. The store knows which.
            self.ask_changes_at = now;
        }
    }

    fn begin_jobs(&mut self) {
        let now = self.began.elapsed();
        if self.missed.swap(false, Ordering::Relaxed) {
            self.scheduler.look_everywhere();
        }
        while let Some(run) = self.scheduler.next_run(now) {
            let (store, consumers, troubles) = (self.store.clone(), self.consumers.clone(), self.troubles.clone());
            self.jobs.spawn(async move {
                let (room, number) = (run.room, run.number);
                Done::Ran(room, number, perform(&store, &consumers, &troubles, run).await)
            });
        }
        for save in self.scheduler.saves(now, false) {
            self.jobs.spawn(write(self.store.clone(), self.consumers.clone(), save));
        }
        for shard in self.scheduler.leases(now) {
            let (store, owner, at) = (self.store.clone(), self.settings.owner.clone(), self.clock.now());
            self.jobs.spawn(async move {
                let answer = store.feed.lease(&lease_name(shard), &owner, at, FEED_LEASE_LIFE).await;
                Done::Leased(shard, now, answer)
            });
        }
        if !self.asking_changes && self.ask_changes_at <= now {
            self.asking_changes = true;
            let (store, cursor) = (self.store.clone(), self.cursor.clone());
            self.jobs.spawn(async move { Done::Changes(store.log.changes(cursor.as_ref()).await) });
        }
        if let Some(sweep) = self.scheduler.next_sweep(now) {
            let (store, consumers) = (self.store.clone(), self.consumers.clone());
            self.jobs.spawn(async move {
                let found = store.feed.behind(consumers[sweep.consumer].name(), sweep.after, PAGE_ROWS).await;
                Done::Swept(sweep, found)
            });
        }
    }

    fn take(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let now = self.began.elapsed();
        match done.expect("jobs catch the panics of consumers, and stores do not panic") {
            Done::Ran(room, number, ran) => self.scheduler.ran(now, room, number, ran),
            Done::Saved(room, written) => self.scheduler.saved(now, room, &written),
            Done::Leased(shard, asked, answer) => self.scheduler.leased(asked, shard, answer.map_err(drop)),
            Done::Swept(sweep, Ok(found)) => self.scheduler.swept(now, &sweep, &found.rooms, found.next),
            Done::Swept(_, Err(error)) => self.scheduler.sweep_failed(now, retry_of(&error)),
            Done::Changes(answer) => self.changes(now, answer),
        }
    }

    fn changes(&mut self, now: Duration, answer: StoreResult<ChangedLogs>) {
        self.asking_changes = false;
        self.ask_changes_at = now + self.settings.changes_every;
        match answer {
            Ok(changed) => {
                self.scheduler.epoch(changed.epoch);
                for (log, head) in &changed.logs {
                    if let LogId::Room(room) = log {
                        self.scheduler.woken(now, *room, *head);
                    }
                }
                if changed.lost {
                    self.scheduler.look_everywhere();
                }
                self.cursor = Some(changed.next);
            }
            Err(error) => self.ask_changes_at = now + retry_of(&error).max(self.settings.changes_every),
        }
    }

    async fn end(mut self) {
        // Jobs under way finish, so that a cursor never stays behind what was done.
        while let Some(done) = self.jobs.join_next().await {
            self.take(done);
        }
        for save in self.scheduler.saves(self.began.elapsed(), true) {
            self.jobs.spawn(write(self.store.clone(), self.consumers.clone(), save));
        }
        while self.jobs.join_next().await.is_some() {}
        for shard in self.scheduler.held() {
            // A lease that is not released expires by itself.
            let _ = self.store.feed.release(&lease_name(shard), &self.settings.owner).await;
        }
    }
}

async fn write(store: Store, consumers: Arc<[Arc<dyn Consumer>]>, save: Save) -> Done {
    let mut written = Vec::with_capacity(save.cursors.len());
    for (consumer, seq) in save.cursors {
        match store.feed.advance(save.room, consumers[consumer].name(), save.fence, seq).await {
            Ok(()) => written.push((consumer, seq)),
            Err(error) => tracing::debug!(room = %save.room, %error, "feed cursor not saved, will retry"),
        }
    }
    Done::Saved(save.room, written)
}

//! The way into every log: one appender for each active log decides what is asked and appends it.
//!
//! Nothing else of the product calls `RoomLog::append`.

pub mod appender;
mod counts;
pub mod rates;
mod rows;
mod task;
mod write_health;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::limits::APPENDER_QUEUE;
use domain::limits::Limits;
use domain::{Ack, Change, LogId, Refusal};
use futures_util::future::{BoxFuture, join_all};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::ports::{AppendError, Appended, Committed, Forward, Store, StoreError};
use crate::refusals::{RETRY_MS, STORE_AWAY, overloaded};
use crate::supervisor;

pub use counts::AppendCounts;
use counts::Counts;
use rates::Rates;
use task::{AppenderTask, Submission};
use write_health::{LastWrite, WriteHealth};

/// The lease that is taken to find out whether writes work.
const PROBE_LEASE: &str = "health";

/// Hears what was committed here, in order for each log, before the ack.
pub trait CommitListener: Send + Sync {
    /// Entries are durable; edits carry their text. Called on the append path: never blocks.
    fn committed(&self, committed: &Committed);

    /// Returns once what was heard so far has been passed on, or after a short while without it. Called when the process
    /// ends: who passes commits on by a queue overrides it, or the last ones are lost with the queue.
    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// All logs, as this node appends to them.
pub struct Logs {
    store: Store,
    clock: Arc<dyn Clock>,
    rates: Rates,
    /// What the deadlines of all appenders count from.
    started: Instant,
    active: Mutex<HashMap<LogId, mpsc::Sender<Submission>>>,
    listeners: RwLock<Arc<[Arc<dyn CommitListener>]>>,
    draining: AtomicBool,
    /// How many changes wait for their answer.
    waiting: watch::Sender<usize>,
    /// The way to other nodes, where there are any.
    forward: OnceLock<Arc<dyn Forward>>,
    counts: Counts,
    last_write: LastWrite,
}

impl Logs {
    /// No log is active yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, limits: Limits) -> Arc<Self> {
        Arc::new(Logs {
            store,
            clock,
            rates: Rates::new(limits),
            started: Instant::now(),
            active: Mutex::default(),
            listeners: RwLock::new(Arc::new([])),
            draining: AtomicBool::new(false),
            waiting: watch::Sender::new(0),
            forward: OnceLock::new(),
            counts: Counts::default(),
            last_write: LastWrite::default(),
        })
    }

    /// Asks a log to take a change in. The answer is durable: an [`Ack`] comes only after the store
    /// committed. Refused with the codes of 2-protocol; `unavailable` means that it is not known.
    /// What was submitted goes on also when the caller stops waiting.
    pub async fn submit(self: &Arc<Self>, log: LogId, change: Change) -> Result<Ack, Refusal> {
        self.ask(log, change, false).await
    }

    /// Like [`Logs::submit`], for a change forwarded by another node because this node is the log's home.
    pub async fn submit_forwarded(self: &Arc<Self>, log: LogId, change: Change) -> Result<Ack, Refusal> {
        self.ask(log, change, true).await
    }

    async fn ask(self: &Arc<Self>, log: LogId, change: Change, forwarded: bool) -> Result<Ack, Refusal> {
        self.enqueue(log, change, forwarded)?.answer().await
    }

    /// Puts a change into its log's queue, without waiting for anything.
    pub(crate) fn enqueue(self: &Arc<Self>, log: LogId, change: Change, forwarded: bool) -> Result<Pending, Refusal> {
        if self.draining.load(Ordering::SeqCst) {
            return Err(Refusal::unavailable("The server is stopping. Connect again.", RETRY_MS));
        }
        let (reply, answer) = oneshot::channel();
        let reply = ReplyTo { reply: Some(reply), _waiting: Waiting::new(self.clone()) };
        self.send_to_task(log, Submission { change, forwarded, reply })?;
        Ok(Pending { answer })
    }

    /// From now on an appender that is overtaken again and again hands its changes over. The first one counts.
    pub fn forward_by(&self, forward: Arc<dyn Forward>) {
        let _ = self.forward.set(forward);
    }

    /// What the appenders of this node did so far.
    pub fn counts(&self) -> AppendCounts {
        self.counts.so_far()
    }

    /// Says whether writes work, by the fate of the last append. After a failure, now and then, by a write that changes
    /// nothing for anybody.
    pub async fn check_writes(&self) -> Result<(), StoreError> {
        let failing = || StoreError::Unavailable { why: "the last write failed".into(), retry_ms: RETRY_MS };
        match self.last_write.health(self.started.elapsed()) {
            WriteHealth::Work => Ok(()),
            WriteHealth::Fail => Err(failing()),
            WriteHealth::Probe => {
                // Over as soon as it is taken, so that each probe writes.
                let life = Duration::from_millis(1);
                self.store.feed.lease(PROBE_LEASE, PROBE_LEASE, self.clock.now(), life).await?;
                self.last_write.ended();
                Ok(())
            }
        }
    }

    /// Notes how an append went.
    fn note_append(&self, outcome: &Appended, entries: usize) {
        self.counts.append(outcome, entries);
        match outcome {
            Err(AppendError::Unavailable { .. } | AppendError::Unknown) => {
                self.last_write.failed(self.started.elapsed());
            }
            // A refusal of this one append says nothing of others.
            Ok(_) | Err(_) => self.last_write.ended(),
        }
    }

    /// From now on `listener` hears what is committed.
    pub fn add_listener(&self, listener: Arc<dyn CommitListener>) {
        let mut listeners = self.listeners.write();
        *listeners = listeners.iter().cloned().chain([listener]).collect();
    }

    /// Takes no new change (they get `unavailable`) and returns once all that were taken are decided, also those for whose
    /// answer nobody waits any more, and what they committed has been passed on.
    pub async fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        let mut waiting = self.waiting.subscribe();
        // The sender lives as long as `self`.
        let _ = waiting.wait_for(|waiting| *waiting == 0).await;

        let listeners = self.listeners.read().clone();
        join_all(listeners.iter().map(|listener| listener.flush())).await;
    }

    /// To the log's appender, which is started if there is none. Sent under the lock, so that an
    /// appender that ends ([`Logs::forget_quiet`]) cannot miss it.
    fn send_to_task(self: &Arc<Self>, log: LogId, submission: Submission) -> Result<(), Refusal> {
        let mut active = self.active.lock();
        // One whose task panicked is closed; its log goes on with a new one.
        let appender = active.get(&log).filter(|appender| !appender.is_closed()).cloned();
        let appender = appender.unwrap_or_else(|| {
            let (sender, submissions) = mpsc::channel(APPENDER_QUEUE);
            tokio::spawn(run_appender(AppenderTask::new(self.clone(), log, submissions), log));
            active.insert(log, sender.clone());
            sender
        });
        appender.try_send(submission).map_err(|_| overloaded())
    }

    fn tell(&self, committed: &Committed) {
        let listeners = self.listeners.read().clone();
        for listener in listeners.iter() {
            listener.committed(committed);
        }
    }

    /// An appender that has been quiet for long ends, unless something is on its way to it.
    fn forget_quiet(&self, log: LogId, submissions: &mpsc::Receiver<Submission>) -> bool {
        let mut active = self.active.lock();
        let quiet = submissions.is_empty();
        if quiet {
            active.remove(&log);
        }
        quiet
    }
}

/// Runs one log's appender. When it panics, what waits in it is answered `unavailable` (it drops the way back), and the next
/// change of the log starts another one, which knows nothing and reads the log first.
async fn run_appender(appender: AppenderTask, log: LogId) {
    if let Err(why) = supervisor::caught("appender", appender.run()).await {
        tracing::error!(%log, why, "appender failed, the next change starts another one");
    }
}

/// A change in the queue of its log.
pub(crate) struct Pending {
    answer: oneshot::Receiver<Result<Ack, Refusal>>,
}

impl Pending {
    /// Waits for the answer, which comes once.
    pub async fn answer(&mut self) -> Result<Ack, Refusal> {
        (&mut self.answer).await.unwrap_or_else(|_| Err(Refusal::unavailable(STORE_AWAY, RETRY_MS)))
    }
}

/// The way back to whoever submitted a change. Dropped without an answer, it says `unavailable`.
pub(super) struct ReplyTo {
    reply: Option<oneshot::Sender<Result<Ack, Refusal>>>,
    _waiting: Waiting,
}

impl ReplyTo {
    fn answer(mut self, answer: Result<Ack, Refusal>) {
        if let Some(reply) = self.reply.take() {
            // One who went away is no error: the change is durable all the same.
            let _ = reply.send(answer);
        }
    }
}

/// Counts a change that is not decided yet; [`Logs::drain`] waits until this is dropped. Held by the appender and not by the
/// caller, who may go away before the change is committed.
struct Waiting(Arc<Logs>);

impl Waiting {
    fn new(logs: Arc<Logs>) -> Self {
        logs.waiting.send_modify(|waiting| *waiting += 1);
        Waiting(logs)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

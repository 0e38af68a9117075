//! The way into every log: one appender for each active log decides changes and appends them.
//!
//! Nothing else in the product calls `RoomLog::append`.

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
use async_trait::async_trait;
use domain::limits::Limits;
use domain::{Ack, Change, LogId, Refusal, Timestamp};
use futures_util::future::{BoxFuture, join_all};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::ports::{AppendError, Appended, Committed, Forward, SharedLimits, Store, StoreError};
use crate::refusals::{RETRY_MS, STORE_AWAY, overloaded};
use crate::shared_counts::{Reports, SharedCounts};
use crate::supervisor;

pub use counts::AppendCounts;
use counts::Counts;
use rates::Rates;
use task::{AppenderTask, Submission};
use write_health::{LastWrite, WriteHealth};

/// The lease that a check takes to find out whether writes work.
const PROBE_LEASE: &str = "health";

/// Receives what was committed on this node, in order for each log, before the ack.
pub trait CommitListener: Send + Sync {
    /// Receives durable entries and the texts of edits. Called on the append path, so it must never block.
    fn committed(&self, committed: &Committed);

    /// Returns once everything received so far has been passed on, or after a short while without it. Called when the
    /// process ends: a listener that passes commits on through a queue overrides it, or the last ones are lost with the
    /// queue.
    fn flush(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// All logs, as this node appends to them.
pub struct Logs {
    store: Store,
    clock: Arc<dyn Clock>,
    rates: Rates,
    /// The start from which the deadlines of all appenders count.
    started: Instant,
    active: Mutex<HashMap<LogId, mpsc::Sender<Box<Submission>>>>,
    listeners: RwLock<Arc<[Arc<dyn CommitListener>]>>,
    draining: AtomicBool,
    /// The number of changes that wait for their answer.
    waiting: watch::Sender<usize>,
    /// The way to other nodes, if there are any.
    forward: OnceLock<Arc<dyn Forward>>,
    counts: Counts,
    last_write: LastWrite,
}

#[async_trait]
impl Reports for Logs {
    async fn report(&self, to: &dyn SharedLimits, now: Timestamp) {
        self.rates.report(to, now, || self.started.elapsed()).await;
    }
}

impl Logs {
    /// Creates the entry point without an active log.
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

    /// Counts sends and joins together with other nodes from now on.
    pub fn share_counts(self: &Arc<Self>, counts: &SharedCounts) {
        if counts.is_shared() {
            self.rates.share();
            counts.add(self.clone());
        }
    }

    /// Submits a change to a log. The answer is durable: an [`Ack`] comes only after the store has committed. Refusals
    /// use `domain::Code`; `unavailable` means that the outcome is unknown. A submitted change continues even
    /// if the caller stops waiting.
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
            return Err(Refusal::unavailable("The server is shutting down. Please reconnect.", RETRY_MS));
        }
        let (reply, answer) = oneshot::channel();
        let reply = ReplyTo { reply: Some(reply), _waiting: Waiting::new(self.clone()) };
        self.send_to_task(log, Box::new(Submission { change, forwarded, reply }))?;
        Ok(Pending { answer })
    }

    /// Makes appenders that keep losing forward their changes from now on. Only the first call counts.
    pub fn forward_by(&self, forward: Arc<dyn Forward>) {
        let _ = self.forward.set(forward);
    }

    /// Returns what the appenders of this node have done so far.
    pub fn counts(&self) -> AppendCounts {
        self.counts.so_far()
    }

    /// Checks whether writes work, judging by the last append. After a failure, makes an occasional write that changes
    /// nothing visible.
    pub async fn check_writes(&self) -> Result<(), StoreError> {
        let why = "the last write failed".to_owned();
        match self.last_write.health(self.started.elapsed()) {
            WriteHealth::Work => Ok(()),
            WriteHealth::Fail { full: false } => Err(StoreError::Unavailable { why, retry_ms: RETRY_MS }),
            WriteHealth::Fail { full: true } => Err(StoreError::Full { why }),
            WriteHealth::Probe => {
                // Expires as soon as it is taken, so that each probe writes.
                let life = Duration::from_millis(1);
                let probed = self.store.feed.lease(PROBE_LEASE, PROBE_LEASE, self.clock.now(), life).await;
                match &probed {
                    Ok(_) => self.last_write.ended(),
                    Err(error) => {
                        let full = matches!(error, StoreError::Full { .. });
                        self.last_write.failed(self.started.elapsed(), full);
                    }
                }
                probed.map(drop)
            }
        }
    }

    /// Records the outcome of an append.
    fn note_append(&self, outcome: &Appended, entries: usize) {
        self.counts.append(outcome, entries);
        match outcome {
            Err(AppendError::Unavailable { .. } | AppendError::Unknown) => {
                self.last_write.failed(self.started.elapsed(), false);
            }
            Err(AppendError::Full { .. }) => self.last_write.failed(self.started.elapsed(), true),
            // A refusal of this one append says nothing about others.
            Ok(_) | Err(_) => self.last_write.ended(),
        }
    }

    /// Adds a listener, which receives what is committed from now on.
    pub fn add_listener(&self, listener: Arc<dyn CommitListener>) {
        let mut listeners = self.listeners.write();
        *listeners = listeners.iter().cloned().chain([listener]).collect();
    }

    /// Accepts no new change (they get `unavailable`) and returns once all accepted ones are decided, including those
    /// whose caller has stopped waiting, and once the listeners have passed on the commits.
    pub async fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        let mut waiting = self.waiting.subscribe();
        // The sender lives as long as `self`.
        let _ = waiting.wait_for(|waiting| *waiting == 0).await;

        let listeners = self.listeners.read().clone();
        join_all(listeners.iter().map(|listener| listener.flush())).await;
    }

    /// Sends a change to the log's appender, which is started if there is none. Sends under the lock, so that an
    /// appender that ends ([`Logs::forget_quiet`]) cannot miss it.
    fn send_to_task(self: &Arc<Self>, log: LogId, submission: Box<Submission>) -> Result<(), Refusal> {
        let mut active = self.active.lock();
        // The channel of an appender whose task panicked is closed. Its log goes on with a new appender.
        let appender = active.get(&log).filter(|appender| !appender.is_closed()).cloned();
        let appender = appender.unwrap_or_else(|| {
            let (sender, submissions) = mpsc::channel(APPENDER_QUEUE);
            // Boxed, like what the channel carries: neither is large while the log is quiet.
            let appender = Box::new(AppenderTask::new(self.clone(), log, submissions));
            tokio::spawn(run_appender(appender, log));
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

    /// Ends an appender that has been idle for long, unless a change is on its way to it.
    fn forget_quiet(&self, log: LogId, submissions: &mpsc::Receiver<Box<Submission>>) -> bool {
        let mut active = self.active.lock();
        let quiet = submissions.is_empty();
        if quiet {
            active.remove(&log);
        }
        quiet
    }
}

/// Runs one log's appender. If it panics, its waiting changes are answered `unavailable` (their reply channels are
/// dropped), and the next change of the log starts another appender, which has no state and reads the log first.
async fn run_appender(appender: Box<AppenderTask>, log: LogId) {
    if let Err(why) = supervisor::caught("appender", appender.run()).await {
        tracing::error!(%log, why, "appender failed, will restart at the next change");
    }
}

/// A change in the queue of its log.
pub(crate) struct Pending {
    answer: oneshot::Receiver<Result<Ack, Refusal>>,
}

impl Pending {
    /// Waits for the answer, which is sent once.
    pub async fn answer(&mut self) -> Result<Ack, Refusal> {
        (&mut self.answer).await.unwrap_or_else(|_| Err(Refusal::unavailable(STORE_AWAY, RETRY_MS)))
    }
}

/// The reply channel to the sender of a change. Dropping it without an answer sends `unavailable`.
pub(super) struct ReplyTo {
    reply: Option<oneshot::Sender<Result<Ack, Refusal>>>,
    _waiting: Waiting,
}

impl ReplyTo {
    fn answer(mut self, answer: Result<Ack, Refusal>) {
        if let Some(reply) = self.reply.take() {
            // A caller that has stopped waiting is no error: the change is durable all the same.
            let _ = reply.send(answer);
        }
    }
}

/// Counts a change that is not decided yet; [`Logs::drain`] waits until this is dropped. Held by the appender and not
/// by the caller, who may leave before the change is committed.
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

//! The node's link to Redis: establishes it, watches it, and restores it.
//!
//! Never gives up, and never lets a caller wait for a Redis that is down: while the link is down it provides no
//! connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::limits::{BUS_BACKOFF, BUS_PING, BUS_TIMEOUT};
use domain::Backoff;
use parking_lot::Mutex;
use redis::{PushInfo, PushKind, RedisError, Value};
use service::ports::BusStatus;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior};

use super::dial::{Conn, DialError, OnPush, Pair, dial};
use super::figures::Figures;
use super::subscriptions::Subscriptions;
use super::url::Topology;

/// The first pause before reconnecting.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Receives published messages: channel and payload. Must not block.
pub type OnMessage = Box<dyn Fn(&[u8], &[u8]) + Send + Sync>;

/// One node's link.
pub struct Link {
    pub figures: Figures,
    pub subscriptions: Subscriptions,
    pub prefix: String,
    topology: Topology,
    on_message: OnMessage,
    status: watch::Sender<BusStatus>,
    commands: Mutex<Option<Conn>>,
    /// Notified when a caller got an error that may mean that the link is lost.
    suspected: Notify,
    /// Notified when the server no longer accepts writes.
    demoted: Notify,
    /// Whether Redis refused this user a command.
    refused: AtomicBool,
}

/// A new pair of connections, and the notification of its end.
struct Fresh {
    pair: Pair,
    ended: Arc<Notify>,
}

impl Link {
    /// Tries Redis once. A refusal is an error; if Redis is down, the link starts as down. Also returns the task to run
    /// until the end.
    pub async fn open(
        topology: Topology,
        prefix: String,
        on_message: OnMessage,
    ) -> Result<(Arc<Link>, impl Future<Output = ()> + Send + 'static), RedisError> {
        let link = Arc::new(Link {
            figures: Figures::default(),
            subscriptions: Subscriptions::default(),
            prefix,
            topology,
            on_message,
            status: watch::channel(BusStatus::Down).0,
            commands: Mutex::default(),
            suspected: Notify::new(),
            demoted: Notify::new(),
            refused: AtomicBool::default(),
        });
        link.figures.up(false, false);
        let first = match link.dial().await {
            Ok(fresh) => Some(fresh),
            Err(DialError::Refused(error)) => return Err(error),
            Err(DialError::Away(error)) => {
                tracing::warn!(%error, "cannot reach redis, continuing without it and retrying");
                None
            }
        };
        // Up from the start if Redis is reachable.
        if let Some(fresh) = &first {
            let mut published = fresh.pair.published.clone();
            if link.subscriptions.settle(&link.prefix, &mut published).await.is_ok() {
                link.rise(&fresh.pair, false);
            }
        }
        Ok((link.clone(), link.run(first)))
    }

    /// Returns the connection for commands; none while the link is down.
    pub fn commands(&self) -> Option<Conn> {
        self.commands.lock().clone()
    }

    /// Returns whether the link is up, now and later.
    pub fn status(&self) -> watch::Receiver<BusStatus> {
        self.status.subscribe()
    }

    /// Returns whether the link is up now.
    pub fn is_up(&self) -> bool {
        *self.status.borrow() == BusStatus::Up
    }

    /// Reports an error: if it may be the link's and not the command's, the link is checked.
    pub fn suspect(&self, error: &RedisError) {
        use redis::{ErrorKind, ServerErrorKind};
        if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) {
            return self.demoted.notify_one();
        }
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) && !self.refused.swap(true, Ordering::Relaxed) {
            tracing::error!(%error, "redis refuses a command that a node needs, so other nodes hear of this one later; let its user \
                                     run all commands on the keys and channels that start with the prefix");
        }
        let own_fault = matches!(
            error.kind(),
            ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoPerm | ServerErrorKind::NoScript)
                | ErrorKind::UnexpectedReturnType
        );
        if !own_fault {
            self.suspected.notify_one();
        }
    }

    /// Reports that no answer arrived in time.
    pub fn suspect_silence(&self) {
        self.suspected.notify_one();
    }

    async fn run(self: Arc<Self>, first: Option<Fresh>) {
        let mut fresh = first;
        let mut backoff = Backoff::new(FIRST_PAUSE, BUS_BACKOFF);
        let mut again = self.is_up();
        let mut reported = !again;
        loop {
            if let Some(live) = fresh.take() {
                let began = Instant::now();
                let end = self.serve(live, again).await;
                self.fall();
                tracing::warn!(error = %end, "lost the link to redis, reading other nodes' changes from the store");
                again = true;
                reported = true;
                if began.elapsed() > BUS_BACKOFF {
                    backoff.reset();
                }
            }
            // Nodes that lost the link at the same time must not reconnect in step.
            tokio::time::sleep(backoff.next_delay(rand::random_range(0.5..1.0))).await;
            match self.dial().await {
                Ok(found) => fresh = Some(found),
                Err(DialError::Refused(error)) => tracing::error!(%error, "redis refuses this node, will retry"),
                Err(DialError::Away(error)) if !reported => {
                    tracing::warn!(%error, "cannot reach redis, will retry");
                    reported = true;
                }
                Err(DialError::Away(error)) => tracing::debug!(%error, "cannot reach redis, will retry"),
            }
        }
    }

    async fn dial(self: &Arc<Self>) -> Result<Fresh, DialError> {
        let ended = Arc::new(Notify::new());
        let (link, end) = (Arc::downgrade(self), ended.clone());
        let on_push: OnPush = Arc::new(move |info: PushInfo| match (&info.kind, &info.data[..]) {
            (PushKind::Message | PushKind::SMessage, [Value::BulkString(channel), Value::BulkString(payload)]) => {
                if let Some(link) = link.upgrade() {
                    (link.on_message)(channel, payload);
                }
            }
            (PushKind::Disconnection, _) => end.notify_one(),
            // A slot moved to another server. All channels are subscribed again, and what was published meanwhile is
            // read.
            (PushKind::SUnsubscribe, [Value::BulkString(channel), ..]) => {
                let log = link.upgrade().and_then(|link| {
                    let log = super::message::log_of(&link.prefix, channel)?;
                    link.subscriptions.is_settled(log).then_some(())
                });
                if log.is_some() {
                    end.notify_one();
                }
            }
            _ => {}
        });
        Ok(Fresh { pair: dial(&self.topology, on_push).await?, ended })
    }

    /// Follows the wanted logs and watches the link until it is lost. Returns why.
    async fn serve(&self, fresh: Fresh, again: bool) -> RedisError {
        let Fresh { mut pair, ended } = fresh;
        if !self.is_up() {
            self.subscriptions.begin();
            if let Err(error) = self.subscriptions.settle(&self.prefix, &mut pair.published).await {
                return error;
            }
            self.rise(&pair, again);
        }
        let mut ping = tokio::time::interval(BUS_PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let looked_at = tokio::select! {
                () = ended.notified() => return error("the server closed the connection"),
                () = self.demoted.notified() => return error("the server is a replica now"),
                () = self.subscriptions.changed() => {
                    let settled = self.subscriptions.settle(&self.prefix, &mut pair.published);
                    tokio::time::timeout(BUS_TIMEOUT * 2, settled).await
                }
                () = self.suspected.notified() => both_answer(&mut pair).await,
                _ = ping.tick() => both_answer(&mut pair).await,
            };
            match looked_at {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error,
                Err(_) => return error("redis does not answer"),
            }
        }
    }

    fn rise(&self, pair: &Pair, again: bool) {
        *self.commands.lock() = Some(pair.commands.clone());
        self.figures.up(true, again);
        self.status.send_replace(BusStatus::Up);
        tracing::info!(followed = self.subscriptions.len(), "the link to redis is up");
    }

    fn fall(&self) {
        *self.commands.lock() = None;
        self.figures.up(false, false);
        self.status.send_replace(BusStatus::Down);
        // Last, so that a caller that waited for a confirmation finds the bus down.
        self.subscriptions.lost();
    }
}

/// Returns whether both connections answer in time.
async fn both_answer(pair: &mut Pair) -> Result<redis::RedisResult<()>, tokio::time::error::Elapsed> {
    let both = async {
        let (commands, published) = tokio::join!(pair.commands.ping(), pair.published.ping());
        commands.and(published)
    };
    tokio::time::timeout(BUS_TIMEOUT, both).await
}

fn error(what: &'static str) -> RedisError {
    RedisError::from((redis::ErrorKind::Io, what))
}

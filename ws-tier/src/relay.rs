//! Receives news from other nodes: by the bus, and by the store's `changes`.
//!
//! Never trusts either: a hint only makes the hub read the log.

use std::sync::Arc;
use std::time::Duration;

use domain::{LogId, Seq};
use service::Services;
use service::limits::CHANGES_INTERVAL;
use service::ports::{BusMessage, BusStatus, ChangesCursor, Heard};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use crate::delivery::{Deliveries, Job};
use crate::follow::Follow;
use crate::limits::{CHANGES_INTERVAL_DOWN, CHECK_INTERVAL, EPHEMERAL_QUEUE};
use crate::receipts::Receipts;
use crate::tasks::Tasks;
use crate::typing::TypingFanout;

/// The parts that receive messages from the bus.
#[derive(Clone)]
pub(crate) struct Relay {
    pub services: Services,
    pub follow: Arc<Follow>,
    pub deliveries: Arc<Deliveries>,
    pub typing: Arc<TypingFanout>,
    pub receipts: Arc<Receipts>,
}

impl Relay {
    /// Starts listening to the bus, and asking the store which logs changed.
    pub fn start(self, tasks: &Tasks) {
        let Some(heard) = self.services.ports.bus.listen() else {
            tracing::error!("this node's bus has another listener, so commits of other nodes arrive by `changes` only");
            return tasks.restarted("changes", move || self.clone().changes());
        };
        let (ephemeral, shown) = mpsc::channel(EPHEMERAL_QUEUE);
        let (relay, shown) = (self.clone(), Arc::new(Mutex::new(shown)));
        tasks.restarted("ephemeral", move || relay.clone().show(shown.clone()));
        let (relay, heard) = (self.clone(), Arc::new(Mutex::new(heard)));
        tasks.restarted("bus", move || relay.clone().listen(heard.clone(), ephemeral.clone()));
        tasks.restarted("changes", move || self.clone().changes());
    }

    async fn listen(self, heard: Arc<Mutex<mpsc::Receiver<Heard>>>, ephemeral: mpsc::Sender<Heard>) {
        // Only this task holds it; a restarted one continues with it.
        let mut heard = heard.lock().await;
        while let Some(Heard { log, message }) = heard.recv().await {
            match message {
                BusMessage::Committed(committed) => self.deliveries.enqueue(Job { committed, ours: false }),
                BusMessage::Head { log, epoch, head } if epoch == self.follow.hub().epoch() => {
                    self.follow.drive(|hub, effects| hub.hint(log, head, effects));
                }
                BusMessage::Head { .. } => self.follow.check_epoch().await,
                // They need names and sizes of rooms: nothing durable may wait for those.
                BusMessage::Typing(_) | BusMessage::Mark(_) => drop(ephemeral.try_send(Heard { log, message })),
            }
        }
    }

    /// Delivers ephemeral messages: typing and marks.
    async fn show(self, ephemeral: Arc<Mutex<mpsc::Receiver<Heard>>>) {
        let mut ephemeral = ephemeral.lock().await;
        while let Some(Heard { log, message }) = ephemeral.recv().await {
            match (message, log) {
                (BusMessage::Typing(typing), _) => self.typing.show(&typing).await,
                // It arrives on both channels: a node that follows both delivers each part once.
                (BusMessage::Mark(mark), LogId::User(_)) => self.receipts.show_own(&mark),
                (BusMessage::Mark(mark), LogId::Room(_)) => self.receipts.show(&mark).await,
                (BusMessage::Committed(_) | BusMessage::Head { .. }, _) => unreachable!("`listen` keeps them"),
            }
        }
    }

    /// Asks the store which logs changed: every 5 s, and every second while the bus is down.
    async fn changes(self) {
        let mut status = self.services.ports.bus.status();
        let mut cursor: Option<ChangesCursor> = None;
        let mut checked = Instant::now();
        loop {
            let up = *status.borrow_and_update() == BusStatus::Up;
            let interval = if up { CHANGES_INTERVAL } else { CHANGES_INTERVAL_DOWN };
            tokio::select! {
                () = tokio::time::sleep(spread(interval)) => {}
                changed = status.changed() => {
                    if changed.is_err() {
                        // The bus has ended; only the interval is left.
                        tokio::time::sleep(interval).await;
                    } else if *status.borrow_and_update() == BusStatus::Up {
                        // Messages published while it was down are lost.
                        self.follow.drive(|hub, effects| hub.check_all(effects));
                    }
                }
            }

            let Ok(changed) = self.services.ports.store.log.changes(cursor.as_ref()).await else { continue };
            self.follow.enter_epoch(changed.epoch);
            let first = cursor.replace(changed.next).is_none();
            // Another process may have changed the names of these users.
            if changed.lost || first {
                self.services.user_cache.shrink();
            }
            for (log, _) in &changed.logs {
                if let LogId::User(user) = log {
                    self.services.user_cache.forget_user(*user);
                }
            }
            self.follow.drive(|hub, effects| {
                // The first answer starts at "now", which is after the hub's logs were opened.
                if changed.lost || first || checked.elapsed() >= CHECK_INTERVAL {
                    hub.check_all(effects);
                    checked = Instant::now();
                }
                for (log, head) in &changed.logs {
                    let head: Seq = *head;
                    hub.hint(*log, head, effects);
                }
            });
        }
    }
}

/// Returns a little less than `interval`, so that the nodes' requests do not synchronise.
fn spread(interval: Duration) -> Duration {
    interval.mul_f64(rand::random_range(0.9..1.0))
}

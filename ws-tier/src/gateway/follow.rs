//! Carries out what the hub asks of a log: follow it, let go of it, read it.

use std::sync::Arc;
use std::time::Duration;

use domain::{Epoch, LogId, Seq};
use service::ports::BusStatus;
use tokio::sync::mpsc;

use super::Tier;
use realtime::encode::deliveries;
use realtime::hub::Effect;

/// Entries of one read.
const READ_ENTRIES: u64 = 256;
/// Between two tries of a read that failed.
const RETRY: Duration = Duration::from_millis(250);

/// Runs until the tier ends.
pub(super) async fn run(tier: Arc<Tier>, mut asks: mpsc::UnboundedReceiver<(Epoch, Effect)>) {
    while let Some((epoch, ask)) = asks.recv().await {
        match ask {
            Effect::Subscribe(log) => tier.spawn(start(tier.clone(), epoch, log)),
            Effect::Read { log, after } => tier.spawn(read(tier.clone(), epoch, log, after)),
            // Not spawned: a later subscription of the same log must come after it.
            Effect::Unsubscribe(log) => tier.parts.bus.unsubscribe(log).await,
            Effect::Enqueue { .. } | Effect::Close { .. } => unreachable!("done where the hub is driven"),
        }
    }
}

/// Reads the log's head only after the bus confirmed the subscription: what is committed from then on
/// is heard, what was committed before is below the head.
async fn start(tier: Arc<Tier>, epoch: Epoch, log: LogId) {
    let mut status = tier.parts.bus.status();
    let was_up = *status.borrow_and_update() == BusStatus::Up;
    tier.parts.bus.subscribe(log).await;
    loop {
        if tier.hub().epoch() != epoch {
            return;
        }
        match tier.parts.head(log).await {
            Ok((found, _)) if found != epoch => return tier.check_epoch().await,
            Ok((_, head)) => {
                tier.drive(|hub, effects| {
                    if hub.epoch() == epoch {
                        hub.started(log, head, effects);
                    }
                });
                if let Some(waiting) = tier.starting().remove(&log) {
                    waiting.notify_waiters();
                }
                if !was_up || status.has_changed().unwrap_or(true) {
                    // The subscription may have come about after that look at the head.
                    tier.drive(|hub, effects| hub.check(log, effects));
                }
                return;
            }
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// Reads what a jump or a hint says is missing, page by page as the hub asks.
async fn read(tier: Arc<Tier>, epoch: Epoch, log: LogId, after: Seq) {
    loop {
        if tier.hub().epoch() != epoch {
            return;
        }
        let Ok(stretch) = tier.parts.stretch(log, after, READ_ENTRIES).await else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        if stretch.epoch != epoch {
            return tier.check_epoch().await;
        }
        let Ok(entries) = deliveries(&tier.parts, log, &stretch.entries).await else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        let now = tier.now();
        tier.drive(|hub, effects| {
            if hub.epoch() == epoch {
                hub.read_done(log, &entries, stretch.head, now, effects);
            }
        });
        return;
    }
}

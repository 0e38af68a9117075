//! What this node learns from others: the bus, and in its place or beside it the store's `changes`.
//!
//! Never believes either: a hint only makes the hub read the log.

use std::sync::Arc;
use std::time::Duration;

use domain::Seq;
use domain::limits::{CHANGES_INTERVAL, CHANGES_INTERVAL_DOWN, CHECK_INTERVAL};
use service::ports::{BusMessage, BusStatus, ChangesCursor, Heard};
use tokio::time::Instant;

use super::Tier;
use super::delivery::Job;

/// Hears the bus until the tier ends.
pub(super) async fn bus(tier: Arc<Tier>) {
    let Some(mut heard) = tier.parts.bus.listen() else {
        tracing::error!("somebody else listens to this node's bus: what others do arrives by `changes` only");
        return;
    };
    while let Some(Heard { message, .. }) = heard.recv().await {
        match message {
            BusMessage::Committed(committed) => tier.enqueue(Job { committed, ours: false }),
            BusMessage::Head { log, epoch, head } if epoch == tier.hub().epoch() => {
                tier.drive(|hub, effects| hub.hint(log, head, effects));
            }
            BusMessage::Head { .. } => tier.check_epoch().await,
            BusMessage::Typing(typing) => tier.show_typing(&typing).await,
            BusMessage::Mark(mark) => tier.show_mark(&mark).await,
        }
    }
}

/// Asks the store which logs changed: every 5 s, every second while the bus is down.
pub(super) async fn changes(tier: Arc<Tier>) {
    let mut status = tier.parts.bus.status();
    let mut cursor: Option<ChangesCursor> = None;
    let mut checked = Instant::now();
    loop {
        let up = *status.borrow_and_update() == BusStatus::Up;
        let interval = if up { CHANGES_INTERVAL } else { CHANGES_INTERVAL_DOWN };
        tokio::select! {
            () = tokio::time::sleep(spread(interval)) => {}
            changed = status.changed() => {
                if changed.is_err() {
                    // The bus is gone for good; the interval is all there is.
                    tokio::time::sleep(interval).await;
                } else if *status.borrow_and_update() == BusStatus::Up {
                    // What was said while it was down is lost.
                    tier.drive(|hub, effects| hub.check_all(effects));
                }
            }
        }
        let Ok(changed) = tier.parts.store.log.changes(cursor.as_ref()).await else { continue };
        tier.enter_epoch(changed.epoch);
        let first = cursor.replace(changed.next).is_none();
        tier.drive(|hub, effects| {
            // The first answer begins "now", which is after the hub's logs began.
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

/// A little less than `interval`, so that nodes do not ask in step.
fn spread(interval: Duration) -> Duration {
    interval.mul_f64(rand::random_range(0.9..1.0))
}

//! What this node learns from others: the bus, and in its place or beside it the store's `changes`.
//!
//! Never believes either: a hint only makes the hub read the log.

use std::sync::Arc;
use std::time::Duration;

use crate::limits::{CHANGES_INTERVAL_DOWN, CHECK_INTERVAL, PASSING_QUEUE};
use domain::{LogId, Seq};
use service::limits::CHANGES_INTERVAL;
use service::ports::{BusMessage, BusStatus, ChangesCursor, Heard};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Tier;
use super::delivery::Job;

/// Hears the bus until the tier ends.
pub(super) async fn bus(tier: Arc<Tier>) {
    let Some(mut heard) = tier.parts.bus.listen() else {
        tracing::error!("somebody else listens to this node's bus: what others do arrives by `changes` only");
        return;
    };
    let (passing, shown) = mpsc::channel(PASSING_QUEUE);
    tier.spawn(show(tier.clone(), shown));
    while let Some(Heard { log, message }) = heard.recv().await {
        match message {
            BusMessage::Committed(committed) => tier.enqueue(Job { committed, ours: false }),
            BusMessage::Head { log, epoch, head } if epoch == tier.hub().epoch() => {
                tier.drive(|hub, effects| hub.hint(log, head, effects));
            }
            BusMessage::Head { .. } => tier.check_epoch().await,
            // Names and sizes of rooms are looked up for them: nothing durable waits for that.
            BusMessage::Typing(_) | BusMessage::Mark(_) => drop(passing.try_send(Heard { log, message })),
        }
    }
}

/// Shows what passes: typing and marks.
async fn show(tier: Arc<Tier>, mut passing: mpsc::Receiver<Heard>) {
    while let Some(Heard { log, message }) = passing.recv().await {
        match (message, log) {
            (BusMessage::Typing(typing), _) => tier.show_typing(&typing).await,
            // It comes on both channels: a node that follows both shows each part once.
            (BusMessage::Mark(mark), LogId::User(_)) => tier.show_own_mark(&mark),
            (BusMessage::Mark(mark), LogId::Room(_)) => tier.show_receipt(&mark).await,
            (BusMessage::Committed(_) | BusMessage::Head { .. }, _) => unreachable!("the bus's task keeps them"),
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

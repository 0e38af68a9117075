//! Tests the bus and presence on a real Redis.

mod bus;
mod faults;
mod limits;
mod presence;
mod topologies;

use std::sync::Arc;
use std::time::Duration;

use domain::{LogId, RoomId, UserId};
use service::ports::{Bus, BusMessage, BusStatus, Heard, Typing};
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;
use uuid::Uuid;

use super::{RedisBus, RedisSettings};

/// The timeout for something that always happens.
const PATIENCE: Duration = Duration::from_secs(30);

/// The extra time that a busy machine may add to a measurement.
const SLACK: Duration = Duration::from_secs(2);

/// Returns settings for nodes that hear only each other, and pass their own time.
fn apart() -> RedisSettings {
    RedisSettings { prefix: format!("t-{}", Uuid::new_v4().simple()), server_clock: false }
}

async fn node(url: &str, settings: &RedisSettings) -> Arc<RedisBus> {
    Arc::new(RedisBus::connect(url, "n", settings.clone()).await.expect("it connects"))
}

fn a_log() -> LogId {
    LogId::Room(RoomId(Uuid::now_v7()))
}

fn typing(n: u128) -> BusMessage {
    BusMessage::Typing(Typing { room: RoomId(Uuid::nil()), user: UserId(Uuid::from_u128(n)), on: true })
}

async fn next(heard: &mut Receiver<Heard>) -> BusMessage {
    tokio::time::timeout(PATIENCE, heard.recv()).await.expect("a message comes").expect("the bus lives").message
}

/// Waits until the bus has this status; returns how long it took.
async fn becomes(bus: &dyn Bus, status: BusStatus) -> Duration {
    let began = Instant::now();
    let mut now = bus.status();
    let came = tokio::time::timeout(PATIENCE, now.wait_for(|is| *is == status)).await;
    came.unwrap_or_else(|_| panic!("the bus never was {status:?}")).expect("the bus lives");
    began.elapsed()
}

/// Returns whether a message that `from` publishes now reaches `heard`.
async fn hears(from: &dyn Bus, heard: &mut Receiver<Heard>, log: LogId, n: u128) {
    from.publish(log, typing(n)).await;
    while next(heard).await != typing(n) {}
}

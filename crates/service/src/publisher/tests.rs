use async_trait::async_trait;
use domain::{EditTexts, Epoch, LogId, RoomId, UserId};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::*;
use crate::ports::{BusStatus, Heard};

/// A bus that accepts a message when the test permits it.
struct Slow {
    allowed: Semaphore,
    taken: Mutex<Vec<LogId>>,
}

#[async_trait]
impl Bus for Slow {
    async fn publish(&self, log: LogId, _: BusMessage) {
        self.allowed.acquire().await.expect("never closed").forget();
        self.taken.lock().push(log);
    }
    async fn subscribe(&self, _: LogId) {}
    async fn unsubscribe(&self, _: LogId) {}
    fn listen(&self) -> Option<mpsc::Receiver<Heard>> {
        None
    }
    fn status(&self) -> watch::Receiver<BusStatus> {
        watch::channel(BusStatus::Up).1
    }
}

fn slow(allowed: usize) -> Arc<Slow> {
    Arc::new(Slow { allowed: Semaphore::new(allowed), taken: Mutex::default() })
}

fn commit() -> Committed {
    Committed {
        log: LogId::Room(RoomId(Uuid::from_u128(1))),
        epoch: Epoch(1),
        entries: Arc::new([]),
        texts: EditTexts::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_waits_until_the_bus_has_everything() {
    let bus = slow(0);
    let publisher = Publisher::start(bus.clone());
    for _ in 0..3 {
        publisher.committed(&commit());
    }
    let flushed = tokio::spawn({
        let publisher = publisher.clone();
        async move { publisher.flush().await }
    });
    tokio::task::yield_now().await;
    assert!(!flushed.is_finished(), "nothing was accepted yet");
    bus.allowed.add_permits(3);
    flushed.await.expect("does not panic");
    assert_eq!(bus.taken.lock().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_bus_does_not_delay_a_flush_forever() {
    let publisher = Publisher::start(slow(0));
    publisher.committed(&commit());
    let began = tokio::time::Instant::now();
    publisher.flush().await;
    assert_eq!(began.elapsed(), PATIENCE);
}

#[tokio::test]
async fn the_bus_gets_commits_in_order() {
    let bus = slow(100);
    let logs: Vec<LogId> = (1..=100).map(|user| LogId::User(UserId(Uuid::from_u128(user)))).collect();
    let publisher = Publisher::start(bus.clone());
    for log in &logs {
        publisher.committed(&Committed { log: *log, ..commit() });
    }
    publisher.flush().await;
    assert_eq!(*bus.taken.lock(), logs);
}

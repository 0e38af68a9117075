//! How a node shuts down: its last commits still reach the other nodes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{LogId, RoomKind};
use service::Publisher;
use service::ports::{Bus, BusMessage, BusStatus, Heard};
use tokio::sync::{mpsc, watch};

use crate::setup::{World, room, send};

/// A bus that is slow with each message.
struct SlowBus(Arc<dyn Bus>);

#[async_trait]
impl Bus for SlowBus {
    async fn publish(&self, log: LogId, message: BusMessage) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.0.publish(log, message).await;
    }
    async fn subscribe(&self, log: LogId) {
        self.0.subscribe(log).await;
    }
    async fn unsubscribe(&self, log: LogId) {
        self.0.unsubscribe(log).await;
    }
    fn listen(&self) -> Option<mpsc::Receiver<Heard>> {
        self.0.listen()
    }
    fn status(&self) -> watch::Receiver<BusStatus> {
        self.0.status()
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_commits_are_published_before_a_node_ends() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let publisher = Publisher::start(Arc::new(SlowBus(Arc::new(world.broker.endpoint()))));
    node.logs.add_listener(publisher);
    let other_node = world.broker.endpoint();
    let mut heard = other_node.listen().expect("taken once");
    other_node.subscribe(log).await;

    // One sender waits, and one stops waiting while the store is still writing.
    world.log.set(0, 200);
    let waited_for = world.change(2, send("one"));
    let ack = node.logs.submit(log, waited_for.clone()).await;
    assert!(ack.is_ok());
    let abandoned = world.change(2, send("two"));
    let gone = tokio::time::timeout(Duration::from_millis(1), node.logs.submit(log, abandoned.clone())).await;
    assert!(gone.is_err(), "no caller waits for it any more");

    node.logs.drain().await;
    let mut announced = Vec::new();
    while let Ok(Heard { message: BusMessage::Committed(committed), .. }) = heard.try_recv() {
        announced.extend(committed.entries.iter().map(|entry| entry.id));
    }
    assert_eq!(announced, [waited_for.id, abandoned.id]);
    assert!(node.logs.submit(log, world.change(2, send("late"))).await.is_err(), "nothing is accepted any more");
}

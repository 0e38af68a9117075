use domain::{RoomId, UserId};
use service::ports::Typing;
use tokio::sync::mpsc::error::TryRecvError;
use uuid::Uuid;

use super::*;

fn room(n: u128) -> RoomId {
    RoomId(Uuid::from_u128(n))
}

fn typing(n: u128) -> BusMessage {
    BusMessage::Typing(Typing { room: room(n), user: UserId(Uuid::from_u128(1)), on: true })
}

fn log(n: u128) -> LogId {
    LogId::Room(room(n))
}

struct Nodes(Broker);

#[async_trait]
impl conformance::suite::bus::BusNodes for Nodes {
    async fn node(&self) -> Arc<dyn Bus> {
        Arc::new(self.0.endpoint())
    }
}

conformance::bus!(suite, async || Nodes(Broker::new()));

#[tokio::test]
async fn messages_published_while_down_are_lost_and_counted() {
    let broker = Broker::new();
    let (a, b) = (broker.endpoint(), broker.endpoint());
    let mut heard = b.listen().expect("first");
    let mut status = b.status();
    broker.set_status(BusStatus::Down);
    assert_eq!(*status.borrow_and_update(), BusStatus::Down);
    b.subscribe(log(1)).await;
    a.publish(log(1), typing(1)).await;
    assert_eq!(broker.lost(), 1);
    broker.set_status(BusStatus::Up);
    assert!(status.has_changed().expect("the broker lives"));
    a.publish(log(1), typing(1)).await;
    assert!(heard.try_recv().is_ok(), "the subscription made while it was down works");
    assert_eq!(heard.try_recv(), Err(TryRecvError::Empty));
}

#[tokio::test]
async fn a_slow_node_loses_messages_and_delays_no_other() {
    let broker = Broker::new();
    let (a, slow) = (broker.endpoint(), broker.endpoint());
    let mut heard = slow.listen().expect("first");
    slow.subscribe(log(1)).await;
    for _ in 0..BUS_QUEUE + 10 {
        a.publish(log(1), typing(1)).await;
    }
    assert_eq!(broker.lost(), 10);
    let mut got = 0;
    while heard.try_recv().is_ok() {
        got += 1;
    }
    assert_eq!(got, BUS_QUEUE);
}

#[tokio::test]
async fn a_dropped_node_is_removed() {
    let broker = Broker::new();
    let (a, b) = (broker.endpoint(), broker.endpoint());
    b.subscribe(log(1)).await;
    drop(b);
    a.publish(log(1), typing(1)).await;
    assert_eq!(broker.lost(), 0);
}

//! `Bus`: messages published by one node reach the others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{Body, EditTexts, Entry, Epoch, LogId, RoomId, UserId};
use service::ports::{Bus, BusMessage, BusStatus, Committed, Heard, Mark, Typing};
use tokio::sync::mpsc::Receiver;

use super::world::{a_room, a_user, an_entry, message};

/// The timeout for a message; far longer than any takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Creates nodes that hear each other.
#[async_trait::async_trait]
pub trait BusNodes: Send + Sync {
    /// Returns another node.
    async fn node(&self) -> Arc<dyn Bus>;
}

fn typing(room: RoomId) -> BusMessage {
    BusMessage::Typing(Typing { room, user: UserId::SYSTEM, on: true })
}

fn entry(seq: u64, body: Body) -> Entry {
    Entry { v: 1, seq, n: seq, by: a_user(), id: an_entry(), at: domain::Timestamp(1_700_000_000_000), body }
}

async fn next(heard: &mut Receiver<Heard>) -> Heard {
    tokio::time::timeout(PATIENCE, heard.recv()).await.expect("a message comes").expect("the bus lives")
}

/// Checks that nothing else arrived: a message sent last arrives first.
async fn comes_next(from: &dyn Bus, heard: &mut Receiver<Heard>, log: LogId) {
    let last = BusMessage::Head { log, epoch: Epoch(9), head: 99 };
    from.publish(log, last.clone()).await;
    assert_eq!(next(heard).await, Heard { log, message: last });
}

pub async fn followers_hear_others_and_never_themselves(nodes: impl BusNodes) {
    let (a, b) = (nodes.node().await, nodes.node().await);
    let (mut heard_a, mut heard_b) = (a.listen().expect("first"), b.listen().expect("first"));
    assert!(a.listen().is_none(), "it can be taken once");
    let (one, other) = (a_room(), a_room());
    a.subscribe(LogId::Room(one)).await;
    b.subscribe(LogId::Room(one)).await;
    a.publish(LogId::Room(one), typing(one)).await;
    a.publish(LogId::Room(other), typing(other)).await;
    assert_eq!(next(&mut heard_b).await, Heard { log: LogId::Room(one), message: typing(one) });
    comes_next(&*a, &mut heard_b, LogId::Room(one)).await;
    comes_next(&*b, &mut heard_a, LogId::Room(one)).await;
}

pub async fn every_message_arrives_as_it_was_sent(nodes: impl BusNodes) {
    let (a, b) = (nodes.node().await, nodes.node().await);
    let mut heard = b.listen().expect("first");
    let (room, user) = (a_room(), a_user());
    let unknown = Body::Unknown(serde_json::json!({"kind": "poll", "question": "tea?"}));
    let entries = [entry(1, Body::Message(message("hi 👋"))), entry(2, Body::edit(1)), entry(3, unknown)];
    let texts = EditTexts::from([(2, message("hello").text)]);
    let log = LogId::Room(room);
    let messages = [
        (log, BusMessage::Committed(Committed { log, epoch: Epoch(u64::MAX), entries: entries.into(), texts })),
        (LogId::User(user), BusMessage::Head { log: LogId::User(user), epoch: Epoch(7), head: 12 }),
        (log, BusMessage::Typing(Typing { room, user, on: false })),
        (LogId::User(user), BusMessage::Mark(Mark { room, user, seq: 9, n: 8, mentions: vec![3, 4] })),
    ];
    for (log, message) in messages {
        b.subscribe(log).await;
        a.publish(log, message.clone()).await;
        assert_eq!(next(&mut heard).await, Heard { log, message });
    }
}

pub async fn messages_after_a_subscription_are_heard(nodes: impl BusNodes) {
    let (a, b) = (nodes.node().await, nodes.node().await);
    let mut heard = b.listen().expect("first");
    for _ in 0..100 {
        let room = a_room();
        b.subscribe(LogId::Room(room)).await;
        a.publish(LogId::Room(room), typing(room)).await;
        assert_eq!(next(&mut heard).await.message, typing(room));
    }
}

pub async fn many_logs_are_followed_at_once(nodes: impl BusNodes) {
    let (a, b) = (nodes.node().await, nodes.node().await);
    let mut heard = b.listen().expect("first");
    let rooms: BTreeSet<RoomId> = (0..1_000).map(|_| a_room()).collect();
    let subscribing: Vec<_> = rooms
        .iter()
        .map(|room| {
            let (b, log) = (b.clone(), LogId::Room(*room));
            tokio::spawn(async move { b.subscribe(log).await })
        })
        .collect();
    for subscribed in subscribing {
        subscribed.await.expect("no panic");
    }
    for room in &rooms {
        a.publish(LogId::Room(*room), typing(*room)).await;
    }
    let mut missing = rooms;
    while !missing.is_empty() {
        let BusMessage::Typing(typing) = next(&mut heard).await.message else { panic!("only typing was sent") };
        assert!(missing.remove(&typing.room), "each arrives once");
    }
}

pub async fn an_unsubscribed_node_hears_nothing(nodes: impl BusNodes) {
    let (a, b) = (nodes.node().await, nodes.node().await);
    let mut heard = b.listen().expect("first");
    let (left, stays) = (a_room(), a_room());
    b.subscribe(LogId::Room(left)).await;
    b.subscribe(LogId::Room(left)).await;
    b.unsubscribe(LogId::Room(left)).await;
    // Once a later subscription is confirmed, so are earlier requests.
    b.subscribe(LogId::Room(stays)).await;
    a.publish(LogId::Room(left), typing(left)).await;
    comes_next(&*a, &mut heard, LogId::Room(stays)).await;
    b.subscribe(LogId::Room(left)).await;
    a.publish(LogId::Room(left), typing(left)).await;
    assert_eq!(next(&mut heard).await.message, typing(left), "it can subscribe again");
}

pub async fn flushed_messages_are_published(nodes: impl BusNodes) {
    let (a, b) = (nodes.node().await, nodes.node().await);
    let mut heard = b.listen().expect("first");
    let room = a_room();
    b.subscribe(LogId::Room(room)).await;
    for _ in 0..500 {
        a.publish(LogId::Room(room), typing(room)).await;
    }
    a.flush().await;
    drop(a);
    for _ in 0..500 {
        assert_eq!(next(&mut heard).await.message, typing(room));
    }
}

pub async fn a_bus_that_works_is_up(nodes: impl BusNodes) {
    let status = nodes.node().await.status();
    assert_eq!(*status.borrow(), BusStatus::Up);
}

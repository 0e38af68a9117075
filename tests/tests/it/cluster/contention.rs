//! Tests many nodes that write to the same logs: no gap, no duplicate, and no write waits forever.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use client::Client;
use serde_json::Value;
use tests::backends::Profile;
use tests::cluster::Cluster;
use tests::person::Person;

use super::{alone, gather};
use crate::setup::{generous, join, number, room};

const NODES: usize = 3;
const SENDERS: usize = 12;
const MESSAGES: usize = 2_000;
/// The timeout for everything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Sends its share of the messages. Returns their seqs in the order of sending, and how many were acked as duplicates.
async fn send(client: Client, room: String, who: usize) -> (Vec<u64>, usize) {
    let share = MESSAGES / SENDERS + usize::from(who < MESSAGES % SENDERS);
    let sent: Vec<_> = (0..share).map(|n| client.send(&room, &format!("{who}/{n}"))).collect();
    let (mut seqs, mut duplicates) = (Vec::new(), 0);
    for pending in sent {
        let acked = pending.await.expect("a message is taken in");
        seqs.push(acked.seq.expect("a message has a place"));
        duplicates += usize::from(acked.dup);
    }
    (seqs, duplicates)
}

async fn nodes_append_to_one_room(profile: Profile) {
    let _alone = alone().await;
    let cluster = Cluster::start(profile, NODES, generous()).await;
    let (clients, room) = gather(&cluster, SENDERS, "square").await;
    let started = Instant::now();
    let tasks: Vec<_> =
        clients.iter().enumerate().map(|(who, client)| tokio::spawn(send(client.clone(), room.clone(), who))).collect();
    let all = async {
        let (mut acked, mut duplicates) = (Vec::new(), 0);
        for task in tasks {
            let (seqs, of_sender) = task.await.expect("no sender failed");
            acked.push(seqs);
            duplicates += of_sender;
        }
        (acked, duplicates)
    };
    let (acked, duplicates) = tokio::time::timeout(PATIENCE, all).await.expect("all are acked");
    let took = started.elapsed();

    assert!(acked.iter().all(|seqs| seqs.is_sorted()), "a sender's messages changed places");
    let places: HashSet<u64> = acked.iter().flatten().copied().collect();
    assert_eq!(places.len(), MESSAGES, "two messages have the same seq");

    // Every node reads the same log, entry by entry.
    let mut logs: Vec<Vec<Value>> = Vec::new();
    for (index, node) in cluster.nodes().iter().enumerate() {
        let reader = Person::register(node, &format!("reader{index}")).await;
        join(&reader, &room).await;
        logs.push(reader.connect().await.catch_up(&room, 0).await);
    }
    // Users who joined later read the earlier users' joins; otherwise the logs are equal.
    let shortest = logs.iter().map(Vec::len).min().expect("there are nodes");
    for log in &logs {
        let seqs: Vec<u64> = log.iter().map(|event| number(&event["seq"])).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "a gap, or a duplicate");
        let same = log[..shortest].iter().zip(&logs[0]).all(|(a, b)| (&a["seq"], &a["id"]) == (&b["seq"], &b["id"]));
        assert!(same, "two nodes read two orders");
        let texts: HashSet<&str> = log.iter().filter_map(|event| event["text"].as_str()).collect();
        let messages = log.iter().filter(|event| event["kind"] == "message").count();
        assert_eq!((messages, texts.len()), (MESSAGES, MESSAGES), "a message is lost, or stored twice");
    }
    for (who, seqs) in acked.iter().enumerate() {
        for (n, seq) in seqs.iter().enumerate() {
            let at = usize::try_from(*seq).expect("it fits") - 1;
            assert_eq!(logs[0][at]["text"], format!("{who}/{n}").as_str(), "not at the seq in the ack");
        }
    }

    let (conflicts, forwards, forwarded) = (
        cluster.figure("palaver_append_conflicts_total").await,
        cluster.figure("palaver_forwards_total").await,
        cluster.figure("palaver_forwarded_changes_total").await,
    );
    // No client repeats anything here. A first attempt is a duplicate only if its node forwarded it, got the answer too
    // late and appended it again.
    assert!(duplicates as f64 <= forwarded, "{duplicates} duplicates, but only {forwarded} forwarded changes");
    let each = |count: f64| count / MESSAGES as f64;
    println!(
        "{profile:?}: {MESSAGES} messages of {SENDERS} senders on {NODES} nodes in one room, {:.1} s: {:.3} conflicts, \
         {:.3} forwards with {:.3} changes a message",
        took.as_secs_f64(),
        each(conflicts),
        each(forwards),
        each(forwarded)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_append_to_one_room_on_postgres() {
    nodes_append_to_one_room(Profile::SelfHosted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_append_to_one_room_on_dynamodb() {
    nodes_append_to_one_room(Profile::Aws).await;
}

/// Sends messages with mentions, edits and reactions to two rooms in turn, the second room first on every other node:
/// each changes rows of users and rooms that the others change too.
async fn write_both(cluster: &Cluster, person: Person, who: usize, rooms: [String; 2], rounds: usize) {
    let here = person.at(cluster.node(who % cluster.nodes().len()));
    let mut order = rooms;
    if who % 2 == 1 {
        order.reverse();
    }
    for round in 0..rounds {
        for room in &order {
            let path = format!("/api/rooms/{room}/messages");
            let text = format!("{who}/{round} @owner");
            let seq = number(&here.post(&path, serde_json::json!({ "text": text })).await.ok()["seq"]);
            let at = format!("{path}/{seq}");
            here.patch(&at, serde_json::json!({ "text": format!("{text}, again") })).await.ok();
        }
        // Leaving and joining again writes the rows of the room, of the member and of the user.
        for room in &order {
            here.post(&format!("/api/rooms/{room}/leave"), serde_json::json!({})).await.ok();
            here.post(&format!("/api/rooms/{room}/join"), serde_json::json!({})).await.ok();
        }
    }
}

async fn two_rooms_in_opposite_order(profile: Profile) {
    const PEOPLE: usize = 6;
    const ROUNDS: usize = 4;
    let _alone = alone().await;
    let cluster = std::sync::Arc::new(Cluster::start(profile, 2, generous()).await);
    let owner = Person::register(cluster.node(0), "ann").await;
    let rooms = [room(&owner, "left").await, room(&owner, "right").await];
    let mut tasks = Vec::new();
    for who in 0..PEOPLE {
        let person = Person::register(cluster.node(0), &format!("writer{who}")).await;
        for room in &rooms {
            join(&person, room).await;
        }
        let (cluster, rooms) = (cluster.clone(), rooms.clone());
        tasks.push(tokio::spawn(async move { write_both(&cluster, person, who, rooms, ROUNDS).await }));
    }
    let all = async {
        for task in tasks {
            task.await.expect("no writer was refused");
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("nobody waits for ever");

    for room in &rooms {
        let log = owner.at(cluster.node(1)).connect().await.catch_up(room, 0).await;
        let seqs: Vec<u64> = log.iter().map(|event| number(&event["seq"])).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "a gap, or a duplicate");
        assert_eq!(log.iter().filter(|event| event["kind"] == "message").count(), PEOPLE * ROUNDS);
    }
    if profile == Profile::SelfHosted {
        let database = cluster.backends().database();
        let asked = format!("SELECT deadlocks FROM pg_stat_database WHERE datname = '{database}'");
        let deadlocks = local_servers::shared::postgres().sql("postgres", &asked);
        println!("{deadlocks} deadlocks of PostgreSQL while two rooms were written in opposite order");
        assert_eq!(deadlocks, "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rooms_written_in_opposite_order_do_not_deadlock_on_postgres() {
    two_rooms_in_opposite_order(Profile::SelfHosted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rooms_written_in_opposite_order_do_not_deadlock_on_dynamodb() {
    two_rooms_in_opposite_order(Profile::Aws).await;
}

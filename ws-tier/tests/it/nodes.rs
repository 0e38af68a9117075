//! Tests with several nodes on one store.

use std::time::Duration;

use domain::Intent;
use serde_json::json;
use service::limits::CHANGES_INTERVAL;
use service::ports::BusStatus;

use crate::harness::Cluster;

#[tokio::test]
async fn a_commit_of_one_node_is_delivered_by_the_other() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    let (ada, bob) = (one.guest("ada").await, two.guest("bob").await);
    let room = one.room("general", &ada, &[&bob]).await;
    let mut a = one.live(&ada, &[room]).await;
    let mut b = two.live(&bob, &[room]).await;
    let there = one.send(&ada, room, "from one").await;
    assert_eq!(b.event(room).await["seq"], there);
    let back = two.send(&bob, room, "from two").await;
    a.event(room).await;
    assert_eq!(a.event(room).await["seq"], back);
    b.say(json!({"t": "typing", "room": room.to_string(), "on": true})).await;
    assert_eq!(a.expect("signal").await["by"]["id"], bob.id.to_string());
}

#[tokio::test]
async fn without_the_bus_entries_arrive_by_changes_and_none_is_lost() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    let (ada, bob) = (one.guest("ada").await, two.guest("bob").await);
    let room = one.room("general", &ada, &[&bob]).await;
    let mut b = two.live(&bob, &[room]).await;
    cluster.broker.set_status(BusStatus::Down);
    for n in 0..20 {
        one.send(&ada, room, &n.to_string()).await;
    }
    let mut seqs = Vec::new();
    while seqs.len() < 20 {
        seqs.push(b.event(room).await["seq"].as_u64().expect("seq"));
    }
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
    assert!(cluster.broker.lost() > 0);
    cluster.broker.set_status(BusStatus::Up);
    one.send(&ada, room, "back").await;
    assert_eq!(b.event(room).await["text"], "back");
}

#[tokio::test]
async fn the_end_of_a_session_and_a_removal_hold_on_every_node() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    let (ada, bob) = (one.guest("ada").await, two.guest("bob").await);
    let room = one.room("general", &ada, &[&bob]).await;
    let mut b = two.live(&bob, &[room]).await;
    one.ask(&ada, room, Intent::Kick { user: bob.id, why: None }).await;
    one.send(&ada, room, "not for bob").await;
    assert_eq!(b.event(room).await["state"], "kicked");
    assert!(b.until_pong().await.iter().all(|frame| frame["room"] != room.to_string()));
    one.services.auth.sessions.logout(Some(bob.actor), None).await.expect("out");
    assert_eq!(b.closed().await, 4401);
}

#[tokio::test]
async fn while_the_store_is_down_nothing_is_acked_and_sockets_stay() {
    let cluster = Cluster::new();
    let node = cluster.node().await;
    let ada = node.guest("ada").await;
    let room = node.room("general", &ada, &[]).await;
    let mut socket = node.live(&ada, &[room]).await;
    cluster.memory.set_down(true);
    let answer = socket.send(room, "hello?", 2).await;
    assert_eq!(answer["code"], "unavailable", "{answer}");
    assert!(answer["retry_ms"].as_u64().is_some());
    cluster.memory.set_down(false);
    assert_eq!(socket.send(room, "hello", 2).await["t"], "ack");
}

#[tokio::test]
async fn a_token_of_a_session_that_ended_on_another_node_opens_no_socket() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    let bob = one.guest("bob").await;
    assert_eq!(two.services.auth.sessions.verify(&bob.token).expect("it is valid").user, bob.id);
    one.services.auth.sessions.logout(Some(bob.actor), None).await.expect("out");
    let mut socket = two.connect().await;
    socket.say(json!({"t": "hello", "v": 1, "token": bob.token})).await;
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn a_token_that_claims_a_revoked_role_opens_a_socket_without_it() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    let ada = one.guest("ada").await;
    let zoe = one.guest("zoe").await;
    cluster.memory.store().users.set_role(zoe.id, domain::UserRole::Admin).await.expect("another admin is left");
    // Like the command line, in another process: no node is notified.
    cluster.memory.store().users.set_role(ada.id, domain::UserRole::Admin).await.expect("up");
    let granted = two.services.auth.sessions.grant(&ada.token).expect("it is valid").actor;
    assert!(two.services.auth.sessions.as_of_now(granted).await.expect("signed in").admin);
    cluster.memory.store().users.set_role(ada.id, domain::UserRole::User).await.expect("up");
    assert!(!two.services.auth.sessions.as_of_now(granted).await.expect("signed in").admin);
}

#[tokio::test]
async fn commits_just_before_a_stop_reach_the_other_nodes() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    let (ada, bob) = (one.guest("ada").await, two.guest("bob").await);
    let room = one.room("general", &ada, &[&bob]).await;
    let mut socket = two.live(&bob, &[room]).await;

    // As at the end of a process: sockets leave, then the last changes are appended, then their commits are published.
    one.node.drain(Duration::from_secs(1)).await;
    let seq = one.send(&ada, room, "the last word").await;
    one.running.stop().await;
    one.node.stop();
    // Sooner than the other node asks the store which logs changed.
    let event = tokio::time::timeout(CHANGES_INTERVAL / 2, socket.event(room)).await.expect("it was published");
    assert_eq!(event["seq"], seq);
}

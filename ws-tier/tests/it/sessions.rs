//! Tests of who may hold a socket, and for how long.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use domain::{Actor, Change, Intent, LogId, OwnChange};
use serde_json::json;

use crate::harness::{Cluster, Person, SteppingClock, TestNode, entry};

/// Appends to a user log, as auth does.
async fn own(node: &TestNode, person: &Person, change: OwnChange) {
    let change = Change { by: Actor::SYSTEM, id: entry(), seen: None, epoch: None, intent: Intent::Own(change) };
    node.services.logs.submit(LogId::User(person.id), change).await.expect("appended");
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_refused() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let forged = format!("{}x", ada.token);
    // {"alg":"none","typ":"at+jwt"}, and no signature.
    let payload = ada.token.split('.').nth(1).expect("a payload");
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{payload}.");
    for token in [forged.as_str(), none.as_str(), "", "junk"] {
        let mut socket = node.connect().await;
        socket.say(json!({"t": "hello", "v": 1, "token": token})).await;
        assert_eq!(socket.expect("error").await["code"], "unauthenticated");
        assert_eq!(socket.closed().await, 4401);
    }
}

#[tokio::test]
async fn a_ticket_signs_in_once() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let ticket = node.services.auth.tickets.issue(&ada.actor).await.expect("a ticket");
    for good in [true, false] {
        let mut socket = node.connect_to(&format!("/v1/ws?ticket={ticket}")).await;
        socket.say(json!({"t": "hello", "v": 1})).await;
        if good {
            assert_eq!(socket.expect("welcome").await["user"]["id"], ada.id.to_string());
        } else {
            assert_eq!(socket.closed().await, 4401);
        }
    }
}

#[tokio::test]
async fn the_end_of_a_session_closes_its_sockets_and_no_others() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let mut a = node.live(&ada, &[]).await;
    let mut b = node.live(&bob, &[]).await;
    node.services.auth.sessions.logout(Some(ada.actor), None).await.expect("out");
    assert_eq!(a.event("@me").await["kind"], "session");
    assert_eq!(a.closed().await, 4401);
    b.until_pong().await;
    let mut again = node.connect().await;
    again.say(json!({"t": "hello", "v": 1, "token": ada.token})).await;
    assert_eq!(again.closed().await, 4401);
}

#[tokio::test]
async fn a_ban_closes_all_sockets_permanently() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let (mut one, mut two) = (node.live(&ada, &[]).await, node.sign_in(&ada).await);
    own(&node, &ada, OwnChange::SessionEnded(None)).await;
    assert_eq!(one.closed().await, 4503);
    assert_eq!(two.closed().await, 4503);
}

#[tokio::test]
async fn a_token_of_the_same_session_renews_and_another_users_token_closes() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let mut socket = node.sign_in(&ada).await;
    socket.say(json!({"t": "auth", "id": "1", "token": ada.token})).await;
    let ack = socket.expect("ack").await;
    assert_eq!((&ack["id"], &ack["room"], &ack["seq"]), (&json!("1"), &json!(null), &json!(null)));
    socket.say(json!({"t": "auth", "id": "2", "token": "junk"})).await;
    let error = socket.expect("error").await;
    assert_eq!((&error["id"], &error["code"]), (&json!("2"), &json!("unauthenticated")));
    socket.say(json!({"t": "auth", "id": "3", "token": bob.token})).await;
    assert_eq!(socket.closed().await, 4501);
}

#[tokio::test]
async fn a_drained_node_sends_goaway_answers_changes_and_ends() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let room = node.room("general", &ada, &[]).await;
    let mut sockets = vec![node.live(&ada, &[room]).await];
    for _ in 0..5 {
        sockets.push(node.sign_in(&ada).await);
    }
    let inner = node.node.clone();
    let drain = tokio::spawn(async move { inner.drain(Duration::from_secs(5)).await });
    let mut delays = Vec::new();
    for socket in &mut sockets {
        let goaway = socket.expect("goaway").await;
        assert_eq!(goaway["reason"], "drain");
        delays.push(goaway["delay_ms"].as_u64().expect("a delay"));
    }
    assert!(delays.iter().all(|delay| *delay <= 3_000));
    assert!(delays.iter().any(|delay| *delay != delays[0]), "spread: {delays:?}");
    // The socket that leaves last has the most time left to send in.
    let last = (0..delays.len()).max_by_key(|at| delays[*at]).expect("there are sockets");
    let ack = sockets[last].send(room, "on the way out", 2).await;
    assert_eq!(ack["t"], "ack", "changes are accepted until the end");
    let mut late = node.connect().await;
    assert_eq!(late.closed().await, 4412);
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 4412);
    }
    drain.await.expect("within the grace period");
    assert_eq!(node.node.open_sockets(), 0);
}

#[tokio::test]
async fn a_clock_step_closes_no_socket_and_delays_no_heartbeat_or_mark() {
    let limits = Limits { heartbeat_ms: 1_000, sign_ins_per_minute: 10_000, ..Limits::default() };
    let cluster = Cluster::with(limits);
    let clock = Arc::new(SteppingClock::default());
    let node = cluster.node_with_clock(clock.clone()).await;
    let ada = node.guest("ada").await;
    let room = node.room("general", &ada, &[]).await;
    let mut socket = node.live(&ada, &[room]).await;
    let mut seen = 2;

    for step in [600_000, -600_000, -600_000, 600_000] {
        clock.step(step);
        // As long as a client may be silent.
        for _ in 0..2 {
            socket.expect("ping").await;
            socket.say(json!({"t": "pong"})).await;
        }
        let ack = socket.send(room, "still here", seen).await;
        seen = ack["seq"].as_u64().expect("it is stored");
    }
    node.services.marks.flush().await;
    let mark = cluster.memory.store().marks.marks(room, &[ada.id]).await.expect("up").pop().expect("a row").1;
    assert_eq!(mark.read_seq, seen);
}

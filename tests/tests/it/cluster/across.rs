//! Tests that what happens on one node is visible on the others: messages, typing, read marks, presence, own writes.

use serde_json::json;
use tests::backends::Profile;
use tests::cluster::Cluster;
use tests::person::Person;
use tests::wait;

use crate::setup::{generous, history, join, number, private_room, room, say};

/// Two nodes, and two users in one room, each on a different node.
async fn two(profile: Profile) -> (Cluster, Person, Person, String) {
    let cluster = Cluster::start(profile, 2, generous()).await;
    let ada = Person::register(cluster.node(0), "ada").await;
    let bob = Person::register(cluster.node(1), "bob").await;
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    (cluster, ada, bob, id)
}

async fn a_message_reaches_a_socket_of_another_node(profile: Profile) {
    let (_cluster, ada, bob, id) = two(profile).await;
    let mut socket = bob.connect().await;
    socket.follow(&id).await;
    for n in 0..20 {
        let seq = say(&ada, &id, &format!("message {n}")).await;
        let event = socket.find("event", |event| event["kind"] == "message").await;
        assert_eq!((&event["seq"], &event["text"]), (&json!(seq), &json!(format!("message {n}"))));
    }
}

#[tokio::test]
async fn a_message_reaches_a_socket_of_another_node_on_postgres() {
    a_message_reaches_a_socket_of_another_node(Profile::SelfHosted).await;
}

#[tokio::test]
async fn a_message_reaches_a_socket_of_another_node_on_dynamodb() {
    a_message_reaches_a_socket_of_another_node(Profile::Aws).await;
}

async fn own_writes_are_read_through_another_node(profile: Profile) {
    let (cluster, ada, _bob, id) = two(profile).await;
    let there = ada.at(cluster.node(1));
    for n in 0..20 {
        let text = format!("message {n}");
        let seq = say(&ada, &id, &text).await;
        let page = there.get(&format!("/api/rooms/{id}/messages?min_seq={seq}")).await.ok();
        assert!(number(&page["as_of"]) >= seq, "{page}");
        // Also without asking for it: a node answers from the store and not from its cache.
        let newest = history(&there, &id).await.last().cloned().expect("there are messages");
        assert_eq!((&newest["seq"], &newest["text"]), (&json!(seq), &json!(text)));
    }
    // A room created here exists there at once, and an invited user may read it at once.
    let secret = private_room(&ada, "Secret").await;
    let bob = Person::register(cluster.node(1), "bea").await;
    ada.post(&format!("/api/rooms/{secret}/invite"), json!({ "user": bob.id })).await.ok();
    join(&bob, &secret).await;
    let seq = say(&bob, &secret, "in").await;
    assert_eq!(history(&ada, &secret).await.last().expect("it is stored")["seq"], seq);
}

#[tokio::test]
async fn own_writes_are_read_through_another_node_on_postgres() {
    own_writes_are_read_through_another_node(Profile::SelfHosted).await;
}

#[tokio::test]
async fn own_writes_are_read_through_another_node_on_dynamodb() {
    own_writes_are_read_through_another_node(Profile::Aws).await;
}

#[tokio::test]
async fn typing_and_read_marks_reach_other_nodes() {
    let (cluster, ada, bob, id) = two(Profile::SelfHosted).await;
    let (mut reader, mut writer) = (ada.connect().await, bob.connect().await);
    reader.follow(&id).await;
    writer.follow(&id).await;
    writer.send(json!({ "t": "typing", "room": id, "on": true })).await;
    let signal = reader.find("signal", |signal| signal["kind"] == "typing").await;
    assert_eq!(signal["by"]["name"], "bob");

    // Another device of bob's, on ada's node, receives what he has read on his own node.
    let mut desk = bob.at(cluster.node(0)).connect().await;
    desk.follow(&id).await;
    let seq = say(&ada, &id, "read me").await;
    writer.find("event", |event| event["seq"] == seq).await;
    writer.send(json!({ "t": "read", "room": id, "seq": seq })).await;
    let receipt = desk.find("receipt", |receipt| receipt["user"] == bob.id.as_str()).await;
    assert_eq!(receipt["seq"], seq);
    let receipt = reader.find("receipt", |receipt| receipt["user"] == bob.id.as_str()).await;
    assert_eq!(receipt["seq"], seq);
}

#[tokio::test]
async fn presence_is_the_best_of_all_nodes() {
    let (cluster, ada, bob, _) = two(Profile::SelfHosted).await;
    let status = async || ada.get(&format!("/api/presence/{}", bob.id)).await.ok()["status"].clone();
    let mut watcher = ada.connect().await;
    watcher.send(json!({ "t": "watch", "users": [bob.id] })).await;
    let shows = |frame: &serde_json::Value, wanted: &str| {
        let users = frame["users"].as_array().expect("presence names users");
        users.iter().any(|entry| entry["user"] == bob.id.as_str() && entry["status"] == wanted)
    };
    let (here, there) = (bob.at(cluster.node(0)).connect().await, bob.connect().await);
    watcher.find("presence", |frame| shows(frame, "online")).await;
    drop(here);
    // The socket on the other node still keeps him online.
    assert_eq!(status().await, "online");
    drop(there);
    wait::until("bob is gone", async || (status().await == "offline").then_some(())).await;
}

#[tokio::test]
async fn a_crashed_node_affects_only_its_own_users() {
    let (mut cluster, ada, bob, id) = two(Profile::SelfHosted).await;
    let status = |of: &Person| {
        let path = format!("/api/presence/{}", of.id);
        let ada = ada.clone();
        async move { ada.get(&path).await.ok()["status"].clone() }
    };
    let _ada = ada.connect().await;
    let _bob = bob.connect().await;
    wait::until("bob is online", async || (status(&bob).await == "online").then_some(())).await;
    let seq = say(&bob, &id, "the last words").await;
    cluster.node_mut(1).kill();
    assert_eq!(history(&ada, &id).await.last().expect("it was acked")["seq"], seq);
    // No client said that he went offline: his presence expires, 30 s after its last refresh.
    let patience = std::time::Duration::from_secs(60);
    wait::until_within(patience, "bob is offline", async || (status(&bob).await == "offline").then_some(())).await;
    assert_eq!(status(&ada).await, "online");
    // He continues on a node that is running.
    let mut socket = bob.at(cluster.node(0)).connect().await;
    assert_eq!(socket.catch_up(&id, seq - 1).await.len(), 1);
}

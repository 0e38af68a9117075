//! Tests presence and typing.

use serde_json::{Value, json};
use tests::person::Person;
use tests::server::Server;
use tests::wait;

use crate::setup::{generous, join, private_room, room};

async fn status(watcher: &Person, of: &Person) -> Value {
    watcher.get(&format!("/api/presence/{}", of.id)).await.ok()["status"].clone()
}

#[tokio::test]
async fn watchers_see_users_come_and_go() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let mut socket = ada.connect().await;
    socket.send(json!({ "t": "watch", "users": [bob.id] })).await;
    let shows = |frame: &Value, wanted: &str| {
        let users = frame["users"].as_array().expect("presence names users");
        users.iter().any(|entry| entry["user"] == bob.id.as_str() && entry["status"] == wanted)
    };
    let there = bob.connect().await;
    socket.find("presence", |frame| shows(frame, "online")).await;
    assert_eq!(status(&ada, &bob).await, "online");
    drop(there);
    // A user is offline if the frame says so, or if they are missing in a full list.
    socket
        .find("presence", |frame| shows(frame, "offline") || (frame["full"] == true && !shows(frame, "online")))
        .await;
}

#[tokio::test]
async fn a_heartbeat_keeps_a_user_online_without_a_socket() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    assert_eq!(status(&ada, &bob).await, "offline");
    bob.post("/api/presence/me/heartbeat", json!({ "status": "online" })).await.ok();
    assert_eq!(status(&ada, &bob).await, "online");
    assert!(bob.delete("/api/presence/me").await.status.is_success());
    assert_eq!(status(&ada, &bob).await, "offline");
}

#[tokio::test]
async fn users_only_set_their_own_presence() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let answers = [
        ada.post(&format!("/api/presence/{}/heartbeat", bob.id), json!({ "status": "online" })).await,
        ada.delete(&format!("/api/presence/{}", bob.id)).await,
        ada.post(&format!("/api/presence/{}/typing?room_id={id}", bob.id), json!({})).await,
        ada.delete(&format!("/api/presence/{}/typing?room_id={id}", bob.id)).await,
    ];
    for answer in answers {
        answer.refused(403, "forbidden");
    }
    assert_eq!(status(&ada, &bob).await, "offline");
}

#[tokio::test]
async fn typing_is_seen_in_the_room_and_by_rest() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let (mut reader, mut writer) = (ada.connect().await, bob.connect().await);
    reader.follow(&id).await;
    writer.follow(&id).await;
    writer.send(json!({ "t": "typing", "room": id, "on": true })).await;
    let signal = reader.frame("signal").await;
    assert_eq!((&signal["kind"], &signal["by"]["name"]), (&json!("typing"), &json!("bob")));

    bob.post(&format!("/api/presence/me/typing?room_id={id}"), json!({})).await.ok();
    let typing = async || ada.get(&format!("/api/presence/rooms/{id}/typing")).await.ok()["items"].clone();
    wait::until("bob in the list", async || {
        typing().await.as_array()?.iter().any(|user| user["name"] == "bob").then_some(())
    })
    .await;
    bob.delete(&format!("/api/presence/me/typing?room_id={id}")).await;
    wait::until("an empty list", async || (typing().await == json!([])).then_some(())).await;
}

#[tokio::test]
async fn a_non_member_learns_nothing() {
    let server = Server::start().await;
    let (ada, eve) = (Person::register(&server, "ada").await, Person::register(&server, "eve").await);
    let id = private_room(&ada, "Secret").await;
    let _there = ada.connect().await;
    let mut socket = eve.connect().await;
    socket.send(json!({ "t": "watch", "users": [ada.id] })).await;
    socket.send(json!({ "t": "typing", "room": id, "on": true })).await;
    eve.get(&format!("/api/presence/rooms/{id}/typing")).await.refused(404, "not_found");
    let answer = eve.get(&format!("/api/presence/{}", ada.id)).await;
    assert!(!answer.text().contains("online"), "{}", answer.text());
    let list = eve.get("/api/presence").await.ok();
    assert!(!list.to_string().contains(&ada.id), "{list}");
}

#[tokio::test]
async fn a_user_who_asks_for_too_many_users_must_wait_and_no_one_else() {
    let server = generous().start().await;
    let (ada, eve) = (Person::register(&server, "ada").await, Person::register(&server, "eve").await);
    let mut socket = eve.connect().await;
    for _ in 0..12 {
        let nobody: Vec<String> = (0..200).map(|_| uuid::Uuid::now_v7().to_string()).collect();
        socket.send(json!({ "t": "watch", "users": nobody })).await;
    }
    let error = socket.error().await;
    assert_eq!((&error["code"], &error["of"]), (&json!("rate_limited"), &json!("watch")), "{error}");
    assert!(error["retry_ms"].as_u64().is_some_and(|wait| (1..=10_000).contains(&wait)), "{error}");

    let id = room(&ada, "garden").await;
    join(&eve, &id).await;
    wait::until("ada sees eve", async || (status(&ada, &eve).await != json!(null)).then_some(())).await;
}

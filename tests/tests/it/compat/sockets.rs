//! The socket of the older contract: each frame with its shape, beside a native client, and what is refused.

use serde_json::{Value, json};
use tests::person::Person;
use tests::server::{Server, Settings};
use tests::socket::Socket;
use tokio_tungstenite::tungstenite::Message;

use super::{anonymous, has_fields, is_time, with_guests};

const MESSAGE: [&str; 9] =
    ["type", "id", "room_id", "user_id", "username", "content", "message_type", "file_url", "timestamp"];
const TYPING: [&str; 4] = ["type", "user_id", "username", "room_id"];
const COMING: [&str; 5] = ["type", "user_id", "username", "room_id", "timestamp"];

fn url(server: &Server, room: &str, user: &str, query: &str) -> String {
    format!("ws://{}/ws/{room}/{user}{query}", server.address())
}

async fn enter(server: &Server, room: &str, user: &str, name: &str) -> Socket {
    Socket::silent(&url(server, room, user, &format!("?username={name}"))).await
}

/// Waits for the next frame of this type.
async fn next(socket: &mut Socket, kind: &str) -> Value {
    socket.find_where(&format!("a frame of the type {kind}"), |frame| frame["type"] == kind).await
}

/// Waits until a socket follows its room: it reads nothing before, so its first message comes back.
async fn follows(socket: &mut Socket) {
    socket.send(json!({ "type": "message", "content": "I am here" })).await;
    socket.find_where("its own message", |frame| frame["content"] == "I am here").await;
}

async fn status(url: &str) -> u16 {
    Socket::status(url).await
}

#[tokio::test]
async fn older_and_native_clients_see_each_others_messages() {
    let server = with_guests().await;
    let ada = Person::register(&server, "ada").await;
    ada.post("/api/rooms/general/join", json!({})).await.ok();
    let mut alice = enter(&server, "general", "alice", "Alice").await;
    follows(&mut alice).await;

    ada.post("/api/rooms/general/messages", json!({ "text": "hello, older one" })).await.ok();
    let heard = alice.find_where("ada's message", |frame| frame["content"] == "hello, older one").await;
    has_fields(&heard, &MESSAGE);
    assert_eq!((&heard["type"], &heard["room_id"]), (&json!("message"), &json!("general")));
    assert_eq!((&heard["user_id"], &heard["username"]), (&json!(ada.id), &json!("ada")));
    assert_eq!((&heard["message_type"], &heard["file_url"]), (&json!("text"), &Value::Null));
    is_time(&heard["timestamp"]);

    alice.send(json!({ "type": "message", "content": "hello, native one" })).await;
    let own = alice.find_where("her own message", |frame| frame["content"] == "hello, native one").await;
    has_fields(&own, &MESSAGE);
    assert_eq!((&own["user_id"], &own["username"]), (&json!("alice"), &json!("Alice")));
    let page = ada.get("/api/rooms/general/messages").await.ok();
    let last = page["items"].as_array().and_then(|items| items.last()).expect("a message");
    assert_eq!((&last["text"], &last["by"]["name"]), (&json!("hello, native one"), &json!("compat.alice")));
    assert_eq!(last["by"]["display_name"], "Alice");
    assert_eq!(own["id"], format!("general:{}", last["seq"]));

    let listed = anonymous(&server).get("/api/chat/rooms/general/messages?limit=1").await.ok();
    let mut own = own;
    own.as_object_mut().expect("an object").remove("type");
    assert_eq!(listed, json!([own]), "the same in REST");
}

#[tokio::test]
async fn typing_and_coming_and_going_reach_the_others() {
    let server = with_guests().await;
    let ada = Person::register(&server, "ada").await;
    ada.post("/api/rooms/general/join", json!({})).await.ok();
    let mut alice = enter(&server, "general", "alice", "Alice").await;
    follows(&mut alice).await;

    let mut bob = enter(&server, "general", "bob", "Bob").await;
    let joined = next(&mut alice, "user_joined").await;
    has_fields(&joined, &COMING);
    let fields = ["user_id", "username", "room_id"].map(|name| joined[name].clone());
    assert_eq!(json!(fields), json!(["bob", "Bob", "general"]));
    is_time(&joined["timestamp"]);

    bob.send(json!({ "type": "typing" })).await;
    let typing = next(&mut alice, "typing").await;
    has_fields(&typing, &TYPING);
    assert_eq!(
        (&typing["user_id"], &typing["username"], &typing["room_id"]),
        (&json!("bob"), &json!("Bob"), &json!("general"))
    );
    bob.send(json!({ "type": "stop_typing" })).await;
    has_fields(&next(&mut alice, "stop_typing").await, &TYPING);

    drop(bob);
    let left = next(&mut alice, "user_left").await;
    has_fields(&left, &COMING);
    assert_eq!(left["user_id"], "bob");

    // The membership is durable: it was made once, and leaving ended nothing.
    let members = ada.get("/api/rooms/general/members").await.ok();
    assert!(members.to_string().contains("compat.bob"), "{members}");
    let head = ada.get("/api/rooms/general").await.ok()["head"].clone();
    let again = enter(&server, "general", "bob", "Bob").await;
    next(&mut alice, "user_joined").await;
    drop(again);
    next(&mut alice, "user_left").await;
    assert_eq!(ada.get("/api/rooms/general").await.ok()["head"], head);
}

#[tokio::test]
async fn a_file_is_sent_by_its_address() {
    let server = with_guests().await;
    let ada = Person::register(&server, "ada").await;
    ada.post("/api/rooms/general/join", json!({})).await.ok();
    let mut alice = enter(&server, "general", "alice", "Alice").await;
    follows(&mut alice).await;
    let file =
        super::rest::upload(&anonymous(&server), &[("room_id", "general"), ("user_id", "alice")], "note.txt", b"hello")
            .await
            .ok();
    let url = file["download_url"].as_str().expect("a path");
    alice.send(json!({ "type": "message", "content": "see", "message_type": "file", "file_url": url })).await;
    let sent = alice.find_where("the file", |frame| frame["message_type"] == "file").await;
    assert_eq!((&sent["content"], &sent["file_url"]), (&json!("see"), &json!(url)));
    let listed = anonymous(&server).get("/api/files/files?room_id=general").await.ok();
    assert_eq!(listed, json!([file]));
}

#[tokio::test]
async fn bad_frames_are_answered_and_the_socket_stays_open() {
    let server = with_guests().await;
    let ada = Person::register(&server, "ada").await;
    ada.post("/api/rooms/general/join", json!({})).await.ok();
    let mut alice = enter(&server, "general", "alice", "Alice").await;
    follows(&mut alice).await;
    for (frame, code) in [
        (json!({}), "bad_request"),
        (json!([]), "bad_request"),
        (json!({ "type": "shout" }), "bad_request"),
        (json!({ "type": "message" }), "bad_request"),
        (json!({ "type": "message", "content": 7 }), "bad_request"),
        (json!({ "type": "message", "content": "x".repeat(4_001) }), "too_large"),
        (json!({ "type": "message", "content": "x", "message_type": "file" }), "bad_request"),
        (
            json!({ "type": "message", "content": "x", "message_type": "file", "file_url": "/api/files/123/download" }),
            "not_found",
        ),
    ] {
        alice.send(frame.clone()).await;
        let error = next(&mut alice, "error").await;
        has_fields(&error, &["type", "code", "message"]);
        assert_eq!(error["code"], code, "{frame}: {error}");
    }
    alice.send_raw(Message::text("nonsense")).await;
    next(&mut alice, "error").await;
    alice.send(json!({ "type": "message", "content": "still here" })).await;
    alice.find_where("her message", |frame| frame["content"] == "still here").await;
}

#[tokio::test]
async fn a_handshake_that_names_the_wrong_room_or_user_is_refused() {
    let server = with_guests().await;
    let ada = Person::register(&server, "ada").await;
    assert_eq!(status(&url(&server, "nowhere", "alice", "")).await, 404);
    assert_eq!(status(&url(&server, "general", &ada.id, "")).await, 403);
    assert_eq!(status(&url(&server, "general", &"x".repeat(65), "")).await, 422);
    assert_eq!(status(&url(&server, "general", "alice", "?ticket=nonsense")).await, 403);
    let private = ada.post("/api/rooms", json!({ "name": "Secret", "kind": "private" })).await.ok();
    assert_eq!(status(&url(&server, private["id"].as_str().expect("an id"), "alice", "")).await, 404);

    let server = Settings::default().variable("PALAVER_COMPAT", "token").start().await;
    let ada = Person::register(&server, "ada").await;
    assert_eq!(status(&url(&server, "general", "alice", "")).await, 403);
    let ticket = async || {
        let ticket = ada.post("/api/auth/ticket", json!({ "compat": true })).await.ok();
        ticket["ticket"].as_str().expect("a ticket").to_owned()
    };
    assert_eq!(status(&url(&server, "general", "alice", &format!("?ticket={}", ticket().await))).await, 403);
    let mut socket = Socket::silent(&url(&server, "general", &ada.id, &format!("?ticket={}", ticket().await))).await;
    follows(&mut socket).await;

    let server = Server::start().await;
    assert_eq!(status(&url(&server, "general", "alice", "")).await, 404, "it does not exist");
}

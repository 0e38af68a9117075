//! Tests Socket.IO with a raw client, over WebSockets and long-polling: rooms, messages, errors, recovery, and people of the native
//! protocol in the same room.

mod client;
mod suites;

use serde_json::{Value, json};
use tests::person::Person;
use tests::server::{Server, Settings};
use tests::socket::Socket;

use crate::setup::{generous, private_room, room, say, text};
use client::{Client, Transport, get};

fn settings() -> Settings {
    generous().variable("PALAVER_SOCKETIO", "true")
}

async fn people(server: &Server) -> (Person, Person) {
    (Person::register(server, "ada").await, Person::register(server, "bob").await)
}

#[tokio::test]
async fn it_is_off_unless_it_is_turned_on() {
    let server = Server::start().await;
    let (status, _) = get(&server, "/socket.io/?EIO=4&transport=polling").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn people_on_both_transports_and_on_the_native_protocol_chat_in_one_room() {
    let server = settings().start().await;
    let (ada, bob) = people(&server).await;
    let room = room(&ada, "test-room").await;
    let mut native = ada.connect().await;
    native.send(json!({ "t": "resume", "id": "r", "cursors": { &room: null } })).await;
    native.frame("sync").await;

    for transport in [Transport::WebSocket, Transport::Polling] {
        let mut first = Client::connect(&server, transport, &bob).await;
        let joined = first.ask("join_room", json!({ "roomId": room, "userId": bob.id })).await;
        assert_eq!(joined, json!({ "ok": true, "id": room }));
        let content = format!("hello by {transport:?}");
        let sent = first.ask("send_message", json!({ "roomId": room, "content": content, "type": "text" })).await;
        let id = sent["id"].as_str().expect("an id");
        assert_eq!(sent, json!({ "ok": true, "id": id, "timestamp": sent["timestamp"] }));

        let message = json!({
            "id": id, "roomId": room, "userId": bob.id, "content": content, "timestamp": sent["timestamp"],
        });
        assert_eq!(first.event("message").await, message);
        let event = native.find("event", |event| event["text"] == content.as_str()).await;
        assert_eq!(text(&event["by"]["id"]), bob.id);

        let content = format!("hello to {transport:?}");
        say(&ada, &room, &content).await;
        let heard = first.event("message").await;
        assert_eq!((text(&heard["content"]), text(&heard["userId"])), (content, ada.id.clone()));
    }
}

#[tokio::test]
async fn a_room_may_be_named_by_its_slug_which_events_then_name_too() {
    let server = settings().start().await;
    let (ada, bob) = people(&server).await;
    room(&ada, "test-room").await;
    let mut first = Client::connect(&server, Transport::WebSocket, &ada).await;
    let mut second = Client::connect(&server, Transport::Polling, &bob).await;
    for client in [&mut first, &mut second] {
        client.ask("join_room", json!({ "roomId": "test-room" })).await;
    }
    let joined = first.event("user_joined").await;
    assert_eq!(joined, json!({ "roomId": "test-room", "userId": bob.id, "username": "bob" }));

    let sent = first.ask("send_message", json!({ "roomId": "test-room", "content": "one" })).await;
    let id = text(&sent["id"]);
    assert!(id.starts_with("test-room:"), "{id}");
    assert_eq!(second.event("message").await["id"], id.as_str());

    let edited = first.ask("edit_message", json!({ "messageId": id, "content": "two" })).await;
    assert_eq!((&edited["ok"], &edited["id"]), (&json!(true), &json!(id)));
    let heard = second.event("message").await;
    assert_eq!((&heard["id"], &heard["content"], &heard["edited"]), (&json!(id), &json!("two"), &json!(true)));

    second.emit("typing_start", json!({ "roomId": "test-room" })).await;
    let typing = first.event("typing").await;
    assert_eq!(typing, json!({ "roomId": "test-room", "userId": bob.id, "username": "bob" }));
    second.emit("mark_read", json!({ "roomId": "test-room", "messageId": id })).await;
    let read = first.event("message_read").await;
    assert_eq!(read, json!({ "roomId": "test-room", "messageId": id, "userId": bob.id }));

    first.ask("delete_message", json!({ "messageId": id })).await;
    assert_eq!(second.event("message_deleted").await, json!({ "roomId": "test-room", "messageId": id }));
}

#[tokio::test]
async fn a_client_that_leaves_a_room_hears_nothing_of_it_and_stays_a_member() {
    let server = settings().start().await;
    let (ada, bob) = people(&server).await;
    let (tea, cake) = (room(&ada, "tea").await, room(&ada, "cake").await);
    let mut client = Client::connect(&server, Transport::WebSocket, &bob).await;
    for room in [&tea, &cake] {
        client.ask("join_room", json!({ "roomId": room })).await;
    }
    assert_eq!(client.ask("leave_room", json!({ "roomId": tea })).await, json!({ "ok": true }));
    say(&ada, &tea, "unheard").await;
    say(&ada, &cake, "heard").await;
    assert_eq!(client.event("message").await["content"], "heard");
    bob.get(&format!("/api/rooms/{tea}/messages")).await.ok();
}

#[tokio::test]
async fn a_session_moves_from_polling_to_a_websocket_without_losing_or_doubling_a_message() {
    let server = settings().start().await;
    let (ada, bob) = people(&server).await;
    let room = room(&ada, "test-room").await;
    let mut client = Client::connect(&server, Transport::Polling, &bob).await;
    client.ask("join_room", json!({ "roomId": room })).await;
    say(&ada, &room, "before").await;
    client.upgrade(&server).await;
    say(&ada, &room, "after").await;
    let heard = [client.event("message").await, client.event("message").await];
    assert_eq!(heard.map(|message| text(&message["content"])), ["before", "after"]);
    let sent = client.ask("send_message", json!({ "roomId": room, "content": "mine" })).await;
    assert_eq!(sent["ok"], true);
}

#[tokio::test]
async fn a_client_that_comes_back_with_its_offset_gets_what_it_missed_once() {
    let server = settings().start().await;
    let (ada, bob) = people(&server).await;
    let (tea, cake) = (room(&ada, "tea").await, room(&ada, "cake").await);
    let mut client = Client::connect(&server, Transport::WebSocket, &bob).await;
    for room in [&tea, &cake] {
        client.ask("join_room", json!({ "roomId": room })).await;
    }
    say(&ada, &tea, "one").await;
    assert_eq!(client.event("message").await["content"], "one");
    let offset = client.offset.clone().expect("events end with their offset");
    drop(client);
    say(&ada, &tea, "two").await;
    say(&ada, &cake, "three").await;

    let auth = json!({ "token": bob.token, "pid": "any", "offset": offset });
    let mut client = Client::with_auth(&server, Transport::WebSocket, auth).await.expect("it is let in");
    for room in [&tea, &cake] {
        client.emit("join_room", json!({ "roomId": room })).await;
    }
    let mut heard = [client.event("message").await, client.event("message").await].map(|one| text(&one["content"]));
    heard.sort();
    assert_eq!(heard, ["three", "two"]);
    say(&ada, &tea, "four").await;
    assert_eq!(client.event("message").await["content"], "four");
}

#[tokio::test]
async fn nobody_gets_in_without_a_valid_token() {
    let server = settings().start().await;
    for (auth, code) in [(json!({}), "BAD_REQUEST"), (json!({ "token": "junk" }), "UNAUTHENTICATED")] {
        for transport in [Transport::WebSocket, Transport::Polling] {
            let refused = Client::with_auth(&server, transport, auth.clone()).await.err().expect("it is refused");
            assert_eq!(refused["data"]["code"], code, "{refused}");
            assert!(refused["message"].is_string(), "{refused}");
        }
    }
}

#[tokio::test]
async fn bad_input_gets_a_clear_error_and_the_session_lives() {
    let server = settings().start().await;
    let (ada, bob) = people(&server).await;
    let (open, secret) = (room(&ada, "open").await, private_room(&ada, "secret").await);
    let mut client = Client::connect(&server, Transport::WebSocket, &bob).await;
    client.ask("join_room", json!({ "roomId": open })).await;
    let secret_message = format!("{secret}:1");
    let cases = [
        ("dance", json!({}), "BAD_REQUEST"),
        ("join_room", json!({}), "BAD_REQUEST"),
        ("join_room", json!({ "roomId": "no such room" }), "NOT_FOUND"),
        ("join_room", json!({ "roomId": secret }), "NOT_FOUND"),
        ("join_room", json!({ "roomId": open, "userId": ada.id }), "FORBIDDEN"),
        ("leave_room", json!({ "roomId": 7 }), "BAD_REQUEST"),
        ("send_message", json!({ "roomId": open, "content": "" }), "BAD_REQUEST"),
        ("send_message", json!({ "roomId": open, "content": "x", "type": "file" }), "BAD_REQUEST"),
        ("send_message", json!({ "roomId": open, "content": "x".repeat(20_000) }), "TOO_LARGE"),
        ("send_message", json!({ "roomId": secret, "content": "x" }), "NOT_FOUND"),
        ("edit_message", json!({ "messageId": "junk", "content": "x" }), "BAD_REQUEST"),
        ("edit_message", json!({ "messageId": secret_message, "content": "x" }), "NOT_FOUND"),
        ("delete_message", json!({ "messageId": secret_message }), "NOT_FOUND"),
        ("typing_start", json!({}), "BAD_REQUEST"),
        ("mark_read", json!({ "messageId": 7 }), "BAD_REQUEST"),
    ];
    for (name, body, code) in cases {
        let answer = client.ask(name, body.clone()).await;
        assert_eq!((&answer["ok"], &answer["code"]), (&json!(false), &json!(code)), "{name} {body}: {answer}");
        client.emit(name, body.clone()).await;
        let error = client.event("error").await;
        assert_eq!((&error["code"], error["message"].is_string()), (&json!(code), true), "{name} {body}: {error}");
    }
    client.send_bytes("send_message", json!({ "roomId": open })).await;
    assert_eq!(client.event("error").await["code"], "BAD_REQUEST");
    assert_eq!(client.ask("send_message", json!({ "roomId": open, "content": "still here" })).await["ok"], true);
}

#[tokio::test]
async fn what_is_not_the_protocol_ends_the_session_and_not_the_server() {
    let server = settings().start().await;
    let ada = Person::register(&server, "ada").await;
    for junk in [
        "4hello",
        "x",
        "42{}",
        "42[\"connect\"]",
        "451-[\"a\"]\u{0}",
        "2",
        "4",
        "0",
        &format!("42[{}", "[".repeat(9_000)),
    ] {
        let mut client = Client::connect(&server, Transport::WebSocket, &ada).await;
        client.send(junk).await;
        client.ended().await;
    }
    let (status, _) = get(&server, "/health").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn requests_that_fit_no_session_say_what_to_do() {
    let server = settings().start().await;
    let unknown = get(&server, "/socket.io/?EIO=4&transport=polling&sid=none").await;
    assert_eq!((unknown.0, &unknown.1["code"]), (400, &json!(1)));
    assert!(text(&unknown.1["message"]).contains("sticky"), "{unknown:?}");
    for (query, code) in
        [("EIO=3&transport=polling", 5), ("EIO=4", 0), ("EIO=4&transport=flash", 0), ("EIO=4&transport=websocket", 3)]
    {
        let (status, body) = get(&server, &format!("/socket.io/?{query}")).await;
        assert_eq!((status, &body["code"]), (400, &json!(code)), "{query}: {body}");
    }
}

#[tokio::test]
async fn a_full_server_says_so() {
    let server = settings().variable("PALAVER_LIMITS_CONNECTIONS_PER_NODE", "1").start().await;
    let _held = Socket::silent(&server.websocket()).await;
    for transport in [Transport::WebSocket, Transport::Polling] {
        let refused = Client::with_auth(&server, transport, json!({ "token": "any" })).await.err();
        assert_eq!(refused.expect("it is refused")["data"]["code"], "SERVER_FULL");
    }
}

#[tokio::test]
async fn a_flood_ends_the_session() {
    let settings = settings().variable("PALAVER_LIMITS_FRAMES_PER_60S", "20");
    let server = settings.start().await;
    let ada = Person::register(&server, "ada").await;
    let mut client = Client::connect(&server, Transport::WebSocket, &ada).await;
    for _ in 0..40 {
        client.send(r#"42["dance",{}]"#).await;
    }
    client.ended().await;
}

#[tokio::test]
async fn a_client_gets_a_heartbeat() {
    let server = settings().start().await;
    let ada = Person::register(&server, "ada").await;
    let mut client = Client::connect(&server, Transport::Polling, &ada).await;
    let heartbeat: Value = client.event("heartbeat").await;
    assert!(heartbeat["timestamp"].is_string(), "{heartbeat}");
}

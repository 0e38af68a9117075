//! Tests invalid input over the socket: what gets an error, and what closes the socket with which code.

use serde_json::json;
use tests::backends::Profile;
use tests::person::Person;
use tests::server::{Server, Settings};
use tests::socket::{Next, Socket};
use tokio_tungstenite::tungstenite::Message;

use crate::setup::{number, private_room, room, with_limits};

const PROTOCOL: u16 = 4500;
const TOKEN: u16 = 4401;

async fn ada(server: &Server) -> (Person, Socket) {
    let ada = Person::register(server, "ada").await;
    let socket = ada.connect().await;
    (ada, socket)
}

/// Checks that the socket still works: a message is accepted.
async fn still_works(socket: &mut Socket) {
    let id = uuid::Uuid::now_v7().to_string();
    socket.send(json!({ "t": "ping", "id": id })).await;
    let pong = socket.frame("pong").await;
    assert_eq!(pong["id"], id.as_str());
}

#[tokio::test]
async fn invalid_json_gets_an_error_and_no_close() {
    let server = Server::start().await;
    let (_ada, mut socket) = ada(&server).await;
    for text in ["hello", "{", "{\"t\":\"send\"", "", "nul", "\u{0}"] {
        socket.send_raw(Message::text(text)).await;
        assert_eq!(socket.error().await["code"], "bad_request", "{text:?}");
    }
    still_works(&mut socket).await;
}

#[tokio::test]
async fn an_unknown_frame_gets_an_error_and_no_close() {
    let server = Server::start().await;
    let (_ada, mut socket) = ada(&server).await;
    for frame in [json!({ "t": "teleport", "id": "x1" }), json!({}), json!([]), json!(7), json!("send"), json!(null)] {
        socket.send(frame.clone()).await;
        assert_eq!(socket.error().await["code"], "bad_request", "{frame}");
    }
    still_works(&mut socket).await;
}

#[tokio::test]
async fn an_error_names_the_frame_it_answers() {
    let server = Server::start().await;
    let (_ada, mut socket) = ada(&server).await;
    socket.send(json!({ "t": "teleport", "id": "x1" })).await;
    assert_eq!(socket.error().await["id"], "x1");
}

#[tokio::test]
async fn wrong_types_get_an_error_and_no_close() {
    let server = Server::start().await;
    let (ada, mut socket) = ada(&server).await;
    let room = room(&ada, "garden").await;
    let id = || uuid::Uuid::now_v7().to_string();
    let frames = [
        json!({ "t": 7 }),
        json!({ "t": "send", "id": 7, "room": room, "text": "hi", "seen": 0 }),
        json!({ "t": "send", "id": "no uuid", "room": room, "text": "hi", "seen": 0 }),
        json!({ "t": "send", "id": id(), "room": room, "text": ["hi"], "seen": 0 }),
        json!({ "t": "send", "id": id(), "room": room, "text": "hi", "seen": -1 }),
        json!({ "t": "send", "id": id(), "room": room, "text": "hi", "seen": 1e30 }),
        json!({ "t": "send", "id": id(), "room": { "id": room }, "text": "hi", "seen": 0 }),
        json!({ "t": "send", "id": id(), "room": room, "text": "hi", "files": "all", "seen": 0 }),
        json!({ "t": "send", "id": id(), "room": room, "seen": 0 }),
        json!({ "t": "send", "room": room, "text": "no id", "seen": 0 }),
        json!({ "t": "react", "id": id(), "room": room, "target": "first", "emoji": "👍", "on": true, "seen": 0 }),
        json!({ "t": "react", "id": id(), "room": room, "target": 1, "emoji": "👍", "on": "yes", "seen": 0 }),
        json!({ "t": "resume", "id": id(), "cursors": [room] }),
        json!({ "t": "watch", "users": "everybody" }),
    ];
    for frame in frames {
        socket.send(frame.clone()).await;
        assert_eq!(socket.error().await["code"], "bad_request", "{frame}");
    }
    still_works(&mut socket).await;
}

#[tokio::test]
async fn deep_json_gets_an_error_and_no_close() {
    let server = Server::start().await;
    let (_ada, mut socket) = ada(&server).await;
    socket.send_raw(Message::text("[".repeat(30_000))).await;
    assert_eq!(socket.error().await["code"], "bad_request");
    let nested = format!("{{\"t\":\"ping\",\"id\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    socket.send_raw(Message::text(nested)).await;
    assert_eq!(socket.error().await["code"], "bad_request");
    still_works(&mut socket).await;
}

#[tokio::test]
async fn a_frame_of_a_mebibyte_closes() {
    let server = Server::start().await;
    let (_ada, mut socket) = ada(&server).await;
    socket.send_raw(Message::text("x".repeat(1024 * 1024))).await;
    socket.closes_with(&[PROTOCOL]).await;
}

#[tokio::test]
async fn a_frame_over_the_limit_closes_and_one_at_it_does_not() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let mut socket = Socket::silent(&server.websocket()).await;
    socket.hello(ada.token.as_ref().expect("a registered user has a token")).await;
    // The limit of an API Gateway is half of the usual one.
    let most: usize = if Profile::of_this_run() == Profile::Gateway { 32 * 1024 } else { 64 * 1024 };
    assert_eq!(socket.frame("welcome").await["max_frame"], most);
    socket.send_raw(Message::text("x".repeat(most))).await;
    assert_eq!(socket.error().await["code"], "bad_request");
    socket.send_raw(Message::text("x".repeat(most + 1))).await;
    socket.closes_with(&[PROTOCOL]).await;
}

#[tokio::test]
async fn a_binary_frame_closes() {
    let server = Server::start().await;
    let (_ada, mut socket) = ada(&server).await;
    socket.send_raw(Message::binary(vec![1, 2, 3])).await;
    socket.closes_with(&[PROTOCOL]).await;
}

#[tokio::test]
async fn before_hello_a_large_frame_closes() {
    let server = Server::start().await;
    let mut socket = Socket::silent(&server.websocket()).await;
    socket.hello(&"x".repeat(5 * 1024)).await;
    socket.closes_with(&[PROTOCOL]).await;
}

#[tokio::test]
async fn a_first_frame_other_than_hello_closes() {
    let server = Server::start().await;
    let mut socket = Socket::silent(&server.websocket()).await;
    socket.send(json!({ "t": "ping", "id": "1" })).await;
    socket.closes_with(&[TOKEN, PROTOCOL]).await;
}

#[tokio::test]
async fn a_socket_that_never_says_hello_is_closed() {
    let server = Server::start().await;
    let mut socket = Socket::silent(&server.websocket()).await;
    socket.closes_with(&[TOKEN]).await;
}

#[tokio::test]
async fn an_unsupported_protocol_version_closes() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let mut socket = Socket::silent(&server.websocket()).await;
    socket.send(json!({ "t": "hello", "v": 99, "token": ada.token, "caps": [] })).await;
    socket.closes_with(&[PROTOCOL]).await;
}

#[tokio::test]
async fn a_forged_token_closes() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let token = ada.token.expect("a registered user has a token");
    for forged in crate::auth::forgeries(&token) {
        let mut socket = Socket::silent(&server.websocket()).await;
        socket.hello(&forged).await;
        socket.closes_with(&[TOKEN, 4501]).await;
    }
}

#[tokio::test]
async fn a_long_text_is_refused_and_nothing_is_stored() {
    let server = Server::start().await;
    let (ada, mut socket) = ada(&server).await;
    let room = room(&ada, "garden").await;
    // REST would accept this size as a body, but a text of 100,000 characters is over a socket's frame limit.
    let head = number(&ada.get(&format!("/api/rooms/{room}")).await.ok()["head"]);
    let answer = socket.say(&room, &"x".repeat(4_001), head).await;
    assert_eq!((&answer["t"], &answer["code"]), (&json!("error"), &json!("too_large")), "{answer}");
    let longest = socket.say(&room, &"é".repeat(4_000), head).await;
    assert_eq!(longest["t"], "ack", "{longest}");

    let long = json!({ "text": "x".repeat(100_000) });
    let refused = ada.post(&crate::setup::messages(&room), long).await;
    assert_eq!(refused.body["code"], "too_large", "{}", refused.text());
    assert_eq!(crate::setup::history(&ada, &room).await.len(), 1);
}

#[tokio::test]
async fn a_text_that_fits_no_frame_closes_and_is_not_stored() {
    let server = Server::start().await;
    let (ada, mut socket) = ada(&server).await;
    let room = room(&ada, "garden").await;
    let id = uuid::Uuid::now_v7().to_string();
    socket.send(json!({ "t": "send", "id": id, "room": room, "text": "x".repeat(100_000), "seen": 0 })).await;
    socket.closes_with(&[PROTOCOL]).await;
    assert!(crate::setup::history(&ada, &room).await.is_empty());
}

#[tokio::test]
async fn an_empty_text_without_files_is_refused() {
    let server = Server::start().await;
    let (ada, mut socket) = ada(&server).await;
    let room = room(&ada, "garden").await;
    for text in ["", "   ", "\n\t"] {
        let answer = socket.say(&room, text, 0).await;
        assert_eq!((&answer["t"], &answer["code"]), (&json!("error"), &json!("bad_request")), "{text:?}: {answer}");
    }
}

#[tokio::test]
async fn an_unknown_and_an_inaccessible_room_look_the_same() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let private = private_room(&ada, "Secret").await;
    let bob = Person::register(&server, "bob").await;
    let mut socket = bob.connect().await;
    let absent = uuid::Uuid::now_v7().to_string();

    for room in [absent.as_str(), private.as_str(), "no-such-room", "../../etc/passwd", ""] {
        let answer = socket.say(room, "hi", 0).await;
        let code = answer["code"].as_str().expect("it is refused");
        assert!(code == "not_found" || (room.len() < 36 && code == "bad_request"), "{room:?}: {answer}");
    }
    for room in [&absent, &private] {
        let id = uuid::Uuid::now_v7().to_string();
        socket.send(json!({ "t": "resume", "id": id, "cursors": { room.as_str(): 0 } })).await;
        let sync = socket.find("sync", |frame| frame["re"] == id.as_str()).await;
        assert_eq!((&sync["status"], &sync["events"]), (&json!("not_found"), &json!([])), "{sync}");
    }
}

#[tokio::test]
async fn a_flood_closes_with_a_code_to_reconnect() {
    // The local cloud is too slow to reach the usual limit within a minute.
    let (settings, frames) = match Profile::of_this_run() {
        Profile::Gateway => (with_limits(&[("FRAMES_PER_60S", 50)]), 60),
        _ => (Settings::default(), 1_000),
    };
    let server = settings.start().await;
    let (_ada, mut socket) = ada(&server).await;
    for number in 0..frames {
        socket.send(json!({ "t": "ping", "id": number.to_string() })).await;
    }
    socket.closes_with(&[4429]).await;
}

#[tokio::test]
async fn sends_over_the_limit_get_a_retry_delay() {
    let server = Server::start().await;
    let (ada, mut socket) = ada(&server).await;
    let room = room(&ada, "garden").await;
    let head = number(&ada.get(&format!("/api/rooms/{room}")).await.ok()["head"]);
    // All at once: one after the other would take as long as the store takes.
    for number in 0..30 {
        let id = uuid::Uuid::now_v7().to_string();
        socket.send(json!({ "t": "send", "id": id, "room": room, "text": number.to_string(), "seen": head })).await;
    }
    let refused = socket.error().await;
    assert_eq!(refused["code"], "rate_limited");
    assert!(number(&refused["retry_ms"]) > 0);
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_connect() {
    let server = Server::start().await;
    let own = server.http("");
    let port = server.address().port();
    for origin in
        ["https://evil.example", &format!("{own}.evil.example"), "null", &format!("http://127.0.0.1:{}", port ^ 1)]
    {
        assert_eq!(Socket::from_origin(&server.websocket(), origin).await.err(), Some(403), "{origin}");
    }
    let mut socket = Socket::from_origin(&server.websocket(), &own).await.expect("its own page may connect");
    socket.hello("x").await;
    assert!(matches!(socket.next().await, Next::Frame(_) | Next::Closed(_)));
}

#[tokio::test]
async fn an_address_that_opens_too_many_sockets_must_wait() {
    const ALLOWED: u64 = 40;
    let server = with_limits(&[("REQUESTS_PER_MINUTE", ALLOWED)]).start().await;
    let mut refused = None;
    for _ in 0..=ALLOWED {
        if let Err(status) = Socket::from_origin(&server.websocket(), &server.http("")).await {
            refused = Some(status);
            break;
        }
    }
    assert_eq!(refused, Some(429));
}

//! Tests of invalid input and of every limit.

use std::time::Duration;

use domain::limits::Limits;
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{Cluster, entry};

/// Returns one frame, which may be a fragment or break a rule.
fn frame(data: Data, payload: &[u8], last: bool) -> Message {
    Message::Frame(Frame::message(payload.to_vec(), OpCode::Data(data), last))
}

#[tokio::test]
async fn bad_frames_are_answered_and_the_socket_lives() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let room = node.room("general", &ada, &[]).await;
    let mut socket = node.live(&ada, &[room]).await;
    let id = entry().to_string();
    for bad in [
        "not JSON".to_owned(),
        "{\"t\":".into(),
        json!({"t": "dance", "id": "7"}).to_string(),
        json!({"t": "send", "id": id, "room": room.to_string(), "text": 5, "seen": 1}).to_string(),
        "[".repeat(60_000),
    ] {
        socket.raw(Message::Text(bad.into())).await;
        assert_eq!(socket.expect("error").await["code"], "bad_request");
    }
    let long = socket.send(room, &"x".repeat(50_000), 2).await;
    assert_eq!(long["code"], "too_large");
    assert_eq!(socket.send(room, "still here", 2).await["t"], "ack");
}

#[tokio::test]
async fn a_text_of_100_000_characters_is_a_frame_over_the_limit() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let mut socket = node.sign_in(&ada).await;
    let frame = json!({"t": "send", "id": entry().to_string(), "room": "x", "text": "x".repeat(100_000), "seen": 1});
    socket.say(frame).await;
    assert_eq!(socket.closed().await, 4500);
}

#[tokio::test]
async fn a_frame_of_a_mebibyte_and_a_binary_one_close() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let mut big = node.sign_in(&ada).await;
    big.raw(Message::Text("x".repeat(1 << 20).into())).await;
    assert_eq!(big.closed().await, 4500);
    let mut binary = node.sign_in(&ada).await;
    binary.raw(Message::Binary(vec![1, 2, 3].into())).await;
    assert_eq!(binary.closed().await, 4500);
    let mut early = node.connect().await;
    early.raw(Message::Text("x".repeat(5_000).into())).await;
    assert_eq!(early.closed().await, 4500);
}

#[tokio::test]
async fn a_missing_room_and_a_private_room_look_the_same() {
    let node = Cluster::new().node().await;
    let (ada, eve) = (node.guest("ada").await, node.guest("eve").await);
    let new = service::NewRoom {
        slug: None,
        name: domain::name::RoomName::parse("secret").expect("a name"),
        description: String::new(),
        kind: domain::RoomKind::Private,
        hides_past: false,
    };
    let private = node.services.rooms.create(&ada.actor, new, Default::default()).await.expect("made").room.id;
    let mut socket = node.sign_in(&eve).await;
    let nowhere = domain::RoomId(uuid::Uuid::now_v7());
    for room in [private, nowhere] {
        let answer = socket.send(room, "hello?", 0).await;
        assert_eq!(answer["code"], "not_found", "{answer}");
        socket.say(json!({"t": "resume", "id": "r", "cursors": {room.to_string(): 1}})).await;
        assert_eq!(socket.expect("sync").await["status"], "not_found");
        for frame in [
            json!({"t": "typing", "room": room.to_string(), "on": true}),
            json!({"t": "read", "room": room.to_string(), "seq": 1}),
        ] {
            socket.say(frame).await;
            let error = socket.expect("error").await;
            assert!(error["code"] == "not_found" || error["code"] == "forbidden", "{error}");
        }
    }
}

#[tokio::test]
async fn a_flood_closes() {
    let node = Cluster::with(Limits { frames_per_60s: 50, ..Limits::default() }).node().await;
    let ada = node.guest("ada").await;
    let mut socket = node.sign_in(&ada).await;
    for _ in 0..60 {
        socket.say(json!({"t": "ping"})).await;
    }
    assert_eq!(socket.closed().await, 4429);
}

#[tokio::test]
async fn the_number_of_sockets_is_limited() {
    let limits = Limits { connections_per_node: 3, sockets_per_user: 2, ..Limits::default() };
    let node = Cluster::with(limits).node().await;
    let ada = node.guest("ada").await;
    let _one = node.sign_in(&ada).await;
    let two = node.sign_in(&ada).await;
    let mut three = node.connect().await;
    let mut four = node.connect().await;
    assert_eq!(four.closed().await, 4413);
    three.say(json!({"t": "hello", "v": 1, "token": ada.token})).await;
    assert_eq!(three.closed().await, 4504);
    drop(two);
    while node.node.open_sockets() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    node.sign_in(&ada).await.until_pong().await;
}

#[tokio::test]
async fn pages_of_other_origins_cannot_open_a_socket() {
    let node = Cluster::new().node().await;
    let own = format!("http://{}", node.address);
    for (origin, allowed) in [
        (own.as_str(), true),
        ("http://evil.example", false),
        ("null", false),
        ("http://127.0.0.1:1", false),
        (&format!("{own}.evil.example"), false),
    ] {
        let mut request = format!("ws://{}/v1/ws", node.address).into_client_request().expect("valid");
        request.headers_mut().insert("origin", origin.parse().expect("valid"));
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => assert!(allowed, "{origin}"),
            Err(Error::Http(answer)) => assert!(!allowed && answer.status() == 403, "{origin}"),
            Err(other) => panic!("{origin}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_slow_consumer_is_closed_and_slows_no_other_socket() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let mut quick = node.live(&ada, &[room]).await;
    let mut slow = node.live(&bob, &[room]).await;
    let text = "x".repeat(4_000);
    // The kernel's buffers take some megabytes; the backlog takes one more.
    let sent = 3_000;
    for _ in 0..sent {
        node.send(&ada, room, &text).await;
        quick.event(room).await;
    }
    let mut seen = 0;
    let code = loop {
        match slow.next().await {
            Ok(frame) if frame["t"] == "event" => {
                seen += 1;
            }
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, 4408);
    assert!(seen < sent, "it gets the rest by its cursor");
    quick.until_pong().await;
}

#[tokio::test]
async fn names_of_rooms_that_do_not_exist_cost_no_subscription() {
    let cluster = Cluster::new();
    let node = cluster.node().await;
    let eve = node.guest("eve").await;
    let mut socket = node.sign_in(&eve).await;
    let before = cluster.broker.subscriptions();
    let cursors: serde_json::Map<String, serde_json::Value> =
        (0..100).map(|n| (uuid::Uuid::from_u128(n).to_string(), json!(1))).collect();
    socket.say(json!({"t": "resume", "id": "r", "cursors": cursors})).await;
    for _ in 0..100 {
        assert_eq!(socket.expect("sync").await["status"], "not_found");
    }
    assert_eq!(cluster.broker.subscriptions(), before);
}

#[tokio::test]
async fn a_breach_of_the_websocket_protocol_closes_with_its_code() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let mut socket = node.sign_in(&ada).await;
    socket.raw(frame(Data::Text, &[0xff], true)).await;
    assert_eq!(socket.closed().await, 1007);

    let mut socket = node.sign_in(&ada).await;
    socket.raw(frame(Data::Continue, b"x", true)).await;
    assert_eq!(socket.closed().await, 1002);

    let mut socket = node.sign_in(&ada).await;
    socket.raw(frame(Data::Text, b"x", false)).await;
    for _ in 0..16 {
        socket.raw(frame(Data::Continue, b"x", false)).await;
    }
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn fragments_and_pings_count_as_frames() {
    let cluster = Cluster::with(Limits { frames_per_60s: 40, ..Limits::default() });
    let node = cluster.node().await;
    let ada = node.guest("ada").await;
    let mut fragments = node.sign_in(&ada).await;
    for _ in 0..4 {
        fragments.raw(frame(Data::Text, b"", false)).await;
        for last in (0..15).map(|n| n == 14) {
            fragments.raw(frame(Data::Continue, b"", last)).await;
        }
    }
    assert_eq!(fragments.closed().await, 4429);

    let mut pings = node.sign_in(&ada).await;
    for _ in 0..50 {
        pings.raw(Message::Ping(Default::default())).await;
    }
    assert_eq!(pings.closed().await, 4429);
}

#[tokio::test]
async fn half_a_message_before_sign_in_is_limited_like_a_whole_one() {
    let node = Cluster::new().node().await;
    let mut early = node.connect().await;
    early.raw(frame(Data::Text, &[b'x'; 3_000], false)).await;
    early.raw(frame(Data::Continue, &[b'x'; 3_000], false)).await;
    assert_eq!(early.closed().await, 4500);
}

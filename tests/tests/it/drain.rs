//! Tests SIGTERM: clients are asked to reconnect, running requests finish, the exit is clean.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::person::Person;
use tests::server::Server;
use tests::wait;

use crate::setup::{join, number, room, texts};

#[tokio::test]
async fn sockets_get_goaway_and_the_exit_is_clean() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let mut sockets = [ada.connect().await, ada.connect().await, ada.connect().await];
    let asked = Instant::now();
    server.ask_to_end();
    for socket in &mut sockets {
        let goaway = socket.frame("goaway").await;
        assert!(goaway["delay_ms"].is_u64(), "{goaway}");
        assert_eq!(goaway["reason"], "drain");
        assert_eq!(socket.closed().await, 4412);
    }
    let status = server.ended().await;
    assert!(status.success(), "{status}\n{}", server.log());
    assert!(asked.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_draining_node_is_live_and_not_ready() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let nobody = Person::nobody(&server);
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(nobody.get(path).await.status.as_u16(), 200, "{path}");
    }
    let _socket = ada.connect().await;
    server.ask_to_end();
    wait::until("not ready", async || (nobody.get("/health/ready").await.status.as_u16() == 503).then_some(())).await;
    assert_eq!(nobody.get("/health/live").await.status.as_u16(), 200);
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn a_send_in_flight_is_acked_or_can_be_repeated() {
    let mut server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let mut socket = bob.connect().await;
    let seen = number(&socket.follow(&id).await["head"]);
    let frame =
        json!({ "t": "send", "id": uuid::Uuid::now_v7().to_string(), "room": id, "text": "in flight", "seen": seen });
    socket.send(frame.clone()).await;
    server.ask_to_end();
    socket.closed().await;
    assert!(server.ended().await.success());
    server.start_again().await;

    let mut again = bob.connect().await;
    again.send(frame.clone()).await;
    assert_eq!(again.answer_to(frame["id"].as_str().unwrap()).await["t"], "ack");
    assert_eq!(texts(&ada, &id).await, ["in flight"]);
}

#[tokio::test]
async fn it_restarts_on_the_same_port() {
    let mut server = Server::start().await;
    Person::register(&server, "ada").await;
    for _ in 0..2 {
        server.ask_to_end();
        assert!(server.ended().await.success());
        server.start_again().await;
    }
    assert!(server.is_running());
}

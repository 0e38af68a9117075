//! Tests that secrets are never logged: passwords, tokens, tickets, the texts of messages.

use serde_json::json;
use tests::person::Person;
use tests::server::Server;
use tests::socket::Socket;

use crate::setup::{messages, room};

const CANARY: &str = "canary-5d7b1f";

#[tokio::test]
async fn no_secret_reaches_the_log() {
    let mut server = Server::start().await;
    let password = format!("{CANARY}-password");
    let nobody = Person::nobody(&server);
    let answer = nobody.post("/api/auth/register", json!({ "name": "ada", "password": password })).await.ok();
    let ada = nobody.clone().with(&answer);
    let wrong = format!("{CANARY}-wrong");
    nobody.post("/api/auth/login", json!({ "name": "ada", "password": wrong })).await.refused(401, "unauthenticated");
    nobody.with_token(&format!("{CANARY}-token")).get("/api/auth/me").await.refused(401, "unauthenticated");
    nobody.get(&format!("/api/auth/me?token={CANARY}-query")).await;
    nobody.post("/api/auth/refresh", json!({ "refresh_token": format!("{CANARY}-refresh") })).await;

    let id = room(&ada, "garden").await;
    ada.post(&messages(&id), json!({ "text": format!("{CANARY}-text") })).await.ok();
    let ticket = ada.post("/api/auth/ticket", json!({})).await.ok()["ticket"].as_str().unwrap().to_owned();
    let mut socket = Socket::silent(&format!("{}?ticket={ticket}", server.websocket())).await;
    socket.send(json!({ "t": "hello", "v": 1, "caps": [] })).await;
    socket.frame("welcome").await;
    socket.say(&id, &format!("{CANARY}-socket"), 0).await;
    let mut forged = Socket::silent(&server.websocket()).await;
    forged.hello(&format!("{CANARY}-hello")).await;
    forged.closed().await;
    drop(socket);

    server.ask_to_end();
    assert!(server.ended().await.success());
    let log = server.log();
    assert!(log.contains("/api/auth/login"), "requests are logged:\n{log}");
    let tokens = [ada.token.as_deref(), ada.refresh.as_deref(), Some(ticket.as_str()), Some(CANARY)];
    for secret in tokens.into_iter().flatten() {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn no_error_reveals_internals() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    for path in [
        "/api/rooms/%00",
        "/api/rooms/'%22;--",
        "/api/files/%2e%2e%2f",
        "/api/rooms/x/messages?before=99999999999999999999",
    ] {
        let answer = ada.get(path).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        let text = answer.text().to_lowercase();
        for word in ["sqlx", "sqlite", "panicked", "src/", ".rs:", "select "] {
            assert!(!text.contains(word), "{path}: {text}");
        }
    }
}

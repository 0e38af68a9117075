//! The log names attacks, and addresses only where the operator wants that.

use serde_json::{Value, json};
use tests::person::{PASSWORD, Person};
use tests::server::{Server, Settings};
use tests::socket::Socket;
use tests::wait;

use super::client;
use crate::setup::with_limits;

/// Returns the lines of the log with this message.
async fn lines(server: &Server, message: &str) -> Vec<Value> {
    wait::until(message, async || {
        let log = server.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let found: Vec<Value> = lines.filter(|line| line["message"] == message).collect();
        (!found.is_empty()).then_some(found)
    })
    .await
}

/// Fails to sign in, is locked out, and has a socket refused.
async fn attack(settings: Settings) -> Server {
    let server = settings.variable("PALAVER_TRUSTED_PROXIES", "127.0.0.1").start().await;
    let post = async |name: &str| {
        let body = json!({ "name": name, "password": format!("{PASSWORD} canary") });
        let call = reqwest::Client::new().post(server.http("/api/auth/login")).json(&body);
        call.header("x-forwarded-for", "198.51.100.7").send().await.expect("the server answers").status().as_u16()
    };
    assert_eq!(post("ada").await, 401);
    assert_eq!(post("canary-name").await, 401);
    while post("ada").await != 429 {}
    assert!(Socket::from_origin(&server.websocket(), "https://evil.example").await.is_err());
    server
}

#[tokio::test]
async fn failed_sign_ins_and_refused_sockets_are_logged_without_addresses() {
    let server = attack(with_limits(&[("SIGN_INS_PER_MINUTE", 4)])).await;
    for message in
        ["a sign-in failed: wrong name or password", "a sign-in was refused: too many attempts", "a socket was refused"]
    {
        for line in lines(&server, message).await {
            assert_eq!(line["level"], "WARN", "{line}");
            assert_eq!(line.get("address"), None, "{line}");
        }
    }
    let log = server.log();
    assert!(!log.contains("198.51.100.7") && !log.contains("canary"), "{log}");
}

#[tokio::test]
async fn addresses_are_logged_where_the_operator_wants_that() {
    let settings = with_limits(&[("SIGN_INS_PER_MINUTE", 4)]).variable("PALAVER_LOG_ADDRESSES", "true");
    let server = attack(settings).await;
    for message in ["a sign-in failed: wrong name or password", "a sign-in was refused: too many attempts"] {
        assert!(lines(&server, message).await.iter().all(|line| line["address"] == "198.51.100.7"), "{message}");
    }
    let refused = lines(&server, "a socket was refused").await;
    assert_eq!((&refused[0]["address"], &refused[0]["reason"]), (&json!("127.0.0.1"), &json!("foreign_origin")));
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0]["origin"].as_str().is_some_and(|origin| origin.contains("://")), "{refused:?}");
    assert_eq!(refused[0]["host"], json!(server.address().to_string()));
    assert!(refused[0]["remedy"].as_str().is_some_and(|remedy| remedy.contains("PALAVER_ORIGINS")), "{refused:?}");
    assert!(!server.log().contains("canary"), "neither a name nor a password is logged");
}

#[tokio::test]
async fn a_socket_over_the_cap_is_logged_with_its_reason() {
    let limits = with_limits(&[("CONNECTIONS_PER_NODE", 2), ("SOCKETS_PER_ADDRESS", 1)]);
    let server = limits.variable("PALAVER_LOG_ADDRESSES", "true").start().await;
    let ada = Person::register(&server, "ada").await;
    let token = ada.token.as_deref().expect("signed in");
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut socket = Socket::from_address(&server.websocket(), client(2), &[]).await;
        socket.hello(token).await;
        socket.frame("welcome").await;
        held.push(socket);
    }
    let mut refused = Socket::from_address(&server.websocket(), client(2), &[]).await;
    refused.frame("error").await;
    let lines = lines(&server, "a socket was refused").await;
    assert_eq!((&lines[0]["address"], &lines[0]["reason"]), (&json!("127.0.0.2"), &json!("overloaded")));
}

#[tokio::test]
async fn a_call_under_an_unknown_name_is_logged_once_with_the_remedy() {
    let server = Settings::default().start().await;
    for _ in 0..3 {
        let call = reqwest::Client::new().get(server.http("/api/config")).header("host", "chat.example.org:8443");
        let answer = call.send().await.expect("the server answers");
        assert_eq!(answer.status().as_u16(), 421);
    }
    let lines = lines(&server, "a call was refused because this server is not known under its Host").await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["host"]), (&json!("WARN"), &json!("chat.example.org:8443")));
    let remedy = lines[0]["remedy"].as_str().expect("a sentence");
    assert!(remedy.contains("PALAVER_PUBLIC_URL=http://chat.example.org:8443"), "{remedy}");
}

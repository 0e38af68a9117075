//! What a client gets whose call is refused: an answer, whatever it was still sending, and no page under a path that the
//! page does not know.

use std::time::{Duration, Instant};

use tests::person::Person;
use tests::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::addresses::connection;
use super::client;
use crate::setup::generous;

/// Reads one answer with a length; returns its head in lower case.
async fn answer(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the server answers before it closes"));
    }
    let head = String::from_utf8(head).expect("a head is text").to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("the whole body");
    head
}

fn post(path: &str, length: usize, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{more}content-length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_refused_call_with_a_short_body_keeps_its_connection() {
    let server = Server::start().await;
    let mut stream = connection(&server, client(1)).await.expect("it listens");
    for path in ["/api/rooms", "/nothing", "/api/files/upload", "/api/presence"] {
        // The body arrives after the head, as from a proxy.
        stream.write_all(post(path, 40_000, "").as_bytes()).await.expect("sent");
        stream.write_all(&[b'x'; 20_000]).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(&[b'x'; 20_000]).await.expect("sent");
        let head = answer(&mut stream).await;
        assert!(head.starts_with("http/1.1 4"), "{path}: {head}");
        assert!(!head.contains("connection: close"), "{path}: {head}");
    }
    stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    assert!(answer(&mut stream).await.starts_with("http/1.1 200"), "the next call is answered");
}

#[tokio::test]
async fn a_refused_call_with_a_long_body_is_answered_and_says_that_the_connection_ends() {
    let server = Server::start().await;
    for (host, path) in [("localhost", "/api/rooms"), ("localhost", "/nothing"), ("evil.example", "/api/rooms")] {
        let mut stream = connection(&server, client(1)).await.expect("it listens");
        let head = post(path, 600_000, "").replace("host: localhost", &format!("host: {host}"));
        stream.write_all(head.as_bytes()).await.expect("sent");
        // The whole body is sent before the answer is read, as nginx does: a reset would fail this.
        for _ in 0..60 {
            stream.write_all(&[b'x'; 10_000]).await.expect("the server still reads");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let head = answer(&mut stream).await;
        assert!(head.starts_with("http/1.1 4"), "{host}{path}: {head}");
        assert!(head.contains("connection: close"), "{host}{path}: {head}");
        assert_eq!(stream.read(&mut [0]).await.expect("a clean end"), 0);
    }
}

#[tokio::test]
async fn a_body_that_never_arrives_does_not_hold_the_answer() {
    let server = Server::start().await;
    let mut stream = connection(&server, client(1)).await.expect("it listens");
    let asked = Instant::now();
    stream.write_all(post("/api/rooms", 1_000, "").as_bytes()).await.expect("sent");
    let head = answer(&mut stream).await;
    assert!(head.starts_with("http/1.1 401") && head.contains("connection: close"), "{head}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());

    // A client that waits to be asked is answered at once, and not asked.
    let mut stream = connection(&server, client(1)).await.expect("it listens");
    stream.write_all(post("/api/rooms", 1_000, "expect: 100-continue\r\n").as_bytes()).await.expect("sent");
    let head = answer(&mut stream).await;
    assert!(head.starts_with("http/1.1 401") && head.contains("connection: close"), "{head}");
}

#[tokio::test]
async fn paths_that_the_page_does_not_know_are_not_found() {
    let server = generous().start().await;
    let nobody = Person::nobody(&server);
    for unknown in [
        "/metrics",
        "/rooms",
        "/ws/general",
        "/socket.io/?EIO=4&transport=polling",
        "/r",
        "/r/general/x",
        "/.env",
        "/a/b/c",
    ] {
        nobody.get(unknown).await.refused(404, "not_found");
    }
    let page = nobody.get("/").await;
    assert_eq!(page.status, 200);
    for known in ["/r/general", "/r/general/", "/r/general/12", "/?lang=de"] {
        let answer = nobody.get(known).await;
        assert_eq!((answer.status.as_u16(), &answer.bytes), (200, &page.bytes), "{known}");
    }
}

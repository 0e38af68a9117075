//! Tests against a server that answers like API Gateway.

use domain::UserId;
use service::SystemClock;
use store_memory::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// Starts a server that answers each call with these bytes, and reports what it was asked.
async fn server(answer: &'static str) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let (asked, asks) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("it listens");
            let mut text = Vec::new();
            // A small request arrives together with its body: `hello`, or none at all.
            while !(text.ends_with(b"hello") || text.starts_with(b"DELETE") && text.ends_with(b"\r\n\r\n")) {
                let mut some = [0; 4096];
                match stream.read(&mut some).await {
                    Ok(count) if count > 0 => text.extend_from_slice(&some[..count]),
                    _ => break,
                }
            }
            let _ = asked.send(String::from_utf8_lossy(&text).into_owned());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (endpoint, asks)
}

async fn push(store: &MemoryStore) -> ConnectionsPush {
    let credentials = Some(("NODES".to_owned(), "a secret of all nodes".to_owned()));
    let settings = PushSettings { credentials, region: Some("eu-central-1".into()) };
    ConnectionsPush::new(settings, store.store().nodes, Arc::new(SystemClock)).await
}

fn connection(node: &str) -> Connection {
    let expires_at = Timestamp(i64::MAX);
    Connection { id: "L0SM9cOFvHcCIhw=".into(), user: UserId::SYSTEM, node: node.into(), room: None, expires_at }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const GONE: &str =
    "HTTP/1.1 410 Gone\r\nx-amzn-ErrorType: GoneException\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const TOO_MUCH: &str = "HTTP/1.1 429 Too Many Requests\r\nx-amzn-ErrorType: LimitExceededException\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_post_is_signed_and_sent_to_the_connections_node() {
    let (endpoint, mut asks) = server(OK).await;
    let memory = MemoryStore::new();
    let row = NodeRow { node: "n1".into(), endpoint, at: SystemClock.now() };
    memory.store().nodes.beat(&row).await.expect("up");
    let push = push(&memory).await;
    push.post(&connection("n1"), Bytes::from_static(b"hello")).await.expect("posted");
    let asked = asks.recv().await.expect("asked");
    assert!(asked.starts_with("POST /@connections/L0SM9cOFvHcCIhw%3D HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Credential=NODES/") && asked.contains("/eu-central-1/execute-api/aws4_request"), "{asked}");
    push.close(&connection("n1")).await.expect("closed");
    assert!(asks.recv().await.expect("asked").starts_with("DELETE /@connections/"));
}

#[tokio::test]
async fn a_stage_of_api_gateway_is_a_separate_node() {
    let (endpoint, mut asks) = server(OK).await;
    let push = push(&MemoryStore::new()).await;
    let node = format!("{endpoint}/prod");
    push.post(&connection(&node), Bytes::from_static(b"hello")).await.expect("posted");
    assert!(asks.recv().await.expect("asked").starts_with("POST /prod/@connections/"));
}

#[tokio::test]
async fn gone_differs_from_unavailable() {
    let push = push(&MemoryStore::new()).await;
    let (gone, _asks) = server(GONE).await;
    let frame = || Bytes::from_static(b"hello");
    assert_eq!(push.post(&connection(&gone), frame()).await, Err(PushError::Gone));
    assert_eq!(push.close(&connection(&gone)).await, Err(PushError::Gone));
    let (busy, mut asks) = server(TOO_MUCH).await;
    let refused = push.post(&connection(&busy), frame()).await;
    assert!(matches!(refused, Err(PushError::Unavailable(_))), "{refused:?}");
    asks.recv().await.expect("asked");
    assert!(asks.try_recv().is_err(), "a post is never repeated");
    assert_eq!(push.post(&connection("n-that-is-no-more"), frame()).await, Err(PushError::Gone));
    let unreachable = push.post(&connection("http://127.0.0.1:9"), frame()).await;
    assert!(matches!(unreachable, Err(PushError::Unavailable(_))), "{unreachable:?}");
}

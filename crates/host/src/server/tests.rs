//! Tests of the server on a real socket: what a slow, large or late client gets.

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use std::sync::Arc;

use super::*;

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<io::Result<()>>,
}

async fn start(router: Router) -> Running {
    start_with(router, HEADER_TIMEOUT).await
}

async fn start_with(router: Router, patience: Duration) -> Running {
    let mut server = Server::bind(&"127.0.0.1:0".parse().expect("valid")).await.expect("a free port");
    server.patience = patience;
    let address = server.local_address().expect("bound").tcp().expect("an IP address");
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(server.run(router, async { drop(stopped.await) }));
    Running { address, stop, ended }
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

async fn answer_to(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    // A server that has read enough closes, and then not everything can be sent.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_call_is_answered_and_a_giant_header_is_rejected() {
    let running = start(hello()).await;
    let small = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(answer_to(running.address, small).await.ends_with("hello"));
    let giant = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(HEADER_BYTES));
    let answer = answer_to(running.address, giant.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn shutdown_lets_a_running_call_finish_and_accepts_no_new_one() {
    let (arrived, mut calls) = mpsc::channel::<oneshot::Sender<()>>(1);
    let handler = move || {
        let arrived = arrived.clone();
        async move {
            let (go, gone) = oneshot::channel();
            arrived.send(go).await.expect("the test listens");
            let _ = gone.await;
            "done"
        }
    };
    let Running { address, stop, ended } = start(Router::new().route("/", get(handler))).await;
    let call = tokio::spawn(async move { answer_to(address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await });
    let go = calls.recv().await.expect("the call arrived");
    let idle = TcpStream::connect(address).await.expect("it listens");
    stop.send(()).expect("it runs");
    // The listener is closed once the connection that was never used has been closed.
    let mut byte = [0];
    let mut idle = idle;
    // Closed cleanly, or reset if it was never accepted.
    assert!(matches!(idle.read(&mut byte).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
    go.send(()).expect("the call waits");
    assert!(call.await.expect("no panic").ends_with("done"));
    ended.await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn slow_headers_close_the_connection() {
    let patience = Duration::from_millis(200);
    let running = start_with(hello(), patience).await;
    for first in ["", "G", "PRI", "GET / HTTP/1.1\r\nhost: x\r\nx-a: b"] {
        let mut stream = TcpStream::connect(running.address).await.expect("it listens");
        stream.write_all(first.as_bytes()).await.expect("sent");
        let began = std::time::Instant::now();
        let mut answer = Vec::new();
        // The read ends only when the server closes: the timeout is what is tested.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(began.elapsed() >= patience / 2, "{first:?}");
        assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let running = start_with(hello(), Duration::from_millis(200)).await;
    // Kept alive after its first call, as a browser does, and then left idle.
    let answer = answer_to(running.address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    let (dropped, mut gone) = mpsc::channel::<()>(1);
    let endless = move || {
        let dropped = dropped.clone();
        async move {
            let chunks = futures_util::stream::repeat_with(move || {
                let _held = &dropped;
                Ok::<_, io::Error>(bytes::Bytes::from_static(&[0; 64 * 1024]))
            });
            axum::body::Body::from_stream(chunks)
        }
    };
    let running = start_with(Router::new().route("/", get(endless)), Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(running.address).await.expect("it listens");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    drop(running.stop);
    // The server ends only when it has closed its one connection; the client still holds it.
    running.ended.await.expect("no panic").expect("no error");
    assert_eq!(gone.recv().await, None, "the body was dropped too");
    drop(stream);
}

#[tokio::test]
async fn http_2_is_not_served() {
    // RFC 9113 section 3.4: the preface, and an empty SETTINGS frame.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    let running = start(hello()).await;
    let began = std::time::Instant::now();
    let answer = answer_to(running.address, preface).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
    assert!(began.elapsed() < HEADER_TIMEOUT / 2, "the connection is not kept");

    // The other way to HTTP/2, an upgrade, is rejected too.
    let upgrade = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n";
    let answer = answer_to(running.address, upgrade).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer:?}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_and_are_logged() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    // The runtime of this test has one thread, so all of the server runs with this subscriber.
    let _subscribed = tracing::subscriber::set_default(subscriber);
    let server = Server::bind(&"127.0.0.1:0".parse().expect("valid")).await.expect("a free port").with_connections(1);
    let address = server.local_address().expect("bound").tcp().expect("an IP address");
    let (_stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(server.run(hello(), async { drop(stopped.await) }));
    let first = TcpStream::connect(address).await.expect("it listens");
    let second =
        tokio::spawn(
            async move { answer_to(address, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await },
        );
    let said = async {
        while !log.text().contains("all connections are in use") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(HEADER_TIMEOUT, said).await.expect("the log says that all connections are in use");
    assert!(!second.is_finished(), "the only permit is taken");
    drop(first);
    assert!(second.await.expect("no panic").ends_with("hello"));
}

/// The logged text.
#[derive(Clone, Default)]
struct Log(Arc<parking_lot::Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Log;

    fn make_writer(&self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn a_background_task_that_fails_permanently_ends_the_server() {
    let supervisor = Supervisor::new();
    let server = Server::bind(&"127.0.0.1:0".parse().expect("valid")).await.expect("a free port");
    let task = supervisor.supervise("test", service::Policy::EndProcess, || async { panic!("of the test") });
    server.run(hello(), end_of(&supervisor)).await.expect("it drains");
    let failure = supervisor.failure().expect("the failure is recorded");
    assert_eq!((failure.task, failure.why.as_str()), ("test", "it panicked: of the test"));
    task.ended().await;
}

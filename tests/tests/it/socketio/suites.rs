//! The cases of the public test suites of Engine.IO and Socket.IO, against the server that echoes on our transports.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tests::wait::PATIENCE;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// So long that no ping disturbs a test on a busy machine.
const NO_PINGS: (u64, u64) = (60_000, 20_000);
/// The time between pings, and the time to answer one, of a test of heartbeats.
const PINGS: (u64, u64) = (300, 2_000);

/// The echoing server: `path` is `engine.io` or `socket.io`.
struct Echo {
    child: Child,
    address: String,
    path: &'static str,
    pings: (u64, u64),
    http: reqwest::Client,
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Echo {
    fn start(path: &'static str) -> Echo {
        Echo::pinging(path, NO_PINGS)
    }

    fn pinging(path: &'static str, pings: (u64, u64)) -> Echo {
        let mut command = Command::new(env!("CARGO_BIN_EXE_socketio_echo"));
        let mut child = command
            .args([0, pings.0, pings.1].map(|number| number.to_string()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says where it listens");
        let address = line.trim().strip_prefix("http://").expect("a URL").to_owned();
        Echo { child, address, path, pings, http: reqwest::Client::new() }
    }

    fn url(&self, query: &str) -> String {
        format!("http://{}/{}/?{query}", self.address, self.path)
    }

    async fn get(&self, query: &str) -> (u16, String) {
        let answer = self.http.get(self.url(query)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn poll(&self, sid: &str) -> (u16, String) {
        self.get(&format!("EIO=4&transport=polling&sid={sid}")).await
    }

    async fn post(&self, sid: &str, body: &'static str) -> (u16, String) {
        let url = self.url(&format!("EIO=4&transport=polling&sid={sid}"));
        let answer = self.http.post(url).body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Opens a session by long-polling, and returns its id.
    async fn session(&self) -> String {
        let (status, opened) = self.get("EIO=4&transport=polling").await;
        assert_eq!(status, 200, "{opened}");
        self.opened_with(&opened, &json!(["websocket"]))
    }

    async fn socket(&self, query: &str) -> Stream {
        let url = format!("ws://{}/{}/?EIO=4&transport=websocket{query}", self.address, self.path);
        connect_async(url).await.expect("an upgrade").0
    }

    /// Opens a session on a WebSocket.
    async fn open(&self) -> Stream {
        let mut socket = self.socket("").await;
        let opened = text(&mut socket).await;
        self.opened_with(&opened, &json!([]));
        socket
    }

    /// Opens a session on a WebSocket, and enters the main namespace.
    async fn connected(&self) -> Stream {
        let mut socket = self.open().await;
        socket.send(Message::text("40")).await.expect("it is open");
        assert!(text(&mut socket).await.starts_with("40{"));
        assert_eq!(text(&mut socket).await, r#"42["auth",{}]"#);
        socket
    }

    fn opened_with(&self, opened: &str, upgrades: &Value) -> String {
        let value: Value = serde_json::from_str(opened.strip_prefix('0').expect("OPEN")).expect("JSON");
        let sid = value["sid"].as_str().expect("an id").to_owned();
        let (interval, answer) = self.pings;
        let expected = json!({
            "sid": sid, "upgrades": upgrades, "pingInterval": interval, "pingTimeout": answer, "maxPayload": 1_000_000,
        });
        assert_eq!(value, expected);
        sid
    }
}

/// Returns the next message, which may be a ping.
async fn next(socket: &mut Stream) -> Option<Message> {
    match timeout(PATIENCE, socket.next()).await.expect("a message or the end") {
        Some(Ok(Message::Close(_)) | Err(_)) | None => None,
        Some(Ok(message)) => Some(message),
    }
}

/// Returns the next message that is not a ping, and answers pings.
async fn message(socket: &mut Stream) -> Option<Message> {
    loop {
        match next(socket).await {
            Some(Message::Text(text)) if text == "2" => socket.send(Message::text("3")).await.expect("it is open"),
            other => return other,
        }
    }
}

async fn text(socket: &mut Stream) -> String {
    message(socket).await.expect("it is open").into_text().expect("text").to_string()
}

/// Waits until the server closes the session, whose client does not answer pings.
async fn closes(mut socket: Stream) {
    while next(&mut socket).await.is_some() {}
}

async fn sends(socket: &mut Stream, messages: &[&str]) {
    for message in messages {
        socket.send(Message::text(*message)).await.expect("it is open");
    }
}

#[tokio::test]
async fn a_handshake_that_is_wrong_is_refused() {
    let echo = Echo::start("engine.io");
    for query in
        ["transport=polling", "EIO=abc&transport=polling", "EIO=4", "EIO=4&transport=abc", "EIO=4&transport=websocket"]
    {
        assert_eq!(echo.get(query).await.0, 400, "{query}");
    }
    let url = echo.url("EIO=4&transport=polling");
    assert_eq!(echo.http.post(&url).send().await.expect("an answer").status(), 400);
    assert_eq!(echo.http.put(&url).send().await.expect("an answer").status(), 400);
    for query in ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"] {
        let url = format!("ws://{}/engine.io/?{query}", echo.address);
        assert!(connect_async(url).await.is_err(), "{query}");
    }
}

#[tokio::test]
async fn payloads_go_both_ways_by_polling() {
    let echo = Echo::start("engine.io");
    let sid = echo.session().await;
    for payload in ["4hello", "4test1\u{1e}4test2\u{1e}4test3", "4hello\u{1e}bAQIDBA=="] {
        assert_eq!(echo.post(&sid, payload).await, (200, "ok".to_owned()));
        assert_eq!(echo.poll(&sid).await, (200, payload.to_owned()));
    }
}

#[tokio::test]
async fn an_invalid_payload_ends_a_session() {
    let echo = Echo::start("engine.io");
    for payload in ["abc", "", "0", "2", "4a\u{1e}"] {
        let sid = echo.session().await;
        assert_eq!(echo.post(&sid, payload).await.0, 400, "{payload:?}");
        assert_eq!(echo.poll(&sid).await.0, 400, "{payload:?}");
    }
}

#[tokio::test]
async fn two_polls_at_once_end_a_session() {
    let echo = Echo::start("engine.io");
    let sid = echo.session().await;
    let late = async {
        sleep(Duration::from_millis(50)).await;
        echo.poll(&sid).await
    };
    let (first, second) = tokio::join!(echo.poll(&sid), late);
    assert_eq!((first, second.0), ((200, "1".to_owned()), 400));
    assert_eq!(echo.poll(&sid).await.0, 400);
}

#[tokio::test]
async fn messages_go_both_ways_on_a_websocket() {
    let echo = Echo::start("engine.io");
    let mut socket = echo.open().await;
    sends(&mut socket, &["4hello"]).await;
    assert_eq!(text(&mut socket).await, "4hello");
    socket.send(Message::binary(vec![1, 2, 3, 4])).await.expect("it is open");
    assert_eq!(message(&mut socket).await, Some(Message::binary(vec![1, 2, 3, 4])));
    sends(&mut socket, &["abc"]).await;
    closes(socket).await;
}

#[tokio::test]
async fn heartbeats_keep_a_session_and_silence_ends_it() {
    let echo = Echo::pinging("engine.io", PINGS);
    let sid = echo.session().await;
    let mut socket = echo.open().await;
    for _ in 0..3 {
        assert_eq!(echo.poll(&sid).await, (200, "2".to_owned()));
        assert_eq!(echo.post(&sid, "3").await.0, 200);
        assert_eq!(next(&mut socket).await, Some(Message::text("2")));
        sends(&mut socket, &["3"]).await;
    }
    closes(socket).await;
    sleep(Duration::from_millis(PINGS.0 + PINGS.1)).await;
    assert_eq!(echo.poll(&sid).await.0, 400);
}

#[tokio::test]
async fn a_client_closes_its_session() {
    let echo = Echo::start("engine.io");
    let sid = echo.session().await;
    let (poll, close) = tokio::join!(echo.poll(&sid), echo.post(&sid, "1"));
    assert_eq!((poll, close.0), ((200, "6".to_owned()), 200));
    assert_eq!(echo.poll(&sid).await.0, 400);

    let mut socket = echo.open().await;
    sends(&mut socket, &["1"]).await;
    closes(socket).await;
}

#[tokio::test]
async fn a_websocket_takes_a_session_over() {
    let echo = Echo::start("engine.io");
    let sid = echo.session().await;
    let query = format!("&sid={sid}");
    let mut socket = echo.socket(&query).await;
    sends(&mut socket, &["2probe"]).await;
    assert_eq!(text(&mut socket).await, "3probe");
    assert_eq!(echo.poll(&sid).await, (200, "6".to_owned()), "the poll ends at once");
    sends(&mut socket, &["5", "4hello"]).await;
    assert_eq!(text(&mut socket).await, "4hello");

    assert_eq!(echo.poll(&sid).await.0, 400, "it is polled no longer");
    closes(echo.socket(&query).await).await;
    sends(&mut socket, &["4still here"]).await;
    assert_eq!(text(&mut socket).await, "4still here");
}

#[tokio::test]
async fn a_websocket_that_fails_to_take_over_leaves_the_session_to_polling() {
    let echo = Echo::start("engine.io");
    for probe in ["2nonsense", "4hello", "x", "5x"] {
        let sid = echo.session().await;
        let mut socket = echo.socket(&format!("&sid={sid}")).await;
        if probe != "5x" {
            sends(&mut socket, &[probe]).await;
            closes(socket).await;
        } else {
            drop(socket);
        }
        assert_eq!(echo.post(&sid, "4hello").await.0, 200, "{probe}");
        let (status, payload) = echo.poll(&sid).await;
        assert_eq!((status, payload.contains("4hello")), (200, true), "{probe}: {payload}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let echo = Echo::start("engine.io");
    let sid = echo.session().await;
    let url = echo.url(&format!("EIO=4&transport=polling&sid={sid}"));
    let body = format!("4{}", "x".repeat(1_000_000));
    assert_eq!(echo.http.post(url).body(body).send().await.expect("an answer").status(), 413);
}

#[tokio::test]
async fn namespaces_are_entered_and_left() {
    let echo = Echo::start("socket.io");
    let mut socket = echo.open().await;
    sends(&mut socket, &[r#"40{"token":"123"}"#]).await;
    assert!(text(&mut socket).await.starts_with("40{"));
    assert_eq!(text(&mut socket).await, r#"42["auth",{"token":"123"}]"#);
    sends(&mut socket, &["40/custom,"]).await;
    assert!(text(&mut socket).await.starts_with("40/custom,{"));
    assert_eq!(text(&mut socket).await, r#"42/custom,["auth",{}]"#);
    sends(&mut socket, &["40/random"]).await;
    assert_eq!(text(&mut socket).await, r#"44/random,{"message":"Invalid namespace"}"#);
    sends(&mut socket, &["41/custom", r#"42["message","to the main namespace"]"#]).await;
    assert_eq!(text(&mut socket).await, r#"42["message-back","to the main namespace"]"#);
}

#[tokio::test]
async fn events_acks_and_attachments_come_back() {
    let echo = Echo::start("socket.io");
    let mut socket = echo.connected().await;
    sends(&mut socket, &[r#"42["message",1,"2",{"3":[true]}]"#]).await;
    assert_eq!(text(&mut socket).await, r#"42["message-back",1,"2",{"3":[true]}]"#);
    sends(&mut socket, &[r#"42456["message-with-ack",1,"2",{"3":[false]}]"#]).await;
    assert_eq!(text(&mut socket).await, r#"43456[1,"2",{"3":[false]}]"#);

    let list = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    let cases = [
        (format!(r#"452-["message",{list}"#), format!(r#"452-["message-back",{list}"#)),
        (format!(r#"452-789["message-with-ack",{list}"#), format!("462-789[{list}")),
    ];
    for (sent, expected) in cases {
        sends(&mut socket, &[&sent]).await;
        for bytes in [[1, 2, 3], [4, 5, 6]] {
            socket.send(Message::binary(bytes.to_vec())).await.expect("it is open");
        }
        assert_eq!(text(&mut socket).await, expected);
        for bytes in [[1, 2, 3], [4, 5, 6]] {
            assert_eq!(message(&mut socket).await, Some(Message::binary(bytes.to_vec())));
        }
    }
}

#[tokio::test]
async fn invalid_packets_end_a_connection() {
    let echo = Echo::start("socket.io");
    for packet in ["4abc", "42{}", r#"42abc["message-with-ack",1,"2",{"3":[false]}]"#] {
        let mut socket = echo.connected().await;
        sends(&mut socket, &[packet]).await;
        closes(socket).await;
    }
    let mut socket = echo.open().await;
    sends(&mut socket, &["4abc"]).await;
    closes(socket).await;
}

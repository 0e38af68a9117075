//! A WebSocket that sends and receives raw frames, valid or not. Owns the connection and the frames that were not read
//! yet; it keeps no cursor and folds nothing, which `client` does.

use std::collections::VecDeque;
use std::net::IpAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use crate::backends::Profile;
use crate::wait::{PATIENCE, QUIET};

/// What arrived next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    Frame(Value),
    /// The close code, or 1006 if the connection ended without one.
    Closed(u16),
}

/// An open connection.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    unread: VecDeque<Value>,
}

impl Socket {
    /// Connects without sending anything.
    pub async fn silent(url: &str) -> Self {
        let (stream, _) = connect_async(url).await.expect("the server takes the upgrade");
        Self { stream, unread: VecDeque::new() }
    }

    /// Connects with a small receive buffer and sends nothing: data that is not read soon blocks the server.
    pub async fn with_receive_buffer(url: &str, bytes: u32) -> Self {
        let request = url.into_client_request().expect("the URL is valid");
        let address = request.uri().authority().expect("a URL of a socket has a host").as_str().parse();
        let tcp = TcpSocket::new_v4().expect("a socket can be made");
        tcp.set_recv_buffer_size(bytes).expect("the size can be set");
        let tcp = tcp.connect(address.expect("tests listen on an address")).await.expect("the server listens");
        let (stream, _) =
            client_async(request, MaybeTlsStream::Plain(tcp)).await.expect("the server takes the upgrade");
        Self { stream, unread: VecDeque::new() }
    }

    /// Connects from this address, with these headers, as a proxy does for its clients, and sends nothing.
    pub async fn from_address(url: &str, source: IpAddr, headers: &[(&'static str, &str)]) -> Self {
        let mut request = url.into_client_request().expect("the URL is valid");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("it is a header's value"));
        }
        let address = request.uri().authority().expect("a URL of a socket has a host").as_str().parse();
        let tcp = TcpSocket::new_v4().expect("a socket can be made");
        tcp.bind((source, 0).into()).expect("every address that begins with 127 is this machine's");
        let tcp = tcp.connect(address.expect("tests listen on an address")).await.expect("the server listens");
        let (stream, _) =
            client_async(request, MaybeTlsStream::Plain(tcp)).await.expect("the server takes the upgrade");
        Self { stream, unread: VecDeque::new() }
    }

    /// Tries to connect from this address; returns `None` if the server does not take the connection or the upgrade.
    pub async fn try_from_address(url: &str, source: IpAddr) -> Option<Self> {
        let request = url.into_client_request().ok()?;
        let address = request.uri().authority()?.as_str().parse().ok()?;
        let tcp = TcpSocket::new_v4().ok()?;
        tcp.bind((source, 0).into()).ok()?;
        let tcp = tcp.connect(address).await.ok()?;
        let (stream, _) = client_async(request, MaybeTlsStream::Plain(tcp)).await.ok()?;
        Some(Self { stream, unread: VecDeque::new() })
    }

    /// Tries to connect from a page of this origin; returns the HTTP status if it was refused.
    pub async fn from_origin(url: &str, origin: &str) -> Result<Self, u16> {
        let mut request = url.into_client_request().expect("the URL is valid");
        request.headers_mut().insert("origin", origin.parse().expect("the origin is a header's value"));
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self { stream, unread: VecDeque::new() }),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("neither taken nor refused: {error}"),
        }
    }

    /// Returns the HTTP status with which an upgrade is answered: 101 if it is taken.
    pub async fn status(url: &str) -> u16 {
        match connect_async(url).await {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => panic!("neither taken nor refused: {error}"),
        }
    }

    /// Connects, sends hello and receives the welcome.
    pub async fn welcomed(url: &str, token: &str) -> Self {
        let mut socket = Self::silent(url).await;
        socket.hello(token).await;
        socket.frame("welcome").await;
        socket
    }

    /// Sends the first frame.
    pub async fn hello(&mut self, token: &str) {
        self.send(json!({ "t": "hello", "v": 1, "token": token, "caps": [], "batch": false })).await;
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_raw(Message::text(frame.to_string())).await;
    }

    /// Sends any WebSocket message. It is not an error if the server closed meanwhile: the test sees that in what
    /// arrives next.
    pub async fn send_raw(&mut self, message: Message) {
        let _ = self.stream.send(message).await;
    }

    /// Returns the next frame or the end. Answers pings and skips them.
    ///
    /// # Panics
    /// If nothing arrives.
    pub async fn next(&mut self) -> Next {
        match timeout(PATIENCE, self.read()).await {
            Ok(next) => next,
            Err(_) => panic!("the server sent nothing for {} s", PATIENCE.as_secs()),
        }
    }

    /// Returns the next frame or the end, however long it takes: for a task that the test itself ends.
    pub async fn next_at_any_time(&mut self) -> Next {
        self.read().await
    }

    /// Returns the next frame of a type, and drops others before it.
    ///
    /// # Panics
    /// If the socket closes first.
    pub async fn frame(&mut self, kind: &str) -> Value {
        self.find(kind, |_| true).await
    }

    /// Returns the next frame of a type that also passes the test.
    pub async fn find(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut others = Vec::new();
        loop {
            let next = timeout(PATIENCE, self.read()).await;
            match next {
                Ok(Next::Frame(frame)) if frame["t"] == kind && wanted(&frame) => return frame,
                Ok(Next::Frame(frame)) => others.push(frame.to_string()),
                Ok(Next::Closed(code)) => panic!("closed with {code} before a {kind}; received: {others:#?}"),
                Err(_) => panic!("no such {kind} arrived; received: {others:#?}"),
            }
        }
    }

    /// Returns the next frame that passes the test, of whatever protocol, and drops others before it.
    ///
    /// # Panics
    /// If the socket closes first, or no such frame arrives.
    pub async fn find_where(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut others = Vec::new();
        loop {
            match timeout(PATIENCE, self.read()).await {
                Ok(Next::Frame(frame)) if wanted(&frame) => return frame,
                Ok(Next::Frame(frame)) => others.push(frame.to_string()),
                Ok(Next::Closed(code)) => panic!("closed with {code} before {what}; received: {others:#?}"),
                Err(_) => panic!("{what} did not arrive; received: {others:#?}"),
            }
        }
    }

    /// Returns the answer to a change: its ack or its error.
    pub async fn answer_to(&mut self, id: &str) -> Value {
        loop {
            match self.next().await {
                Next::Frame(frame) if frame["id"] == id && (frame["t"] == "ack" || frame["t"] == "error") => {
                    return frame;
                }
                Next::Frame(_) => {}
                Next::Closed(code) => panic!("closed with {code} before the answer to {id}"),
            }
        }
    }

    /// Returns the next error frame.
    pub async fn error(&mut self) -> Value {
        self.frame("error").await
    }

    /// Waits for the end, and checks that it has one of these codes. An API Gateway ends sockets with its own code, so
    /// there any code passes.
    ///
    /// # Panics
    /// If it ends otherwise, or not at all.
    pub async fn closes_with(&mut self, codes: &[u16]) {
        let code = self.closed().await;
        let is_its_own = Profile::of_this_run() == Profile::Gateway;
        assert!(codes.contains(&code) || is_its_own, "closed with {code}, not {codes:?}");
    }

    /// Returns the close code, and drops frames before it.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Next::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    /// Checks that no frame of a type arrives.
    ///
    /// # Panics
    /// If one arrives.
    pub async fn stays_quiet_of(&mut self, kind: &str) {
        let end = tokio::time::Instant::now() + QUIET;
        while let Ok(next) = tokio::time::timeout_at(end, self.read()).await {
            match next {
                Next::Frame(frame) => assert!(frame["t"] != kind, "unexpected {frame}"),
                Next::Closed(code) => panic!("closed with {code}"),
            }
        }
    }

    /// Sends a change with a new id; returns the answer.
    pub async fn change(&mut self, mut frame: Value) -> Value {
        let id = uuid::Uuid::now_v7().to_string();
        frame["id"] = json!(id);
        self.send(frame).await;
        self.answer_to(&id).await
    }

    /// Follows a room from its current head; returns the answer to `resume`.
    pub async fn follow(&mut self, room: &str) -> Value {
        let id = uuid::Uuid::now_v7().to_string();
        self.send(json!({ "t": "resume", "id": id, "cursors": { room: null } })).await;
        self.find("sync", |frame| frame["re"] == id.as_str()).await
    }

    /// Follows a log from a cursor, page by page until it is live; returns the events in between.
    ///
    /// # Panics
    /// If an answer is neither a page nor the last one.
    pub async fn catch_up(&mut self, log: &str, cursor: u64) -> Vec<Value> {
        let id = uuid::Uuid::now_v7().to_string();
        self.send(json!({ "t": "resume", "id": id, "cursors": { log: cursor } })).await;
        let mut events = Vec::new();
        loop {
            let mut page = self.find("sync", |frame| frame["re"] == id.as_str()).await;
            if let Value::Array(some) = page["events"].take() {
                events.extend(some);
            }
            match page["status"].as_str() {
                Some("ok") => return events,
                // An entry was committed while the page was read.
                Some("more") => {
                    self.send(json!({ "t": "fill", "id": id, "room": log, "after": page["through"] })).await;
                }
                _ => panic!("not a page: {page}"),
            }
        }
    }

    /// Sends a text; returns the answer.
    pub async fn say(&mut self, room: &str, text: &str, seen: u64) -> Value {
        self.change(json!({ "t": "send", "room": room, "text": text, "seen": seen })).await
    }

    async fn read(&mut self) -> Next {
        loop {
            if let Some(frame) = self.unread.pop_front() {
                if frame["t"] == "ping" {
                    self.send(json!({ "t": "pong" })).await;
                    continue;
                }
                return Next::Frame(frame);
            }
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text).expect("the server sends JSON") {
                    Value::Array(frames) => self.unread.extend(frames),
                    frame => self.unread.push_back(frame),
                },
                Some(Ok(Message::Close(frame))) => return Next::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Next::Closed(1006),
            }
        }
    }
}

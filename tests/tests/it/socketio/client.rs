//! A client of Socket.IO that is written from the protocol's page alone: frames as they are on the wire.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tests::person::Person;
use tests::server::Server;
use tests::wait::PATIENCE;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What carries the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    Polling,
}

enum Carrier {
    WebSocket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    /// The URL of the session.
    Polling(String),
}

/// A client in the main namespace.
pub struct Client {
    carrier: Carrier,
    sid: String,
    http: reqwest::Client,
    /// Packets that a poll returned.
    polled: VecDeque<String>,
    /// Packets that were read while another one was looked for.
    unread: VecDeque<String>,
    asked: u64,
    /// The offset of the last event that had one.
    pub offset: Option<String>,
}

/// Makes a GET request, and returns its status and its JSON.
pub async fn get(server: &Server, path: &str) -> (u16, Value) {
    let answer = reqwest::get(server.http(path)).await.expect("the server answers");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
}

impl Client {
    /// Connects as this person.
    pub async fn connect(server: &Server, transport: Transport, person: &Person) -> Client {
        Client::with_auth(server, transport, json!({ "token": person.token })).await.expect("the client is let in")
    }

    /// Connects with these credentials. Returns the content of CONNECT_ERROR if they are refused.
    pub async fn with_auth(server: &Server, transport: Transport, auth: Value) -> Result<Client, Value> {
        let mut client = Client::open(server, transport).await;
        client.send(&format!("40{auth}")).await;
        let answer = client.packet().await.expect("an answer to CONNECT");
        match answer.strip_prefix("44") {
            Some(error) => Err(serde_json::from_str(error).expect("JSON")),
            None => {
                let connected: Value = serde_json::from_str(answer.strip_prefix("40").expect("CONNECT")).expect("JSON");
                assert!(connected["sid"].is_string(), "{connected}");
                Ok(client)
            }
        }
    }

    async fn open(server: &Server, transport: Transport) -> Client {
        let http = reqwest::Client::new();
        let (carrier, opened) = match transport {
            Transport::WebSocket => {
                let (mut stream, _) = connect_async(socket_url(server, "")).await.expect("an upgrade");
                let opened = stream.next().await.expect("a packet").expect("a packet").into_text().expect("text");
                (Carrier::WebSocket(Box::new(stream)), opened.to_string())
            }
            Transport::Polling => {
                let url = server.http("/socket.io/?EIO=4&transport=polling");
                let opened = http.get(&url).send().await.expect("an answer").text().await.expect("text");
                (Carrier::Polling(url), opened)
            }
        };
        let opened: Value = serde_json::from_str(opened.strip_prefix('0').expect("OPEN")).expect("JSON");
        let sid = opened["sid"].as_str().expect("an id").to_owned();
        let carrier = match carrier {
            Carrier::Polling(url) => Carrier::Polling(format!("{url}&sid={sid}")),
            socket => socket,
        };
        Client { carrier, sid, http, polled: VecDeque::new(), unread: VecDeque::new(), asked: 0, offset: None }
    }

    /// Moves from polling to a WebSocket.
    pub async fn upgrade(&mut self, server: &Server) {
        let (mut stream, _) = connect_async(socket_url(server, &self.sid)).await.expect("an upgrade");
        stream.send(Message::text("2probe")).await.expect("it is open");
        let answer = stream.next().await.expect("a packet").expect("a packet");
        assert_eq!(answer, Message::text("3probe"));
        // The poll that is under way, or the next one, ends at once.
        self.poll().await;
        stream.send(Message::text("5")).await.expect("it is open");
        self.carrier = Carrier::WebSocket(Box::new(stream));
    }

    /// Sends an event without asking for an answer.
    pub async fn emit(&mut self, name: &str, body: Value) {
        self.send(&format!("42{}", json!([name, body]))).await;
    }

    /// Sends an event with an attachment.
    pub async fn send_bytes(&mut self, name: &str, mut body: Value) {
        body["content"] = json!({ "_placeholder": true, "num": 0 });
        self.send(&format!("451-{}", json!([name, body]))).await;
        let Carrier::WebSocket(stream) = &mut self.carrier else { panic!("only over a WebSocket") };
        stream.send(Message::binary(vec![1, 2, 3])).await.expect("it is open");
    }

    /// Sends an event, and returns the first argument of the answer.
    pub async fn ask(&mut self, name: &str, body: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&format!("42{id}{}", json!([name, body]))).await;
        let answer = self.find(&format!("43{id}[")).await;
        let arguments: Value = serde_json::from_str(&answer[format!("43{id}").len()..]).expect("JSON");
        arguments[0].clone()
    }

    /// Returns the first argument of the next event with this name.
    pub async fn event(&mut self, name: &str) -> Value {
        let packet = self.find(&format!("42[\"{name}\"")).await;
        let arguments: Value = serde_json::from_str(&packet[2..]).expect("JSON");
        if let Some(offset) = arguments[2].as_str() {
            self.offset = Some(offset.to_owned());
        }
        arguments[1].clone()
    }

    /// Returns the first packet that begins like this; others stay.
    async fn find(&mut self, prefix: &str) -> String {
        if let Some(at) = self.unread.iter().position(|packet| packet.starts_with(prefix)) {
            return self.unread.remove(at).expect("it was just found");
        }
        loop {
            let packet = timeout(PATIENCE, self.next()).await;
            let packet = packet.unwrap_or_else(|_| panic!("no {prefix}; unread: {:?}", self.unread));
            match packet {
                Some(packet) if packet.starts_with(prefix) => return packet,
                Some(packet) => self.unread.push_back(packet),
                None => panic!("the session ended before {prefix}; unread: {:?}", self.unread),
            }
        }
    }

    async fn packet(&mut self) -> Option<String> {
        match self.unread.pop_front() {
            Some(packet) => Some(packet),
            None => timeout(PATIENCE, self.next()).await.expect("a packet"),
        }
    }

    /// Returns the next packet that is not a ping; `None` if the session has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            let packet = match &mut self.carrier {
                _ if !self.polled.is_empty() => self.polled.pop_front().expect("it is not empty"),
                Carrier::WebSocket(stream) => match stream.next().await {
                    Some(Ok(Message::Text(text))) => text.to_string(),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => continue,
                },
                Carrier::Polling(_) => {
                    if !self.poll().await {
                        return None;
                    }
                    continue;
                }
            };
            match packet.as_str() {
                "2" => self.send("3").await,
                "6" => {}
                "1" => return None,
                _ => return Some(packet),
            }
        }
    }

    /// Takes what a poll returns. `false`: the session has ended.
    async fn poll(&mut self) -> bool {
        let Carrier::Polling(url) = &self.carrier else { panic!("it does not poll") };
        let answer = self.http.get(url).send().await.expect("an answer");
        if answer.status() != 200 {
            return false;
        }
        let payload = answer.text().await.expect("text");
        self.polled.extend(payload.split('\u{1e}').map(str::to_owned));
        true
    }

    /// Sends a packet.
    pub async fn send(&mut self, packet: &str) {
        match &mut self.carrier {
            // A server that has closed the session takes nothing more.
            Carrier::WebSocket(stream) => drop(stream.send(Message::text(packet)).await),
            Carrier::Polling(url) => {
                let answer = self.http.post(url.as_str()).body(packet.to_owned()).send().await.expect("an answer");
                assert_eq!(answer.text().await.expect("text"), "ok");
            }
        }
    }

    /// Waits until the server has closed the session.
    pub async fn ended(mut self) {
        let ended = async { while self.next().await.is_some() {} };
        timeout(PATIENCE + Duration::from_secs(1), ended).await.expect("the session ends");
    }
}

fn socket_url(server: &Server, sid: &str) -> String {
    let session = if sid.is_empty() { String::new() } else { format!("&sid={sid}") };
    format!("ws://{}/socket.io/?EIO=4&transport=websocket{session}", server.address())
}

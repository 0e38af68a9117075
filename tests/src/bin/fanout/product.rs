//! The product: one process on its embedded defaults, with guests in one room.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::person::Person;
use tests::server::{Server, Settings};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::load::{Clients, masked, open, read_frame};
use crate::storm::{self, Calm};

/// The length of a message's text: an event with it has 582 bytes.
const TEXT: usize = 200;
/// The path of the sockets.
const PATH: &str = "/v1/ws";
/// How many guests sign in at once.
const AT_ONCE: usize = 16;

/// The running product.
pub struct Product {
    runtime: Runtime,
    server: Server,
    room: String,
    /// The room's head once all members have joined.
    head: u64,
}

/// A user with a room, and what their socket knows of it.
#[derive(Clone)]
pub struct Member {
    token: String,
}

impl Product {
    /// Starts the product without limits that this load would meet.
    pub fn start() -> Result<Product> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let many =
            ["SIGN_INS_PER_MINUTE", "SENDS_PER_10S", "FRAMES_PER_60S", "JOINS_PER_MINUTE", "REQUESTS_PER_MINUTE"];
        let settings = many.iter().fold(Settings::default(), |settings, name| {
            settings.variable(&format!("PALAVER_LIMITS_{name}"), "1000000000")
        });
        let settings = settings
            .variable("PALAVER_LIMITS_CONNECTIONS_PER_NODE", "15000")
            // All of the load comes from one address.
            .variable("PALAVER_LIMITS_CONNECTIONS_PER_ADDRESS", "0")
            .variable("PALAVER_LIMITS_SOCKETS_PER_ADDRESS", "0")
            .variable("PALAVER_LIMITS_GUEST_SOCKETS_PER_ADDRESS", "0")
            // Clients of one server wait while the others are measured.
            .variable("PALAVER_LIMITS_HEARTBEAT_MS", "300000")
            .variable("PALAVER_LOG", "warn");
        let server = runtime.block_on(settings.start());
        Ok(Product { runtime, server, room: String::new(), head: 0 })
    }

    /// Starts the server again, with the same data.
    pub fn restart(&mut self) {
        self.server.kill();
        self.runtime.block_on(self.server.start_again());
    }

    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    pub fn address(&self) -> Result<SocketAddr> {
        let url = self.server.websocket();
        url.trim_start_matches("ws://").split('/').next().context("no address")?.parse().context("no address")
    }

    /// Returns guests who are members of one room.
    pub fn members(&mut self, count: usize) -> Result<Vec<Member>> {
        let Product { runtime, server, .. } = self;
        let (owner, room) = runtime.block_on(async {
            let owner = Person::guest(server, "ann").await;
            let body = json!({ "slug": "bench", "name": "bench", "kind": "public" });
            let room = owner.post("/api/rooms", body).await.ok();
            (owner, room["id"].as_str().expect("a room has an id").to_owned())
        });
        let mut members = vec![owner.clone()];
        while members.len() < count {
            let some = AT_ONCE.min(count - members.len());
            let joins = (0..some).map(|_| async {
                let guest = Person::guest(server, "guest").await;
                guest.post(&format!("/api/rooms/{room}/join"), json!({})).await.ok();
                guest
            });
            members.extend(runtime.block_on(futures_util::future::join_all(joins)));
        }
        self.room = room;
        let token = |person: Person| Member { token: person.token.expect("a guest has a token") };
        let members: Vec<Member> = members.into_iter().map(token).collect();
        self.head = self.connect(&members[0])?.1;
        Ok(members)
    }

    /// Fills the server's caches with what it knows about the members, through a single connection.
    pub fn warm(&self, members: &[Member]) -> Result<()> {
        let (http, rooms) = (reqwest::Client::new(), format!("http://{}/api/rooms", self.address()?));
        self.runtime.block_on(async {
            for member in members {
                http.get(&rooms).bearer_auth(&member.token).send().await?.error_for_status()?.bytes().await?;
            }
            Ok(())
        })
    }

    /// Connects one socket for each member; all of them are live in the room.
    pub fn clients(&self, members: &[Member]) -> Result<Clients> {
        // Joins are events, too: the sockets begin after the last one.
        std::thread::sleep(Duration::from_secs(1));
        let (mut streams, mut next) = (Vec::new(), 0);
        for member in members {
            let (stream, head) = self.connect(member)?;
            next = head + 1;
            streams.push(stream);
        }
        Clients::new(streams, number_of, next)
    }

    /// Makes the members join further rooms, and has each of them written to. Returns the rooms with their heads.
    pub fn further_rooms(&self, members: &[Member], count: usize) -> Result<Vec<(String, u64)>> {
        let (http, url) = (reqwest::Client::new(), format!("http://{}/api/rooms", self.address()?));
        let post = async |member: &Member, path: String, body: Value| -> Result<Value> {
            let request = http.post(format!("{url}{path}")).bearer_auth(&member.token).json(&body);
            Ok(request.send().await?.error_for_status()?.json().await?)
        };
        self.runtime.block_on(async {
            let mut rooms = Vec::with_capacity(count);
            for number in 0..count {
                let slug = format!("further-{number}");
                let room =
                    post(&members[0], String::new(), json!({ "slug": slug, "name": slug, "kind": "public" })).await?;
                let id = room["id"].as_str().context("a room has an id")?.to_owned();
                for some in members[1..].chunks(AT_ONCE) {
                    let joins = some.iter().map(|member| post(member, format!("/{id}/join"), json!({})));
                    futures_util::future::try_join_all(joins).await?;
                }
                let message = json!({ "id": Uuid::now_v7(), "text": "x".repeat(TEXT) });
                let ack = post(&members[0], format!("/{id}/messages"), message).await?;
                rooms.push((id, ack["seq"].as_u64().context("an ack has a seq")?));
            }
            Ok(rooms)
        })
    }

    /// Connects a member, who follows the room from its head. Returns the head.
    pub fn connect(&self, member: &Member) -> Result<(TcpStream, u64)> {
        let (stream, sync) = self.resume(member, &json!({ &self.room: null }))?;
        Ok((stream, sync["head"].as_u64().context("a reset has a head")?))
    }

    /// Connects a member who has everything of the room.
    pub fn reconnect(&self, member: &Member) -> Result<TcpStream> {
        Ok(self.resume(member, &self.cursors())?.0)
    }

    /// Connects a member with these cursors. Returns once each of their logs is live, with the frame that said so of
    /// the last one.
    pub fn resume(&self, member: &Member, cursors: &Value) -> Result<(TcpStream, Value)> {
        let mut stream = open(self.address()?, PATH)?;
        stream.write_all(&hello(member, cursors))?;
        let mut missing = cursors.as_object().context("cursors are an object")?.len();
        loop {
            let frame: Value = serde_json::from_slice(&read_frame(&mut stream)?)?;
            ensure!(frame["t"] != "error", "{frame}");
            if frame["t"] == "sync" {
                missing -= 1;
            }
            if missing == 0 {
                return Ok((stream, frame));
            }
        }
    }

    /// Connects all members, who have everything of the room, at the same moment. Returns once all of them follow it.
    pub fn storm(&self, members: &[Member]) -> Result<Calm> {
        let hellos = members.iter().map(|member| hello(member, &self.cursors())).collect();
        storm::connect(self.address()?, PATH, hellos, br#"{"t":"sync""#)
    }

    fn cursors(&self) -> Value {
        json!({ &self.room: self.head })
    }

    /// Returns a message of a client that has seen the room up to `seen`.
    pub fn message(&self, seen: u64) -> String {
        let (id, room, text) = (Uuid::now_v7(), &self.room, "x".repeat(TEXT));
        format!(r#"{{"t":"send","id":"{id}","room":"{room}","text":"{text}","seen":{seen}}}"#)
    }
}

/// Returns the frames of a member who signs in and resumes from these cursors.
fn hello(member: &Member, cursors: &Value) -> Vec<u8> {
    let hello = json!({ "t": "hello", "v": 1, "token": member.token, "caps": [] });
    let resume = json!({ "t": "resume", "id": "1", "cursors": cursors });
    [hello, resume].iter().flat_map(|frame| masked(frame.to_string().as_bytes())).collect()
}

/// Returns the seq of an event.
fn number_of(payload: &[u8]) -> Option<u64> {
    const SEQ: &[u8] = br#""seq":"#;
    if !payload.starts_with(br#"{"t":"event""#) {
        return None;
    }
    let at = payload.windows(SEQ.len()).position(|window| window == SEQ)? + SEQ.len();
    let digits = payload[at..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

//! The users whom an attack must not slow down: they write to a room, and further ones come.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::future::try_join_all;
use serde_json::json;
use tests::person::Person;
use tests::server::Server;
use tests::socket::Socket;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Users who write.
const USERS: usize = 20;
/// The pause between two messages of a user: below the default limit of sends.
const PAUSE: Duration = Duration::from_millis(650);
/// Addresses from which further users come, one at a time from each.
const ADDRESSES: usize = 4;
/// The pause between two connects of an address: below the default limit of calls of one address.
const CONNECT_PAUSE: Duration = Duration::from_millis(60);

/// How long the users waited.
#[derive(Default)]
pub struct Waits {
    /// For the ack of a message.
    pub acks: Vec<Duration>,
    /// From the connection to the welcome.
    pub connects: Vec<Duration>,
}

/// The users, connected.
pub struct Others {
    pub people: Vec<Person>,
    sockets: Vec<Mutex<Socket>>,
    /// The room that all of them are in.
    pub room: String,
}

impl Others {
    /// Signs the users in, in a room of their own.
    pub async fn join(server: &Server) -> Result<Others> {
        let owner = Person::register(server, "ann").await;
        let room = owner.post("/api/rooms", json!({ "id": "garden", "name": "Garden", "kind": "public" })).await.ok();
        let room = room["id"].as_str().context("a room has an id")?.to_owned();
        let mut people = Vec::with_capacity(USERS);
        let mut sockets = Vec::with_capacity(USERS);
        for number in 0..USERS {
            let person = Person::guest(server, &format!("user{number}")).await;
            person.post(&format!("/api/rooms/{room}/join"), json!({})).await.ok();
            sockets.push(Mutex::new(person.connect().await));
            people.push(person);
        }
        Ok(Others { people, sockets, room })
    }

    /// Writes and connects for a while. Returns how long each took.
    pub async fn measure(&self, server: &Server, length: Duration) -> Result<Waits> {
        let end = Instant::now() + length;
        let writers = try_join_all(self.sockets.iter().enumerate().map(|(number, socket)| async move {
            tokio::time::sleep(PAUSE.mul_f64(number as f64 / USERS as f64)).await;
            self.write(&mut *socket.lock().await, end).await
        }));
        let comers = try_join_all((0..ADDRESSES).map(|number| async move {
            tokio::time::sleep(CONNECT_PAUSE.mul_f64(number as f64 / ADDRESSES as f64)).await;
            self.connect(server, number, end).await
        }));
        let (acks, connects) = tokio::try_join!(writers, comers)?;
        Ok(Waits { acks: acks.into_iter().flatten().collect(), connects: connects.into_iter().flatten().collect() })
    }

    async fn write(&self, socket: &mut Socket, end: Instant) -> Result<Vec<Duration>> {
        let path = format!("/api/rooms/{}", self.room);
        let mut seen = self.people[0].get(&path).await.ok()["head"].clone();
        let mut waits = Vec::new();
        while Instant::now() < end {
            let id = Uuid::now_v7().to_string();
            let begun = Instant::now();
            let frame = json!({ "t": "send", "room": self.room, "id": id, "seen": seen, "text": "good morning" });
            socket.send(frame).await;
            let answer = socket.answer_to(&id).await;
            if answer["t"] != "ack" {
                bail!("a user's message was refused: {answer}");
            }
            seen = answer["seq"].clone();
            waits.push(begun.elapsed());
            tokio::time::sleep(PAUSE.saturating_sub(begun.elapsed())).await;
        }
        Ok(waits)
    }

    /// Connects again and again from one address, as one user after another.
    async fn connect(&self, server: &Server, number: usize, end: Instant) -> Result<Vec<Duration>> {
        let address = IpAddr::V4(Ipv4Addr::new(127, 88, 0, number as u8 + 1));
        let mut waits = Vec::new();
        for person in self.people.iter().cycle().skip(number * self.people.len() / ADDRESSES) {
            if Instant::now() >= end {
                break;
            }
            let token = person.token.as_deref().context("a user has a token")?;
            let begun = Instant::now();
            let socket = Socket::try_from_address(&server.websocket(), address).await;
            let mut socket = socket.context("a user's connection was refused")?;
            socket.hello(token).await;
            socket.frame("welcome").await;
            waits.push(begun.elapsed());
            drop(socket);
            tokio::time::sleep(CONNECT_PAUSE).await;
        }
        Ok(waits)
    }
}

//! The attacks, and the harmless traffic of the same volume that each is compared with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tests::person::Person;
use tests::server::Server;
use tests::socket::Socket;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use uuid::Uuid;

use crate::others::Others;

/// The names of the attacks.
pub const ATTACKS: [&str; 6] = ["idle-connections", "folding", "names", "watch", "direct-rooms", "sockets"];

/// Accounts of the attacker. Registered users, since guests may do less.
const ACCOUNTS: usize = 12;
/// Silent connections a second.
const CONNECTIONS_PER_S: u32 = 110;
/// Sockets that are opened a second, and users of the control that hold one each.
const SOCKETS_PER_S: u32 = 25;
/// Requests a second of the other attacks: below the limit of requests of one address.
const REQUESTS_PER_S: u32 = 15;

/// The address that the attacks come from.
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 66, 6, 6));

/// Which traffic runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Harmless traffic of the same volume.
    Control,
    /// The attack.
    Attack,
}

/// The attacker's accounts and what they hold open.
pub struct Attackers {
    address: SocketAddr,
    websocket: String,
    base: String,
    http: reqwest::Client,
    people: Vec<Person>,
    room: String,
    /// Users who are written to, each of them once for each attacker.
    victims: Vec<String>,
    opened: usize,
    connections: Vec<TcpStream>,
    sockets: Vec<Socket>,
}

impl Attackers {
    /// Registers the accounts, and has them join the users' room.
    pub async fn sign_up(server: &Server, others: &Others) -> Result<Attackers> {
        let mut people = Vec::with_capacity(ACCOUNTS);
        for number in 0..ACCOUNTS {
            let person = Person::register(server, &format!("attacker{number}")).await;
            person.post(&format!("/api/rooms/{}/join", others.room), json!({})).await.ok();
            people.push(person);
        }
        Ok(Attackers {
            address: server.address(),
            websocket: server.websocket(),
            base: server.http(""),
            http: reqwest::Client::builder().local_address(ATTACKER).build()?,
            people,
            room: others.room.clone(),
            victims: others.people.iter().map(|person| person.id.clone()).collect(),
            opened: 0,
            connections: Vec::new(),
            sockets: Vec::new(),
        })
    }

    /// Runs an attack, or its control, for a while.
    pub async fn run(&mut self, attack: &str, kind: Kind, length: Duration) -> Result<()> {
        let per_second = match attack {
            "idle-connections" => CONNECTIONS_PER_S,
            "sockets" => SOCKETS_PER_S,
            _ => REQUESTS_PER_S,
        };
        let end = Instant::now() + length;
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
        let mut watchers = Vec::new();
        if attack == "watch" {
            for person in &self.people {
                watchers.push(self.socket(person, ATTACKER).await.context("an attacker may connect")?);
            }
        }
        for turn in 0.. {
            ticks.tick().await;
            if Instant::now() >= end {
                break;
            }
            match attack {
                "idle-connections" => self.connect(kind).await?,
                "folding" => self.say(kind, turn).await?,
                "names" => self.name(kind, turn).await?,
                "watch" => {
                    let at = turn % watchers.len();
                    watchers[at].send(json!({ "t": "watch", "users": self.watched(kind, at) })).await;
                }
                "direct-rooms" => self.open(kind, turn).await?,
                "sockets" => self.hold(kind, turn).await,
                other => bail!("unknown attack {other:?}"),
            }
        }
        Ok(())
    }

    /// Closes what a phase left open.
    pub fn end(&mut self) {
        self.connections.clear();
        self.sockets.clear();
    }

    /// Opens a connection and says nothing; the control asks for the server's health and closes.
    async fn connect(&mut self, kind: Kind) -> Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((ATTACKER, 0).into())?;
        // The server may refuse it.
        let Ok(mut connection) = socket.connect(self.address).await else { return Ok(()) };
        if kind == Kind::Attack {
            self.connections.push(connection);
            return Ok(());
        }
        let request = format!("GET /health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        if connection.write_all(request.as_bytes()).await.is_ok() {
            let _ = connection.read_to_end(&mut Vec::new()).await;
        }
        Ok(())
    }

    /// Sends a message of mentions that grow when they are folded; the control sends letters of the same size.
    async fn say(&self, kind: Kind, turn: usize) -> Result<()> {
        let text = match kind {
            Kind::Attack => format!("@{} ", "\u{fdfa}".repeat(32)).repeat(117),
            Kind::Control => "w".repeat(3_978),
        };
        let path = format!("/api/rooms/{}/messages", self.room);
        self.post(turn, &path, json!({ "text": text })).await
    }

    /// Looks for a user by a name that grows when it is folded; the control by one of ASCII letters with as many bytes.
    async fn name(&self, kind: Kind, turn: usize) -> Result<()> {
        let user = match kind {
            Kind::Attack => "\u{fdfa}".repeat(20_000),
            Kind::Control => "w".repeat(60_000),
        };
        self.post(turn, "/api/rooms/direct", json!({ "user": user })).await
    }

    /// Returns whom a watcher asks for: 200 users who do not exist, or themselves as many times.
    fn watched(&self, kind: Kind, at: usize) -> Vec<String> {
        let user = |_| match kind {
            Kind::Attack => Uuid::now_v7().to_string(),
            Kind::Control => self.people[at].id.clone(),
        };
        (0..200).map(user).collect()
    }

    /// Opens a direct room with the next user, as long as the server allows it; the control sends a message.
    async fn open(&mut self, kind: Kind, turn: usize) -> Result<()> {
        if kind == Kind::Control {
            let path = format!("/api/rooms/{}/messages", self.room);
            return self.post(turn, &path, json!({ "text": "good morning" })).await;
        }
        let (attacker, victim) = (self.opened / self.victims.len(), self.opened % self.victims.len());
        self.opened += 1;
        self.post(attacker, "/api/rooms/direct", json!({ "user": self.victims[victim] })).await
    }

    /// Holds one more socket: of one address, or of many addresses.
    async fn hold(&mut self, kind: Kind, turn: usize) {
        let from = match kind {
            Kind::Attack => ATTACKER,
            Kind::Control => IpAddr::V4(Ipv4Addr::new(127, 77, (turn / 250) as u8, (turn % 250) as u8 + 1)),
        };
        let socket = self.socket(&self.people[turn % self.people.len()], from).await;
        self.sockets.extend(socket);
    }

    /// Opens a socket from an address and says hello. Returns `None` if the server does not take it.
    async fn socket(&self, person: &Person, from: IpAddr) -> Option<Socket> {
        let mut socket = Socket::try_from_address(&self.websocket, from).await?;
        socket.hello(person.token.as_deref()?).await;
        Some(socket)
    }

    /// Sends a request of one of the accounts, whatever the answer is.
    async fn post(&self, account: usize, path: &str, body: Value) -> Result<()> {
        let token = self.people[account % self.people.len()].token.as_deref().context("an account has a token")?;
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(token).json(&body);
        request.send().await?.bytes().await?;
        Ok(())
    }
}

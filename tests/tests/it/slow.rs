//! Tests that a slow consumer, or one that reads nothing, delays no other client and not the end of the process; and
//! that every connection has a timeout.

mod network;

use std::time::{Duration, Instant};

use local_servers::shared;
use serde_json::{Value, json};
use tests::backends::Backends;
use tests::person::Person;
use tests::server::{Server, Settings};
use tests::socket::{Next, Socket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use crate::setup::{generous, messages, room};

/// The rooms that a guest returns to, the messages in each, and the characters of a message.
const ROOMS: usize = 40;
const MESSAGES: usize = 300;
const CHARACTERS: usize = 700;
/// How long the reads of others are measured.
const WATCHED: Duration = Duration::from_secs(5);
/// The limit for the 95th percentile of the time that others wait for a page.
const P95: Duration = Duration::from_millis(200);
/// The grace period of the process after SIGTERM.
const GRACE: Duration = Duration::from_secs(6);
/// The receive buffer of a client that reads nothing.
const STUCK_BUFFER: u32 = 4 * 1024;
/// Bytes per second that a phone with a bad connection reads.
const PHONE_BYTES: usize = 32 * 1024;

/// The setting that names PostgreSQL. Files stay in the data folder, and one process is the whole installation.
const DATABASE_URL: &str = "DATABASE_URL";

/// Held by a test of this module while it runs: each fills many rooms, and all at once would slow down every other
/// test.
static TURN: Mutex<()> = Mutex::const_new(());

/// Uses one connection for all reads, so that a task that holds it blocks everything else.
fn settings() -> Settings {
    let grace = format!("{}s", GRACE.as_secs());
    generous().variable("PALAVER_DATABASE_READERS", "1").variable("PALAVER_DRAIN", &grace)
}

#[tokio::test]
async fn a_socket_that_reads_nothing_delays_no_other_on_sqlite() {
    let _turn = TURN.lock().await;
    stuck(settings().start().await).await;
}

#[tokio::test]
async fn a_socket_that_reads_nothing_delays_no_other_on_postgresql() {
    let _turn = TURN.lock().await;
    let backends = Backends::with_variables([(DATABASE_URL, shared::postgres().new_database())]).await;
    stuck(settings().on(&backends).start().await).await;
}

#[tokio::test]
async fn a_slow_phone_delays_no_other_on_sqlite() {
    let _turn = TURN.lock().await;
    if !network::is_own() {
        return network::run_again("slow::a_slow_phone_delays_no_other_on_sqlite", None).await;
    }
    phone(settings().start().await).await;
}

#[tokio::test]
async fn a_slow_phone_delays_no_other_on_postgresql() {
    let _turn = TURN.lock().await;
    if !network::is_own() {
        let database = shared::postgres().new_database();
        return network::run_again("slow::a_slow_phone_delays_no_other_on_postgresql", Some(&database)).await;
    }
    let backends = Backends::with_variables([(DATABASE_URL, network::database().await)]).await;
    phone(settings().on(&backends).start().await).await;
}

async fn stuck(server: Server) {
    let house = House::new(&server).await;
    let mut socket = Socket::with_receive_buffer(&server.websocket(), STUCK_BUFFER).await;
    socket.hello(house.guest.token.as_deref().expect("a guest has a token")).await;
    // Again and again, so that the answers exceed the kernel's buffers.
    let ask = async {
        let mut again = tokio::time::interval(WATCHED / 20);
        loop {
            again.tick().await;
            socket.send(house.resume()).await;
        }
    };
    tokio::select! {
        () = ask => {}
        () = house.others_are_quick() => {}
    }
    // The guest still reads nothing.
    ends_in_time(server).await;
    drop(socket);
}

async fn phone(server: Server) {
    let house = House::new(&server).await;
    let slow = network::slowed(server.address(), PHONE_BYTES).await;
    let url = format!("ws://{slow}/v1/ws");
    let mut socket = Socket::welcomed(&url, house.guest.token.as_deref().expect("a guest has a token")).await;
    socket.send(house.resume()).await;
    let reading = tokio::spawn(async move {
        let mut pages = 0;
        loop {
            match socket.next_at_any_time().await {
                Next::Frame(frame) if frame["t"] == "sync" => {
                    pages += 1;
                    if frame["status"] == "more" {
                        let (room, after) = (&frame["room"], &frame["through"]);
                        socket.send(json!({ "t": "fill", "id": "fill", "room": room, "after": after })).await;
                    }
                }
                Next::Frame(_) => {}
                Next::Closed(code) => return (pages, code),
            }
        }
    });
    house.others_are_quick().await;
    assert!(!reading.is_finished(), "a phone that reads is not closed");
    ends_in_time(server).await;
    let (pages, code) = reading.await.expect("it does not panic");
    println!("the phone read {pages} pages, and its socket ended with {code}");
    assert!(pages > 0);
}

/// A guest in many full rooms, and another user in a quiet one.
struct House {
    guest: Person,
    rooms: Vec<String>,
    other: Person,
    quiet: String,
}

impl House {
    async fn new(server: &Server) -> Self {
        let (owner, other) = (Person::register(server, "ann").await, Person::register(server, "other").await);
        let guest = Person::guest(server, "guest").await;
        let quiet = room(&other, "quiet").await;
        let mut rooms = Vec::new();
        for number in 0..ROOMS {
            let body = json!({ "id": format!("full-{number}"), "name": "full", "kind": "public", "description": "" });
            let made = owner.post("/api/rooms", body).await.ok();
            rooms.push(made["id"].as_str().expect("a room has an id").to_owned());
        }
        for room in &rooms {
            guest.post(&format!("/api/rooms/{room}/join"), json!({})).await.ok();
        }
        // Several sockets at once, so that appends share their transactions.
        let filled = rooms.chunks(ROOMS / 8).map(|rooms| fill(&owner, rooms));
        futures_util::future::join_all(filled).await;
        Self { guest, rooms, other, quiet }
    }

    /// Returns a `resume` frame that asks for the whole history of all rooms.
    fn resume(&self) -> Value {
        let cursors: serde_json::Map<_, _> = self.rooms.iter().map(|room| (room.clone(), json!(0))).collect();
        json!({ "t": "resume", "id": uuid::Uuid::now_v7().to_string(), "cursors": cursors })
    }

    /// Reads and writes over REST, one call after the other, and checks how long a read takes.
    async fn others_are_quick(&self) {
        let (began, mut took) = (Instant::now(), Vec::new());
        while began.elapsed() < WATCHED {
            self.other.post(&messages(&self.quiet), json!({ "text": "still here" })).await.ok();
            let asked = Instant::now();
            self.other.get(&messages(&self.quiet)).await.ok();
            took.push(asked.elapsed());
        }
        took.sort_unstable();
        let (p95, most) = (took[took.len() * 95 / 100], took[took.len() - 1]);
        println!("{} reads beside it: p95 {p95:.1?}, at most {most:.1?}", took.len());
        assert!(p95 < P95, "the 95th percentile of {} reads is {p95:?}", took.len());
    }
}

/// Fills each room, one message of each room at a time.
async fn fill(owner: &Person, rooms: &[String]) {
    let mut socket = owner.connect().await;
    let text = "x".repeat(CHARACTERS);
    for _ in 0..MESSAGES {
        for room in rooms {
            let id = uuid::Uuid::now_v7().to_string();
            socket.send(json!({ "t": "send", "id": id, "room": room, "text": text, "seen": 1 })).await;
        }
        for _ in rooms {
            socket.frame("ack").await;
        }
    }
}

async fn ends_in_time(mut server: Server) {
    let asked = Instant::now();
    server.ask_to_end();
    let status = server.ended().await;
    println!("the process ended {:.1?} after SIGTERM, with a grace of {GRACE:?}", asked.elapsed());
    assert!(status.success(), "{status}");
    assert!(asked.elapsed() <= GRACE, "it took {:?}\n{}", asked.elapsed(), server.log());
}

#[tokio::test]
async fn http_2_is_refused() {
    let server = Server::start().await;
    // RFC 9113 section 3.4: the preface, and an empty SETTINGS frame.
    let mut http_2 = TcpStream::connect(server.address()).await.expect("the server listens");
    http_2.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("it can be sent");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), http_2.read_to_end(&mut answer)).await;
    // Closed, or reset because the rest of the preface was not read.
    read.expect("the connection is not kept").ok();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
}

//! Connections that ask for nothing: of one address they leave room for everybody else, they are closed in time, and a
//! process without descriptors neither ends nor spins.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::person::Person;
use tests::server::{Server, Settings};
use tests::{cpu, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::addresses::{caller, connection};
use super::client;
use crate::setup::{generous, room, say};

/// Descriptors of the flooded process.
const DESCRIPTORS: u32 = 256;
/// How long the flood lasts, and how many connections it opens in a second.
const FLOOD: Duration = Duration::from_secs(12);
const PER_SECOND: u64 = 110;
/// How long a call may take meanwhile, also on a machine that builds something else.
const ANSWER: Duration = Duration::from_secs(2);
/// The server closes a connection that has sent no whole request for this long, in seconds.
const HEADER_SECONDS: u64 = 10;

/// The beginnings that a connection of the flood sends, none of them a whole request.
const BEGINNINGS: [&[u8]; 5] = [
    b"",
    b"G",
    b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ",
    b"POST /api/auth/login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n",
    // What a client sends that expects TLS.
    b"\x16\x03\x01",
];

/// Opens connections from one address until the flood is over, and keeps all that the server keeps.
async fn flood(server: &Server) -> Vec<TcpStream> {
    let (began, mut held) = (Instant::now(), Vec::new());
    let mut pace = tokio::time::interval(Duration::from_millis(1_000 / PER_SECOND));
    while began.elapsed() < FLOOD {
        pace.tick().await;
        // While the queue of new connections is full, a connection cannot be opened: that is what the flood is for.
        let opened = tokio::time::timeout(Duration::from_millis(200), connection(server, client(2))).await;
        if let Ok(Ok(mut stream)) = opened {
            let _ = stream.write_all(BEGINNINGS[held.len() % BEGINNINGS.len()]).await;
            held.push(stream);
        }
    }
    held
}

#[tokio::test]
async fn silent_connections_of_one_address_leave_room_for_all_others() {
    let mut server = generous().open_files(DESCRIPTORS).start().await;
    let ada = Person::register(&server, "ada").await;
    let lobby = room(&ada, "lobby").await;
    let mut socket = ada.connect().await;
    let (home, health) = (caller(client(3)), server.http("/health"));

    let others = async {
        let (began, mut slowest) = (Instant::now(), Duration::ZERO);
        while began.elapsed() < FLOOD {
            let asked = Instant::now();
            let answer = home.get(&health).send().await.expect("another address is served");
            assert!(answer.status().is_success(), "{}", answer.status());
            slowest = slowest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        slowest
    };
    let (flooded, slowest) = tokio::join!(flood(&server), others);
    println!("{} connections were opened; the slowest call beside them took {slowest:?}", flooded.len());
    assert!(flooded.len() > DESCRIPTORS as usize, "the flood was larger than the process: {}", flooded.len());
    assert!(slowest < ANSWER, "a call took {slowest:?}");

    say(&ada, &lobby, "still here").await;
    socket.send(json!({ "t": "ping", "id": "still" })).await;
    socket.frame("pong").await;
    for stream in flooded {
        is_closed(stream).await;
    }
    assert!(server.is_running());
}

/// Waits until the server has closed a connection.
async fn is_closed(mut stream: TcpStream) {
    let read = async { while stream.read_u8().await.is_ok() {} };
    let patience = Duration::from_secs(HEADER_SECONDS) + wait::PATIENCE;
    tokio::time::timeout(patience, read).await.expect("the server closes a silent connection");
}

#[tokio::test]
async fn a_request_that_trickles_in_is_closed_in_time() {
    let server = Server::start().await;
    let mut stream = connection(&server, client(2)).await.expect("it listens");
    let began = Instant::now();
    let request =
        b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let (mut reader, mut writer) = stream.split();
    let trickle = async {
        for byte in request {
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        std::future::pending::<()>().await;
    };
    let ended = async { while reader.read_u8().await.is_ok() {} };
    tokio::select! {
        () = trickle => {}
        () = ended => {}
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(HEADER_SECONDS / 2), "{took:?}");
    assert!(took < Duration::from_secs(2 * HEADER_SECONDS), "bytes that trickle in keep it open: {took:?}");
}

/// Sets how many descriptors a running process may open.
fn set_open_files(pid: u32, soft: u32) {
    let limit = format!("--nofile={soft}:{DESCRIPTORS}");
    let status = Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status().expect("prlimit runs");
    assert!(status.success(), "the limit of the process was not set");
}

#[tokio::test]
async fn a_process_without_descriptors_neither_ends_nor_spins() {
    let mut server = Settings::default().open_files(DESCRIPTORS).start().await;
    let health = server.http("/health/live");
    // Every descriptor below the limit is in use already, so each accept fails.
    set_open_files(server.pid(), 8);
    let waiting = connection(&server, client(2)).await.expect("the system accepts it");
    wait::until("the failed accept in the log", async || {
        server.log().contains("accepting a connection failed").then_some(())
    })
    .await;
    let (before, began) = (cpu::used_by(server.pid()).expect("Linux"), Instant::now());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let used = cpu::used_by(server.pid()).expect("Linux") - before;
    assert!(used < began.elapsed() / 4, "it spins: {used:?} of {:?}", began.elapsed());
    assert!(server.log().matches("accepting a connection failed").count() < 5, "the log is throttled");

    set_open_files(server.pid(), DESCRIPTORS);
    assert!(caller(client(3)).get(&health).send().await.expect("it serves again").status().is_success());
    assert!(server.is_running());
    drop(waiting);
}

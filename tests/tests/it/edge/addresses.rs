//! One address never takes the whole node: its sockets, those of its guests, and its connections have caps.

use std::net::IpAddr;
use std::time::Duration;

use tests::person::Person;
use tests::server::Server;
use tests::socket::{Next, Socket};
use tests::wait;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::client;
use crate::setup::generous;

/// Sockets of the node in these tests, and how many of them make it busy: seventy percent.
const NODE: usize = 20;
const BUSY: usize = 14;

/// Opens a socket from an address, and signs in.
async fn socket(server: &Server, person: &Person, source: IpAddr, headers: &[(&'static str, &str)]) -> Socket {
    let mut socket = Socket::from_address(&server.websocket(), source, headers).await;
    socket.hello(person.token.as_deref().expect("the person is signed in")).await;
    socket
}

async fn welcomed(server: &Server, person: &Person, source: IpAddr, headers: &[(&'static str, &str)]) -> Socket {
    let mut socket = socket(server, person, source, headers).await;
    socket.frame("welcome").await;
    socket
}

/// Returns the header with which a proxy forwards an address.
fn forwarded(address: &str) -> [(&'static str, &str); 1] {
    [("x-forwarded-for", address)]
}

/// Checks that the socket is asked to reconnect later, and closed with a code after which clients do.
async fn is_refused(mut socket: Socket, words: &str) {
    let error = socket.frame("error").await;
    assert_eq!(error["code"], "overloaded", "{error}");
    assert!(error["retry_ms"].as_u64().is_some_and(|ms| ms > 0), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{error}");
    loop {
        match socket.next().await {
            Next::Closed(code) => return assert_eq!(code, 4413),
            Next::Frame(frame) => println!("before the close: {frame}"),
        }
    }
}

/// Opens a connection from an address and sends nothing.
pub async fn connection(server: &Server, source: IpAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((source, 0).into())?;
    socket.connect(server.address()).await
}

/// Returns a client that calls from an address, each time on a new connection.
pub fn caller(source: IpAddr) -> reqwest::Client {
    let builder = reqwest::Client::builder().local_address(source).pool_max_idle_per_host(0);
    builder.timeout(Duration::from_secs(5)).build().expect("the client can be made")
}

#[tokio::test]
async fn an_address_over_its_cap_is_refused_only_while_the_node_is_busy() {
    let server = generous()
        .variable("PALAVER_LIMITS_CONNECTIONS_PER_NODE", &NODE.to_string())
        .variable("PALAVER_LIMITS_SOCKETS_PER_ADDRESS", "4")
        .variable("PALAVER_LIMITS_SOCKETS_PER_USER", "100")
        .start()
        .await;
    let ada = Person::register(&server, "ada").await;
    let (office, home, cafe) = (client(2), client(3), client(4));

    let mut held = Vec::new();
    for _ in 0..BUSY {
        held.push(welcomed(&server, &ada, office, &[]).await);
    }
    assert!(server.log().contains("allowed while the node is not busy"), "{}", server.log());
    is_refused(socket(&server, &ada, office, &[]).await, "your network").await;
    assert!(server.log().contains("PALAVER_LIMITS_SOCKETS_PER_ADDRESS"), "the log names the setting");

    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(welcomed(&server, &ada, home, &[]).await);
    }
    is_refused(socket(&server, &ada, home, &[]).await, "your network").await;
    others.push(welcomed(&server, &ada, cafe, &[]).await);

    held.truncate(3);
    wait::until("room for the office again", async || {
        let mut again = socket(&server, &ada, office, &[]).await;
        matches!(again.next().await, Next::Frame(frame) if frame["t"] == "welcome").then_some(())
    })
    .await;
}

#[tokio::test]
async fn sockets_count_by_the_address_that_a_trusted_proxy_forwards() {
    let server = generous()
        .variable("PALAVER_LIMITS_CONNECTIONS_PER_NODE", &NODE.to_string())
        .variable("PALAVER_LIMITS_SOCKETS_PER_ADDRESS", "4")
        .variable("PALAVER_LIMITS_CONNECTIONS_PER_ADDRESS", "1")
        .variable("PALAVER_LIMITS_SOCKETS_PER_USER", "100")
        .variable("PALAVER_TRUSTED_PROXIES", "127.0.0.2/32")
        .start()
        .await;
    let ada = Person::register(&server, "ada").await;
    let proxy = client(2);

    let mut held = Vec::new();
    for _ in 0..BUSY {
        held.push(welcomed(&server, &ada, proxy, &forwarded("198.51.100.1")).await);
    }
    is_refused(socket(&server, &ada, proxy, &forwarded("198.51.100.1")).await, "your network").await;
    held.push(welcomed(&server, &ada, proxy, &forwarded("198.51.100.2")).await);
    // One IPv6 client owns a whole /64.
    for host in 1..=4 {
        held.push(welcomed(&server, &ada, proxy, &forwarded(&format!("2001:db8::{host}"))).await);
    }
    is_refused(socket(&server, &ada, proxy, &forwarded("2001:db8::ffff:5")).await, "your network").await;
    // A peer that is no trusted proxy cannot choose the address that counts.
    let liar = client(3);
    held.push(welcomed(&server, &ada, liar, &forwarded("198.51.100.77")).await);
    is_refused(socket(&server, &ada, proxy, &forwarded("198.51.100.1")).await, "your network").await;
}

#[tokio::test]
async fn guests_of_one_address_have_a_smaller_share() {
    let server = generous()
        .variable("PALAVER_LIMITS_CONNECTIONS_PER_NODE", &NODE.to_string())
        .variable("PALAVER_LIMITS_SOCKETS_PER_ADDRESS", "8")
        .variable("PALAVER_LIMITS_GUEST_SOCKETS_PER_ADDRESS", "2")
        .variable("PALAVER_LIMITS_SOCKETS_PER_USER", "100")
        .start()
        .await;
    let (ada, guest) = (Person::register(&server, "ada").await, Person::guest(&server, "visitor").await);
    let mut held = Vec::new();
    for number in 0..BUSY {
        held.push(welcomed(&server, &ada, client(if number % 2 == 0 { 2 } else { 3 }), &[]).await);
    }
    let cafe = client(4);
    held.push(welcomed(&server, &guest, cafe, &[]).await);
    held.push(welcomed(&server, &guest, cafe, &[]).await);
    is_refused(socket(&server, &guest, cafe, &[]).await, "guests").await;
    held.push(welcomed(&server, &ada, cafe, &[]).await);
    held.push(welcomed(&server, &guest, client(5), &[]).await);

    // A guest's place is free again once their socket has ended.
    held.remove(BUSY);
    wait::until("room for the guest again", async || {
        let mut again = socket(&server, &guest, cafe, &[]).await;
        matches!(again.next().await, Next::Frame(frame) if frame["t"] == "welcome").then_some(())
    })
    .await;
}

#[tokio::test]
async fn connections_of_one_address_are_closed_on_a_busy_node_and_those_of_a_proxy_are_not() {
    let server = generous()
        .variable("PALAVER_LIMITS_CONNECTIONS_PER_ADDRESS", "3")
        .variable("PALAVER_TRUSTED_PROXIES", "127.0.0.2/32")
        .open_files(256)
        .start()
        .await;
    assert!(server.log().contains("the limit of open files is too low"), "{}", server.log());
    let (proxy, flood, home) = (client(2), client(3), client(4));
    let mut held = Vec::new();
    for _ in 0..95 {
        held.push(connection(&server, proxy).await.expect("a proxy has no cap"));
    }
    let health = server.http("/health/live");
    assert!(caller(proxy).get(&health).send().await.expect("the proxy's call is answered").status().is_success());

    let mut refused = 0;
    let mut kept = Vec::new();
    for _ in 0..10 {
        let mut stream = connection(&server, flood).await.expect("the system accepts it");
        match timeout(wait::QUIET, stream.read_u8()).await {
            Ok(ended) => refused += usize::from(ended.is_err()),
            Err(_) => kept.push(stream),
        }
    }
    assert_eq!((kept.len(), refused), (3, 7), "three connections are an address's share");
    assert!(caller(flood).get(&health).send().await.is_err(), "no call of this address is answered now");
    assert!(caller(home).get(&health).send().await.expect("another address is served").status().is_success());
}

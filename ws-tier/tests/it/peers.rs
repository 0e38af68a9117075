//! Tests of nodes that know each other: which are alive, and which is a log's home.

use std::time::Duration;

use domain::{Change, Intent, LogId, Seq};
use service::limits::NODE_LIFE;
use service::{Clock, SystemClock};

use crate::harness::{Cluster, PATIENCE, Person, TestNode};

/// Waits until the store lists this many live nodes.
async fn living(cluster: &Cluster, count: usize) {
    let store = cluster.memory.store();
    let living = async {
        while store.nodes.nodes(SystemClock.now(), NODE_LIFE).await.expect("up").len() != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, living).await.expect("the nodes send heartbeats");
}

/// Sends a message, and returns its seq. `seen`: the head that the sender knows; with a low one the search for duplicates
/// reaches far back, which has a limit.
async fn say(node: &TestNode, person: &Person, room: LogId, seen: Seq, text: String) -> Seq {
    let intent =
        Intent::Send { text: text.try_into().expect("valid"), reply_to: None, thread: None, files: Vec::new() };
    let change = Change { by: person.actor, id: service::Ids::system().entry(), seen: Some(seen), epoch: None, intent };
    loop {
        match node.services.logs.submit(room, change.clone()).await {
            Ok(ack) => return ack.seq.expect("a message has a seq"),
            Err(refusal) => assert!(refusal.code.is_transient(), "{refusal:?}"),
        }
    }
}

#[tokio::test]
async fn changes_of_two_nodes_are_forwarded_to_the_rooms_home() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    let (ada, bob) = (one.guest("ada").await, two.guest("bob").await);
    let room = one.room("general", &ada, &[&bob]).await;
    let mut hears = two.live(&bob, &[room]).await;
    one.join().await;
    two.join().await;
    living(&cluster, 2).await;
    cluster.memory.slow_appends(Duration::from_millis(5));
    let log = LogId::Room(room);
    // Until both have seen which nodes are alive, and one of them has lost enough races.
    let enough = || one.services.logs.counts().forwarded + two.services.logs.counts().forwarded > 20;
    let sender = |at: usize| {
        let (node, person) = if at.is_multiple_of(2) { (&one, &ada) } else { (&two, &bob) };
        async move {
            let (mut sent, mut seen) = (0, 1);
            while !enough() {
                seen = say(node, person, log, seen, format!("{at}: {sent}")).await;
                sent += 1;
            }
            sent
        }
    };
    let rush = futures_util::future::join_all((0..8).map(sender));
    let rush = tokio::time::timeout(PATIENCE * 2, rush).await;
    let counts = (one.services.logs.counts(), two.services.logs.counts());
    let sent: Vec<usize> = rush.unwrap_or_else(|_| panic!("one forwards to the other: {counts:?}"));
    let entries = cluster.memory.store().log.read(log, 1, u64::MAX).await.expect("up");
    assert!(entries.iter().enumerate().all(|(at, entry)| entry.seq == at as u64 + 1), "a hole");
    let messages = entries.iter().filter(|entry| entry.message().is_some()).count();
    assert_eq!(messages, sent.iter().sum::<usize>(), "nothing lost, nothing duplicated");
    let (of_one, of_two) = (one.services.logs.counts(), two.services.logs.counts());
    assert!(of_one.forwards == 0 || of_two.forwards == 0, "one home: {of_one:?} {of_two:?}");
    println!("{messages} messages: {of_one:?} {of_two:?}");
    let mut last = 0;
    while last < entries.last().expect("there are some").seq {
        let seq = hears.event(room).await["seq"].as_u64().expect("a seq");
        assert!(last == 0 || seq == last + 1, "{seq} after {last}");
        last = seq;
    }
}

#[tokio::test]
async fn a_draining_node_is_removed_by_the_others_at_once() {
    let cluster = Cluster::new();
    let (one, two) = (cluster.node().await, cluster.node().await);
    one.join().await;
    two.join().await;
    living(&cluster, 2).await;
    two.node.drain(Duration::ZERO).await;
    living(&cluster, 1).await;
    let left = cluster.memory.store().nodes.nodes(SystemClock.now(), NODE_LIFE).await.expect("up");
    assert_eq!(left[0].node, one.node.name());
}

#[tokio::test]
async fn the_private_port_rejects_unsigned_requests() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let cluster = Cluster::new();
    let node = cluster.node().await;
    let ada = node.guest("ada").await;
    let mut socket = node.connect().await;
    socket.say(serde_json::json!({"t": "hello", "v": 1, "token": ada.token})).await;
    let conn = socket.expect("welcome").await["conn"].as_str().expect("an id").to_owned();
    socket.expect("rooms").await;
    let port = node.join().await;
    for (method, path) in [
        ("POST", format!("/@connections/{conn}")),
        ("GET", format!("/@connections/{conn}")),
        ("DELETE", format!("/@connections/{conn}")),
        ("GET", format!("/prod/@connections/{conn}")),
        ("POST", "/forward".to_owned()),
        ("GET", "/".to_owned()),
    ] {
        let mut stream = tokio::net::TcpStream::connect(port).await.expect("it listens");
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("open");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 403"), "{method} {path}: {answer}");
        assert!(answer.contains("x-amzn-errortype: ForbiddenException"), "{answer}");
    }
    assert!(socket.until_pong().await.is_empty(), "the socket is open, and got nothing");
    // The public port does not serve this path.
    let mut stream = tokio::net::TcpStream::connect(node.address).await.expect("it listens");
    let request = format!("GET /@connections/{conn} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

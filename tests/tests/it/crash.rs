//! Tests kill -9 at any moment: acked messages are stored, retried ones are stored once.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::person::Person;
use tests::server::Server;
use tests::socket::{Next, Socket};

use crate::setup::{generous, history, join, number, room, say, texts};

const SENDERS: usize = 4;
const BEFORE_THE_CRASH: usize = 60;

/// A send that the client still has, and the seq in its ack.
struct Sent {
    frame: Value,
    acked: Option<u64>,
}

/// Sends one message after the other until the server has ended; at least `BEFORE_THE_CRASH` are acked when it signals.
async fn send_until_closed(
    mut socket: Socket,
    room: String,
    who: usize,
    crash: tokio::sync::mpsc::Sender<()>,
) -> Vec<Sent> {
    let seen = number(&socket.follow(&room).await["head"]);
    let mut sent: Vec<Sent> = Vec::new();
    loop {
        let id = uuid::Uuid::now_v7().to_string();
        let text = format!("{who}/{}", sent.len());
        let frame = json!({ "t": "send", "id": id, "room": room, "text": text, "seen": seen });
        socket.send(frame.clone()).await;
        sent.push(Sent { frame, acked: None });
        loop {
            match socket.next().await {
                Next::Frame(frame) if frame["t"] == "ack" && frame["id"] == id.as_str() => {
                    sent.last_mut().expect("one was sent").acked = Some(number(&frame["seq"]));
                    break;
                }
                Next::Frame(frame) => assert_ne!(frame["t"], "error", "{frame}"),
                Next::Closed(_) => return sent,
            }
        }
        if sent.len() == BEFORE_THE_CRASH {
            crash.send(()).await.expect("the test waits for it");
        }
    }
}

#[tokio::test]
async fn acked_messages_survive_and_retries_are_stored_once() {
    let mut server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let (crash, mut crashes) = tokio::sync::mpsc::channel(SENDERS);
    let mut people = Vec::new();
    let mut senders = Vec::new();
    for who in 0..SENDERS {
        let person = Person::register(&server, &format!("sender{who}")).await;
        join(&person, &id).await;
        senders.push(tokio::spawn(send_until_closed(person.connect().await, id.clone(), who, crash.clone())));
        people.push(person);
    }
    for _ in 0..SENDERS {
        crashes.recv().await.expect("the senders are at work");
    }
    server.kill();
    server.start_again().await;

    let mut expected = 0;
    let mut acked = BTreeMap::new();
    for (person, sender) in people.iter().zip(senders) {
        let sent = sender.await.expect("the sender saw no error");
        expected += sent.len();
        // All are retried, including the acked ones, like a client that lost the acks.
        let mut socket = person.connect().await;
        for one in &sent {
            socket.send(one.frame.clone()).await;
            let answer = socket.answer_to(one.frame["id"].as_str().expect("it has an id")).await;
            assert_eq!(answer["t"], "ack", "{answer}");
            if let Some(seq) = one.acked {
                assert_eq!((&answer["seq"], &answer["dup"]), (&json!(seq), &json!(true)), "an acked message was lost");
                acked.insert(seq, one.frame["text"].clone());
            }
        }
    }
    let all = whole_history(&ada, &id).await;
    assert_eq!(all.len(), expected, "each message once");
    for (seq, text) in acked {
        assert!(all.iter().any(|message| message["seq"] == seq && message["text"] == text), "{text} at {seq}");
    }
}

async fn whole_history(person: &Person, room: &str) -> Vec<Value> {
    let mut all = history(person, room).await;
    while let Some(first) = all.first().map(|message| number(&message["seq"])) {
        let page = person.get(&format!("/api/rooms/{room}/messages?limit=200&before={first}")).await.ok();
        let older = page["items"].as_array().expect("a page has items").clone();
        if older.is_empty() {
            break;
        }
        all.splice(0..0, older);
    }
    all
}

#[tokio::test]
async fn a_client_resumes_at_its_cursor() {
    let mut server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let cursor = say(&ada, &id, "seen by bob").await;
    say(&ada, &id, "missed by bob").await;
    server.kill();
    server.start_again().await;
    say(&ada, &id, "after the crash").await;

    let mut socket = bob.connect().await;
    // Pages, and no reset: the epoch is the same, because nothing was restored.
    let missed = socket.catch_up(&id, cursor).await;
    let texts: Vec<_> = missed.iter().map(|event| event["text"].clone()).collect();
    assert_eq!(texts, ["missed by bob", "after the crash"]);
}

#[tokio::test]
async fn many_crashes_in_a_row_lose_nothing() {
    let mut server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let mut said = Vec::new();
    for round in 0..5 {
        say(&ada, &id, &format!("round {round}")).await;
        said.push(format!("round {round}"));
        server.kill();
        server.start_again().await;
        assert_eq!(texts(&ada, &id).await, said);
    }
}

//! Tests many clients that write, edit, delete and react while their connections break: all end with the same state.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use client::{Client, Credentials, Message, Pending};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tests::backends::Profile;
use tests::server::Server;

use crate::setup::generous;

/// The amount of work.
#[derive(Clone, Copy)]
struct Scale {
    clients: usize,
    rooms: usize,
    /// Messages of each client.
    messages: usize,
    /// Changes of one client that may wait for their acks.
    on_the_way: usize,
    /// The probability that a client loses its connection after a message.
    cut: f64,
}

impl Scale {
    /// Returns what the profile's servers, including emulators, do in about half a minute.
    fn of_this_run() -> Scale {
        match Profile::of_this_run() {
            Profile::Embedded => Scale { clients: 50, rooms: 5, messages: 200, on_the_way: 20, cut: 0.02 },
            Profile::SelfHosted | Profile::Aws => {
                Scale { clients: 10, rooms: 3, messages: 60, on_the_way: 10, cut: 0.05 }
            }
            // Each frame is a process of the local cloud's.
            Profile::Gateway => Scale { clients: 6, rooms: 2, messages: 20, on_the_way: 5, cut: 0.2 },
        }
    }

    /// Returns roughly how many messages one room receives.
    fn of_a_room(self) -> usize {
        self.clients * self.messages / self.rooms
    }
}

/// The timeout until everything has settled on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// What one client knows about its own changes.
#[derive(Default)]
struct Done {
    /// The seqs of its messages, in the order of sending, by room.
    sent: BTreeMap<String, Vec<u64>>,
    deleted: HashSet<(String, u64)>,
    /// The highest seq in its acks, by room.
    heads: BTreeMap<String, u64>,
    changes: usize,
    cuts: usize,
}

impl Done {
    fn acked(&mut self, room: &str, seq: u64) {
        let head = self.heads.entry(room.to_owned()).or_default();
        *head = seq.max(*head);
    }
}

/// Sends a client's messages, with edits, deletes, reactions and broken connections in between.
async fn live(client: Client, rooms: Vec<String>, who: usize, scale: Scale) -> Done {
    let mut random = StdRng::seed_from_u64(who as u64);
    let mut done = Done::default();
    let mut messages: Vec<(String, Pending)> = Vec::new();
    let mut changes: Vec<(String, Pending)> = Vec::new();
    for n in 0..scale.messages {
        let room = rooms.choose(&mut random).expect("there are rooms");
        messages.push((room.clone(), client.send(room, &format!("{who}/{n}"))));
        if messages.len() >= scale.on_the_way {
            settle(&mut messages, &mut done).await;
        }
        if let Some(change) = change(&client, room, &mut random, &mut done) {
            changes.push((room.clone(), change));
        }
        if random.random_bool(scale.cut) {
            client.cut();
            done.cuts += 1;
        }
    }
    settle(&mut messages, &mut done).await;
    for (room, change) in changes {
        // A reaction may target a message that its author has deleted meanwhile: then it is refused, and nothing else
        // happens.
        if let Ok(acked) = change.await {
            done.changes += 1;
            acked.seq.into_iter().for_each(|seq| done.acked(&room, seq));
        }
    }
    done
}

/// Waits for the acks of these messages.
async fn settle(messages: &mut Vec<(String, Pending)>, done: &mut Done) {
    for (room, pending) in messages.drain(..) {
        let acked = pending.await.expect("a message is taken in");
        let seq = acked.seq.expect("a message has a place");
        done.acked(&room, seq);
        done.sent.entry(room).or_default().push(seq);
    }
}

/// Returns a random change of something that was sent before, or none.
fn change(client: &Client, room: &str, random: &mut StdRng, done: &mut Done) -> Option<Pending> {
    let mine = done.sent.get(room).and_then(|seqs| seqs.choose(random)).copied();
    let mine = mine.filter(|seq| !done.deleted.contains(&(room.to_owned(), *seq)));
    match random.random_range(0..10) {
        0 => mine.map(|seq| client.edit(room, seq, &format!("edited {}", random.random::<u32>()))),
        1 => mine.map(|seq| {
            done.deleted.insert((room.to_owned(), seq));
            client.delete(room, seq)
        }),
        2 => {
            let seen = client.room(room)?.messages;
            let (seq, _) = seen.iter().nth_back(random.random_range(0..20))?;
            Some(client.react(room, *seq, "👍", random.random_bool(0.7)))
        }
        _ => None,
    }
}

/// Connects the clients and lets each join all rooms before the first message.
async fn gather(server: &Server, scale: Scale) -> (Vec<Client>, Vec<String>) {
    let mut clients = Vec::new();
    let mut rooms = Vec::new();
    for who in 0..scale.clients {
        let client = Client::connect(server.client(), Credentials::guest(&format!("c{who}"))).await.expect("signed in");
        for n in 0..scale.rooms {
            let slug = format!("room-{n}");
            if who == 0 {
                rooms.push(client.create_room(&slug, &slug).await.expect("made"));
            } else {
                client.join(&slug).await.expect("joined");
            }
        }
        clients.push(client);
    }
    (clients, rooms)
}

/// Returns the room as a new reader sees it, page by page.
async fn read_all(client: &Client, room: &str) -> BTreeMap<u64, Message> {
    let mut before = None;
    while client.load(room, before).await.expect("a page") {
        before = client.room(room).and_then(|room| room.messages.keys().next().copied());
    }
    client.room(room).expect("in").messages
}

/// Fails with the messages that differ.
fn assert_same(these: &BTreeMap<u64, Message>, those: &BTreeMap<u64, Message>, what: &str) {
    let seqs: BTreeSet<&u64> = these.keys().chain(those.keys()).collect();
    let differ: Vec<_> =
        seqs.into_iter().map(|seq| (these.get(seq), those.get(seq))).filter(|(this, that)| this != that).collect();
    assert!(differ.is_empty(), "{what} differ in {differ:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_in_some_rooms_converge() {
    let scale = Scale::of_this_run();
    let mut server = generous().start().await;
    let (clients, rooms) = gather(&server, scale).await;
    let tasks: Vec<_> = clients
        .iter()
        .enumerate()
        .map(|(who, client)| tokio::spawn(live(client.clone(), rooms.clone(), who, scale)))
        .collect();
    // The server also crashes in the middle of the test.
    let half = async {
        let some = |client: &Client| {
            client.room(&rooms[0]).is_some_and(|room| room.messages.len() > scale.of_a_room() * 2 / 5)
        };
        while !clients.iter().any(some) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, half).await.expect("messages arrive");
    server.kill();
    server.start_again().await;

    let rest = async {
        let mut done = Vec::new();
        for task in tasks {
            done.push(task.await.expect("no client failed"));
        }
        for room in &rooms {
            // Everything is acked by now, which happens before it is delivered.
            let head = done.iter().filter_map(|done: &Done| done.heads.get(room).copied()).max();
            let is_there = |client: &Client| client.room(room).and_then(|room| room.cursor) >= head;
            while !clients.iter().all(is_there) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        for client in &clients {
            client.settled().await.expect("connected");
        }
        done
    };
    let done = tokio::time::timeout(PATIENCE, rest).await.expect("all come to rest");

    let late = Client::connect(server.client(), Credentials::guest("late")).await.expect("signed in");
    let mut total = 0;
    for room in &rooms {
        let first = clients[0].room(room).expect("in");
        total += first.messages.len();
        for (who, client) in clients.iter().enumerate() {
            let other = client.room(room).expect("in");
            assert_eq!(other.cursor, first.cursor, "client {who}");
            assert_same(&other.messages, &first.messages, &format!("client {who} and the first one in {room}"));
        }
        let ids: HashSet<(&str, &str)> =
            first.messages.values().map(|message| (message.by.id.as_str(), message.id.as_str())).collect();
        assert_eq!(ids.len(), first.messages.len(), "a message is stored twice");
        late.join(room).await.expect("joined");
        assert_same(&read_all(&late, room).await, &first.messages, &format!("the stored rows and the fold of {room}"));
        for done in &done {
            let seqs = done.sent.get(room).map_or(&[][..], Vec::as_slice);
            assert!(seqs.is_sorted(), "a client's messages changed places");
            assert!(seqs.iter().all(|seq| first.messages.contains_key(seq)), "an acked message is lost");
        }
        let gone = done.iter().flat_map(|done| &done.deleted).filter(|(at, _)| at == room);
        for (_, seq) in gone {
            assert!(first.messages[seq].deleted, "an acked delete is lost");
        }
    }
    let (cuts, changes) = done.iter().fold((0, 0), |(cuts, changes), done| (cuts + done.cuts, changes + done.changes));
    assert_eq!(total, scale.clients * scale.messages, "lost or duplicated");
    assert!(cuts > scale.clients && changes > scale.clients, "{cuts} cuts, {changes} changes");
    println!("{total} messages, {changes} changes, {cuts} cuts and one crash: {} clients agree", scale.clients);
}

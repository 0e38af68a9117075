//! The actions of users in the golden installation, and the server's answers about it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tests::golden::{Recorded, recorded};
use tests::person::Person;
use tests::server::Server;
use tests::socket::Socket;
use tests::wait;

/// A PNG with one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// Runs the scenario; returns what each user sees in the end.
pub async fn play(server: &Server) -> Value {
    let ada = Person::register(server, "ada").await;
    let (bob, eve) = (Person::register(server, "bob").await, Person::register(server, "eve").await);
    let zoe = Person::guest(server, "zoe").await;
    ada.patch("/api/auth/me", json!({ "display_name": "Ada Lovelace 👩‍💻" })).await.ok();

    let garden = public_room(&ada, "garden").await;
    ada.patch(&format!("/api/rooms/{garden}"), json!({ "description": "Everything that grows" })).await.ok();
    for person in [&bob, &eve, &zoe] {
        person.post(&format!("/api/rooms/{garden}/join"), json!({})).await.ok();
        listed(person, &garden).await;
    }
    conversation(&ada, &bob, &zoe, &garden).await;
    membership(&ada, &bob, &eve, &garden).await;

    let cellar = json!({ "name": "Cellar", "kind": "private", "description": "", "hides_past": true });
    let cellar = id(&ada.post("/api/rooms", cellar).await.ok());
    say(&ada, &cellar, json!({ "text": "before bob came" })).await;
    ada.post(&format!("/api/rooms/{cellar}/invite"), json!({ "user": bob.id })).await.ok();
    notified(&bob, 2).await;
    bob.post(&format!("/api/rooms/{cellar}/join"), json!({})).await.ok();
    listed(&bob, &cellar).await;
    say(&ada, &cellar, json!({ "text": "after @bob came" })).await;
    files(&ada, &cellar).await;

    let direct = id(&bob.post("/api/rooms/direct", json!({ "user": "ada" })).await.ok());
    say(&bob, &direct, json!({ "text": "just between us" })).await;
    let old = public_room(&ada, "old").await;
    ada.post(&format!("/api/rooms/{old}/archive"), json!({})).await.ok();
    ada.post(
        "/api/notifications",
        json!({ "user_id": bob.id, "title": "Hello", "body": "from the house", "notif_type": "news" }),
    )
    .await
    .ok();
    bob.patch(&format!("/api/rooms/{garden}/settings"), json!({ "level": "mentions" })).await.ok();
    bob.put(&format!("/api/rooms/{garden}/read"), json!({ "seq": 9 })).await;
    notifications(&bob).await;
    // An ended session is an entry in the user log.
    Person::nobody(server).with(&login(server, "bob").await).post("/api/auth/logout", json!({})).await;

    let rooms = [("garden", &garden), ("cellar", &cellar), ("direct", &direct), ("old", &old)];
    tokio::time::timeout(wait::PATIENCE, settled(&[&ada, &bob])).await.expect("the feed finishes");
    let mut expected = BTreeMap::new();
    for person in [&ada, &bob, &eve] {
        let mut seen: BTreeMap<String, Recorded> = BTreeMap::new();
        let mut paths = vec![
            "/api/auth/me".to_owned(),
            "/api/rooms?limit=100".to_owned(),
            format!("/api/notifications/{}?limit=50", person.id),
            format!("/api/notifications/{}/unread-count", person.id),
        ];
        for (_, room) in rooms {
            paths.push(format!("/api/rooms/{room}"));
            for list in ["messages?limit=200", "members", "pins"] {
                paths.push(format!("/api/rooms/{room}/{list}"));
            }
            paths.push(format!("/api/files?room_id={room}"));
        }
        for path in paths {
            seen.insert(path.clone(), recorded(person, &path).await);
        }
        expected.insert(person.name.clone(), seen);
    }
    json!(expected)
}

async fn conversation(ada: &Person, bob: &Person, zoe: &Person, garden: &str) {
    let first = say(ada, garden, json!({ "text": "The first message, for @bob and @zoe" })).await;
    let second = say(bob, garden, json!({ "text": "An answer to @ada", "reply_to": first })).await;
    say(zoe, garden, json!({ "text": "In the thread", "thread": first })).await;
    let long = "lang ".repeat(800);
    say(ada, garden, json!({ "text": long.trim_end() })).await;
    say(ada, garden, json!({ "text": "مرحبا 日本語 👩‍👩‍👧‍👦 <b>&amp;</b>\n```rust\nfn main() {}\n```" })).await;
    let edited = say(ada, garden, json!({ "text": "a first draft" })).await;
    let deleted = say(bob, garden, json!({ "text": "a secret for @ada" })).await;

    let (mut of_ada, mut of_bob) = (ada.connect().await, bob.connect().await);
    change(&mut of_ada, json!({ "t": "edit", "room": garden, "target": edited, "text": "the final text" })).await;
    change(&mut of_bob, json!({ "t": "delete", "room": garden, "target": deleted })).await;
    for (emoji, on) in [("👍", true), ("❤️", true), ("❤️", false)] {
        let react = json!({ "t": "react", "room": garden, "target": second, "emoji": emoji, "on": on });
        change(&mut of_ada, react).await;
    }
    change(&mut of_bob, json!({ "t": "react", "room": garden, "target": first, "emoji": "👍", "on": true })).await;
    ada.put(&format!("/api/rooms/{garden}/pins/{first}"), json!({})).await.ok();
}

async fn membership(ada: &Person, bob: &Person, eve: &Person, garden: &str) {
    say(eve, garden, json!({ "text": "something rude" })).await;
    ada.post(&format!("/api/rooms/{garden}/ban"), json!({ "user": eve.id, "why": "rude" })).await.ok();
    ada.put(&format!("/api/rooms/{garden}/members/{}", bob.id), json!({ "role": "moderator" })).await;
    ada.post(&format!("/api/rooms/{garden}/mute"), json!({ "user": bob.id, "seconds": 60 })).await;
}

async fn files(ada: &Person, room: &str) {
    let text = ada.upload(room, "notes “one”.txt", "text/plain", b"a few notes".to_vec()).await.ok();
    let pixel = BASE64_STANDARD.decode(PIXEL).expect("it is base64");
    let picture = ada.upload(room, "pixel.png", "image/png", pixel).await.ok();
    say(ada, room, json!({ "text": "two files", "files": [text["id"], picture["id"]] })).await;
}

/// Waits until a room is in a user's list, which the feed writes.
async fn listed(person: &Person, room: &str) {
    wait::until("the room in the list", async || {
        let page = person.get("/api/rooms?limit=100").await.ok();
        page["items"].as_array()?.iter().any(|line| line["id"] == room && line["state"] == "joined").then_some(())
    })
    .await;
}

/// Waits until a user has this many notifications; returns them.
async fn notified(person: &Person, count: usize) -> Vec<Value> {
    let list = format!("/api/notifications/{}?limit=50", person.id);
    wait::until("the notifications", async || {
        let items = person.get(&list).await.ok()["items"].as_array()?.clone();
        (items.len() >= count).then_some(items)
    })
    .await
}

/// Marks one as read and deletes one; the rest stays.
async fn notifications(bob: &Person) {
    let items = notified(bob, 4).await;
    bob.patch(&format!("/api/notifications/{}/read", key(&items[0])), json!({})).await.ok();
    bob.delete(&format!("/api/notifications/{}", key(&items[1]))).await;
}

/// Waits until the feed has processed everything: two reads in a row are equal.
async fn settled(people: &[&Person]) {
    let mut before = Vec::new();
    loop {
        let mut now = Vec::new();
        for person in people {
            now.push(person.get(&format!("/api/notifications/{}?limit=50", person.id)).await.body);
            now.push(person.get("/api/rooms?limit=100").await.body);
        }
        if now == before {
            return;
        }
        before = now;
        tokio::time::sleep(wait::QUIET).await;
    }
}

async fn login(server: &Server, name: &str) -> Value {
    let body = json!({ "name": name, "password": tests::person::PASSWORD });
    Person::nobody(server).post("/api/auth/login", body).await.ok()
}

async fn public_room(owner: &Person, slug: &str) -> String {
    id(&owner.post("/api/rooms", json!({ "id": slug, "name": slug, "kind": "public", "description": "" })).await.ok())
}

async fn say(person: &Person, room: &str, body: Value) -> u64 {
    let ack = person.post(&format!("/api/rooms/{room}/messages"), body).await.ok();
    ack["seq"].as_u64().expect("an ack has a seq")
}

async fn change(socket: &mut Socket, mut frame: Value) {
    frame["seen"] = json!(1);
    let answer = socket.change(frame).await;
    assert_eq!(answer["t"], "ack", "{answer}");
}

fn id(room: &Value) -> String {
    room["id"].as_str().expect("a room has an id").to_owned()
}

fn key(notification: &Value) -> String {
    notification["key"].as_str().or(notification["id"].as_str()).expect("a notification has a key").to_owned()
}

//! Tests what people write, in all scripts and on purpose: texts stay byte for byte, names of all scripts mean their
//! users, and errors show what was sent.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Person, answer};
use tests::server::Server;
use tests::wait;

use crate::setup::{generous, history, join, messages, number, room, say, text};

/// Returns the Big List of Naughty Strings (`tests/naughty-strings`).
fn naughty_strings() -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/naughty-strings/blns.json");
    serde_json::from_str(&std::fs::read_to_string(file).expect("the list is there")).expect("it is JSON")
}

/// Returns all texts of a room, oldest first.
async fn all_texts(person: &Person, room: &str) -> Vec<String> {
    let mut pages: Vec<Vec<Value>> = Vec::new();
    let mut path = format!("{}?limit=200", messages(room));
    loop {
        let page = person.get(&path).await.ok();
        let items = page["items"].as_array().expect("a page has items").clone();
        let Some(first) = items.first().map(|message| message["seq"].clone()) else { break };
        pages.push(items);
        path = format!("{}?limit=200&before={first}", messages(room));
    }
    pages.iter().rev().flatten().map(|message| text(&message["text"])).collect()
}

#[tokio::test]
async fn naughty_strings_stay_byte_for_byte() {
    let server = generous().start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let room = room(&ada, "garden").await;
    join(&bob, &room).await;
    let mut socket = ada.connect().await;
    let mut seen = number(&socket.follow(&room).await["head"]);
    let mut listener = bob.connect().await;
    listener.follow(&room).await;

    let (blank, written): (Vec<_>, Vec<_>) =
        naughty_strings().into_iter().partition(|naughty| naughty.trim().is_empty());
    assert!(written.len() > 400);
    for (place, naughty) in written.iter().enumerate() {
        if place % 2 == 0 {
            say(&ada, &room, naughty).await;
        } else {
            let frame = json!({ "t": "send", "room": room, "text": naughty, "seen": seen });
            assert_eq!(socket.change(frame).await["t"], "ack", "{naughty:?}");
        }
        let event = listener.find("event", |event| event["kind"] == "message").await;
        assert_eq!(text(&event["text"]).as_bytes(), naughty.as_bytes());
        seen = number(&event["seq"]);
    }
    for naughty in blank {
        ada.post(&messages(&room), json!({ "text": naughty })).await.refused(400, "bad_request");
    }
    assert_eq!(all_texts(&bob, &room).await, written);
}

#[tokio::test]
async fn people_are_mentioned_by_names_of_their_scripts() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    let names = ["कृष्ण", "ป้อม", "தமிழ்", "ស្រី", "မောင်", "نمی\u{200c}دانم", "小明", "bob"];
    let mut people = Vec::new();
    for name in names {
        let person = Person::register(&server, name).await;
        join(&person, &room).await;
        people.push(person);
    }
    let mentioned = async |written: &str| {
        say(&ada, &room, written).await;
        let last = history(&ada, &room).await.pop().expect("it was sent");
        last["mentions"].as_array().expect("a list").iter().map(text).collect::<Vec<String>>()
    };
    for (name, person) in names.iter().zip(&people) {
        assert_eq!(mentioned(&format!("(@{name}), hello")).await, std::slice::from_ref(&person.id), "{name}");
        assert_eq!(mentioned(&format!("`@{name}` https://social.example/@{name}")).await, Vec::<String>::new());
    }
    let (ming, bob) = (people[6].id.clone(), people[7].id.clone());
    for written in ["@bob你好", "交给@bob处理", "@bobさん"] {
        assert_eq!(mentioned(written).await, std::slice::from_ref(&bob), "{written}");
    }
    assert_eq!(mentioned("请@小明看一下，@bob").await, [ming, bob]);
}

#[tokio::test]
async fn a_mention_that_an_edit_adds_notifies() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let room = room(&ada, "garden").await;
    join(&bob, &room).await;
    let seq = say(&ada, &room, "look here").await;
    ada.patch(&format!("{}/{seq}", messages(&room)), json!({ "text": "look here, @bob" })).await.ok();
    let list = format!("/api/notifications/{}?limit=50", bob.id);
    let one = wait::until("the notification", async || bob.get(&list).await.ok()["items"].get(0).cloned()).await;
    assert_eq!((&one["kind"], &one["seq"], &one["body"]), (&json!("mention"), &json!(seq), &json!("look here, @bob")));
}

#[tokio::test]
async fn errors_show_what_was_sent_without_escapes() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let nobody = Person::nobody(&server);
    let register = |name: &str| nobody.post("/api/auth/register", json!({ "name": name, "password": "long enough" }));
    let answers = [
        register("a\u{94d}b").await,
        register("क\u{200d}ब").await,
        register("a\u{202e}b").await,
        ada.post("/api/rooms", json!({ "name": ["कृष्ण\u{301}"] })).await,
        ada.post("/api/rooms", json!({ "kind": "कृ\u{94d}" })).await,
        ada.post("/api/rooms/garden/messages", json!({ "reply_to": "कृ\u{94d}" })).await,
        answer(ada.request(Method::GET, "/api/rooms?limit=%E0%A5%8D")).await,
    ];
    for answer in answers {
        answer.refused(400, "bad_request");
        assert!(!answer.text().contains("\\\\u{"), "{}", answer.text());
        assert!(answer.text().chars().count() < 1_000);
    }
}

#[tokio::test]
async fn names_of_any_length_are_answered_at_once() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let long = "\u{fdfa}".repeat(20_000);
    let started = std::time::Instant::now();
    for _ in 0..20 {
        ada.post("/api/rooms/direct", json!({ "user": long })).await.refused(404, "not_found");
        ada.post("/api/auth/login", json!({ "name": long, "password": "long enough" }))
            .await
            .refused(401, "unauthenticated");
        ada.post("/api/rooms", json!({ "kind": "public", "name": long, "description": "" }))
            .await
            .refused(400, "bad_request");
        ada.patch("/api/auth/me", json!({ "display_name": long })).await.refused(400, "bad_request");
    }
    // Folding one of these names takes hundreds of milliseconds in a debug build.
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

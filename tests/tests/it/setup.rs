//! The setup that most tests start with: users and a room. Checks of an answer only what the next step needs.

use serde_json::{Value, json};
use tests::person::Person;
use tests::server::Settings;
use tests::wait;

/// Returns settings with these limits, each named as in the environment after `PALAVER_LIMITS_`. They are environment
/// variables because a function behind the same sockets gets those too.
pub fn with_limits(limits: &[(&str, u64)]) -> Settings {
    limits.iter().fold(Settings::default(), |settings, (name, value)| {
        settings.variable(&format!("PALAVER_LIMITS_{name}"), &value.to_string())
    })
}

/// Returns settings with limits that a test of something else does not reach.
pub fn generous() -> Settings {
    let limited = [
        "SENDS_PER_10S",
        "SCANS_PER_10S",
        "FRAMES_PER_60S",
        "JOINS_PER_MINUTE",
        "REQUESTS_PER_MINUTE",
        "SIGN_INS_PER_MINUTE",
    ];
    with_limits(&limited.map(|name| (name, 100_000)))
}

/// Creates a public room; returns its id.
pub async fn room(owner: &Person, slug: &str) -> String {
    room_of_kind(owner, "public", json!({ "id": slug, "name": slug })).await
}

/// Creates a room that only invited users see; returns its id.
pub async fn private_room(owner: &Person, name: &str) -> String {
    room_of_kind(owner, "private", json!({ "name": name })).await
}

async fn room_of_kind(owner: &Person, kind: &str, mut body: Value) -> String {
    body["kind"] = json!(kind);
    body["description"] = json!("");
    let room = owner.post("/api/rooms", body).await.ok();
    let id = text(&room["id"]);
    listed(owner, &id).await;
    id
}

/// Waits until a room is in a user's list. The feed writes the list after the room's own log, which takes a moment on a
/// store that reports changes by a stream; the lists decide who may watch whom.
pub async fn listed(person: &Person, room: &str) {
    wait::until("the room in the list", async || {
        let page = person.get("/api/rooms?limit=100").await.ok();
        page["items"].as_array()?.iter().any(|line| line["id"] == room && line["state"] == "joined").then_some(())
    })
    .await;
}

/// Joins a public room, or accepts an invitation.
pub async fn join(person: &Person, room: &str) {
    person.post(&format!("/api/rooms/{room}/join"), json!({})).await.ok();
    let view = person.get(&format!("/api/rooms/{room}")).await.ok();
    listed(person, view["id"].as_str().expect("a room has an id")).await;
}

/// Invites a user, who then accepts.
pub async fn bring_in(owner: &Person, room: &str, guest: &Person) {
    owner.post(&format!("/api/rooms/{room}/invite"), json!({ "user": guest.id })).await.ok();
    join(guest, room).await;
}

/// Sends a message over REST; returns its seq.
pub async fn say(person: &Person, room: &str, message: &str) -> u64 {
    let answer = person.post(&messages(room), json!({ "text": message })).await.ok();
    number(&answer["seq"])
}

/// Returns the path of a room's messages.
pub fn messages(room: &str) -> String {
    format!("/api/rooms/{room}/messages")
}

/// Returns a room's newest messages, oldest first.
pub async fn history(person: &Person, room: &str) -> Vec<Value> {
    let page = person.get(&format!("{}?limit=200", messages(room))).await.ok();
    page["items"].as_array().expect("a page has items").clone()
}

/// Returns the texts of a page, oldest first.
pub async fn texts(person: &Person, room: &str) -> Vec<String> {
    history(person, room).await.iter().map(|message| text(&message["text"])).collect()
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}

#[track_caller]
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a number"))
}

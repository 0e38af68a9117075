//! Tests that data stored by earlier releases opens in this one. `tests/fixtures/README.md` explains how the data was
//! created.

mod damage;
mod store;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::golden::{Recorded, difference, recorded};
use tests::person::{PASSWORD, Person};
use tests::server::Server;

use crate::setup::{generous, text};
use store::Store;

/// The head of the room that eve was banned from, and the entry that did it. The first release told a removed member the
/// head; since then their pages end where their time ended.
const HEAD: u64 = 23;
const BANNED_AT: u64 = 22;

/// The server's answers about the data when it was created: by user, by path.
type Expected = BTreeMap<String, BTreeMap<String, Recorded>>;

#[tokio::test]
async fn people_rooms_history_files_and_unread_of_every_release_open_on_sqlite() {
    opens(Store::Sqlite).await;
}

#[tokio::test]
async fn people_rooms_history_files_and_unread_of_every_release_open_on_postgresql() {
    opens(Store::Postgres).await;
}

#[tokio::test]
async fn people_rooms_history_files_and_unread_of_every_release_open_on_dynamodb() {
    opens(Store::DynamoDb).await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_unreadable_alone_on_sqlite() {
    is_unreadable_alone(Store::Sqlite).await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_unreadable_alone_on_postgresql() {
    is_unreadable_alone(Store::Postgres).await;
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_unreadable_alone_on_dynamodb() {
    is_unreadable_alone(Store::DynamoDb).await;
}

async fn opens(store: Store) {
    for release in releases() {
        let folder = release.join(store.name());
        let opened = store.load(&folder).await;
        let server = opened.start(generous()).await;
        answers_are_the_same(&server, &folder, |_| {}).await;
        // Rooms that can be read can also be written.
        let ada = sign_in(&server, "ada").await;
        ada.post("/api/rooms/garden/messages", json!({ "text": "written by a later release" })).await.ok();
    }
}

/// Checks that a server gives the answers about golden data that were recorded when it was created. `forget` removes what
/// may differ.
pub async fn answers_are_the_same(server: &Server, folder: &Path, forget: impl Fn(&mut Value)) {
    for (name, answers) in expected(folder) {
        let person = sign_in(server, &name).await;
        for (path, mut before) in answers {
            if name == "eve" && before.body["as_of"] == HEAD {
                before.body["as_of"] = json!(BANNED_AT);
            }
            forget(&mut before.body);
            let now = recorded(&person, &path).await;
            let differs = difference(&json!(before), &json!(now));
            assert_eq!(differs, None, "{} {name} {path}", folder.display());
        }
    }
}

/// Applies every kind of damage to one installation, and checks that everything else is unchanged.
async fn is_unreadable_alone(store: Store) {
    let release = releases().pop().expect("there is a release");
    let folder = release.join(store.name());
    let opened = store.load(&folder).await;
    let expected = expected(&folder);
    let room = room_named(&expected, "garden");
    let damaged = damage::of_messages(&expected, &room);
    for (seq, damage) in &damaged {
        opened.damage_entry(&format!("r:{room}"), *seq, damage).await;
    }
    let eve = text(&expected["eve"]["/api/auth/me"].body["id"]);
    opened.rename_user(&eve, damage::RESERVED_NAME).await;
    opened.spoil_member(&room, &eve).await;

    let server = opened.start(generous().variable("PALAVER_LOG_FORMAT", "text")).await;
    let ada = sign_in(&server, "ada").await;
    // A user with a name that could not be chosen today can still sign in, and is still shown with their messages.
    let me = sign_in(&server, damage::RESERVED_NAME).await;
    assert_eq!(me.name, damage::RESERVED_NAME);

    let path = format!("/api/rooms/{room}/messages?limit=200");
    let (before, now) = (&expected["ada"][&path].body["items"], ada.get(&path).await.ok());
    let now = now["items"].as_array().expect("a page has items");
    let damage_at = |seq: u64| damaged.iter().find(|(damaged, _)| *damaged == seq);
    let seq_of = |event: &Value| event["seq"].as_u64().expect("an event has a seq");
    let is_shown = |event: &&Value| {
        store.has_kinds() || damage_at(seq_of(event)).is_none_or(|(_, damage)| damage.is_shown_without_a_column())
    };
    let before: Vec<&Value> = before.as_array().expect("a page has items").iter().filter(is_shown).collect();
    assert_eq!(before.len(), now.len(), "none is missing");
    for (before, now) in before.into_iter().zip(now) {
        let seq = seq_of(before);
        match damage_at(seq) {
            Some((_, damage)) => damage.check(now),
            None if before["by"]["id"] == eve.as_str() => {
                assert_eq!((&now["text"], &now["by"]["name"]), (&before["text"], &json!(damage::RESERVED_NAME)));
            }
            None => assert_eq!(difference(before, now), None, "seq {seq}"),
        }
    }

    // The author of a message that is longer than today's limit can still delete it.
    let long = damaged.iter().find(|(_, damage)| matches!(damage, damage::Damage::TooLong)).expect("one is").0;
    ada.delete(&format!("/api/rooms/{room}/messages/{long}?seen=1")).await.ok();
    let deleted = ada.get(&format!("/api/rooms/{room}/messages/{long}")).await.ok();
    assert_eq!((&deleted["deleted"], &deleted["text"]), (&json!(true), &json!("")));

    // Members are listed without the one row that cannot be read, and the room still works.
    let members = ada.get(&format!("/api/rooms/{room}/members")).await.ok();
    let ids: Vec<&Value> = members["items"].as_array().expect("a page").iter().map(|row| &row["user"]["id"]).collect();
    assert!(ids.len() >= 3 && !ids.contains(&&json!(eve)), "{ids:?}");
    ada.post(&format!("/api/rooms/{room}/messages"), json!({ "text": "and it goes on" })).await.ok();
    let log = server.log();
    for said in ["a stored record cannot be decoded", &format!("r:{room}"), "member"] {
        assert!(log.contains(said), "the log does not say {said:?}:\n{log}");
    }
    assert!(!log.contains(damage::SECRET), "the log quotes what a user wrote");
}

/// Returns the folders of all releases.
pub fn releases() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let entries = std::fs::read_dir(&fixtures).expect("there are fixtures");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut releases: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    releases.sort();
    assert!(!releases.is_empty(), "{} holds no release", fixtures.display());
    releases
}

fn expected(folder: &Path) -> Expected {
    let file = std::fs::read_to_string(folder.join("expected.json")).expect("it says what is expected");
    serde_json::from_str(&file).expect("it is JSON")
}

fn room_named(expected: &Expected, name: &str) -> String {
    let rooms = expected["ada"]["/api/rooms?limit=100"].body["items"].as_array().expect("a page").clone();
    let room = rooms.iter().find(|room| room["slug"] == name).expect("it is listed");
    text(&room["id"])
}

async fn sign_in(server: &Server, name: &str) -> Person {
    let nobody = Person::nobody(server);
    let answer = nobody.post("/api/auth/login", json!({ "name": name, "password": PASSWORD })).await.ok();
    nobody.with(&answer)
}

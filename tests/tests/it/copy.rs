//! Tests that an installation moves to another store, and that nothing of it is lost on the way.

pub mod place;

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tests::person::{PASSWORD, Person};
use tests::server::Server;
use tests::socket::Socket;
use tests::wait;

use crate::setup::{bring_in, join, listed, messages, number, private_room, room, say, text};
use place::{Place, checksum, copied, copy, failed_with, report};

/// Messages of the test that moves a large room. `PALAVER_COPY_MESSAGES` overrides it, to measure.
const MESSAGES: usize = 5_000;
/// Files that they contain.
const FILES: usize = 40;

/// What was there, and how to find it again.
struct Scene {
    ada: Person,
    bob: Person,
    room: String,
    secret: String,
    /// A cursor of a client, and the epoch that it belongs to.
    cursor: u64,
    epoch: String,
    /// The root of a thread.
    root: u64,
    /// A file that is sent, a picture that is sent, and a file that is not.
    files: Vec<String>,
    /// Answers of the source, by caller and path.
    answers: BTreeMap<(String, String), Value>,
}

/// Fills a server with everything that a store has records of.
async fn fill(server: &Server, messages_to_send: usize) -> Scene {
    let (ada, bob) = (Person::register(server, "ada").await, Person::register(server, "bob").await);
    let eve = Person::register(server, "eve").await;
    let guest = Person::guest(server, "visitor").await;
    ada.patch(
        "/api/auth/me",
        json!({ "display_name": "Ada \u{1f9a6} Lovelace", "email": "ada@example.org", "old_password": PASSWORD }),
    )
    .await
    .ok();
    let garden = room(&ada, "garden").await;
    for person in [&bob, &eve, &guest] {
        join(person, &garden).await;
    }
    let secret = private_room(&ada, "Secret").await;
    bring_in(&ada, &secret, &bob).await;

    // Messages with everything that changes them later.
    let root = say(&ada, &garden, "look here, @bob").await;
    let path = |seq: u64, rest: &str| format!("{}/{seq}{rest}", messages(&garden));
    bob.post(&messages(&garden), json!({ "text": "in a thread", "thread": root, "reply_to": root })).await.ok();
    bob.post(&path(root, "/reactions"), json!({ "emoji": "#️⃣", "on": true, "seen": root })).await.ok();
    let deleted = say(&ada, &garden, "soon gone, @bob").await;
    ada.delete(&format!("{}?seen={deleted}", path(deleted, ""))).await.ok();
    let edited = say(&ada, &garden, "teh garden").await;
    ada.patch(&path(edited, ""), json!({ "text": "the garden \u{0}", "seen": edited })).await;
    ada.put(&format!("/api/rooms/{garden}/pins/{root}?seen={edited}"), json!({})).await.ok();
    say(&ada, &secret, "@bob, for your eyes only").await;
    let direct = text(&ada.post("/api/rooms/direct", json!({ "user": "bob" })).await.ok()["id"]);
    say(&ada, &direct, "between us").await;

    // Files, of which some belong to messages.
    let mut files = Vec::new();
    for (name, bytes) in [("plan.txt", b"the plan".to_vec()), ("tea.png", picture()), ("unsent.txt", b"later".to_vec())]
    {
        let file = ada.upload(&garden, name, "application/octet-stream", bytes).await.ok();
        files.push(text(&file["id"]));
    }
    ada.post(&messages(&garden), json!({ "text": "two files", "files": files[..2] })).await.ok();
    for number in 0..FILES {
        let bytes = format!("file {number} ").repeat(1 + number * 100).into_bytes();
        let file = bob.upload(&garden, &format!("{number}.txt"), "text/plain", bytes).await.ok();
        bob.post(&messages(&garden), json!({ "text": "", "files": [file["id"]] })).await.ok();
    }

    let texts = (0..messages_to_send).map(|number| format!("message {number} \u{1f33f}"));
    let sends = stream::iter(texts).map(|text| {
        let (person, path) = (if text.len() % 2 == 0 { &ada } else { &bob }, messages(&garden));
        async move { drop(person.post(&path, json!({ "text": text })).await.ok()) }
    });
    sends.buffer_unordered(64).collect::<Vec<()>>().await;

    // Members who are no longer there, marks, settings, notifications in each state, a session that ended.
    eve.post(&format!("/api/rooms/{garden}/leave"), json!({})).await.ok();
    ada.post(&format!("/api/rooms/{garden}/ban"), json!({ "user": guest.id })).await.ok();
    ada.patch(&format!("/api/rooms/{garden}/settings"), json!({ "level": "mentions" })).await;
    let cursor = say(&ada, &garden, "the last one").await;
    bob.put(&format!("/api/rooms/{garden}/read"), json!({ "seq": edited })).await;
    let list = format!("/api/notifications/{}?limit=50", bob.id);
    let notified = wait::until("all notifications", async || {
        let page = bob.get(&list).await.ok();
        let items = page["items"].as_array().cloned().unwrap_or_default();
        (items.len() >= 4).then_some(items)
    })
    .await;
    let key = |index: usize| text(&notified[index]["key"]);
    bob.post(&format!("/api/notifications/{}/read", key(0)), json!({})).await;
    bob.delete(&format!("/api/notifications/{}", key(1))).await;
    let other =
        Person::nobody(server).post("/api/auth/login", json!({ "name": "bob", "password": PASSWORD })).await.ok();
    Person::nobody(server).with(&other).post("/api/auth/logout", json!({})).await;

    // A request, a block, and an account that was deleted, which is in the audit log.
    let carl = Person::register(server, "carl").await;
    let request = text(&carl.post("/api/rooms/direct", json!({ "user": "bob" })).await.ok()["id"]);
    listed(&bob, &request).await;
    bob.put(&format!("/api/rooms/blocks/{}", guest.id), json!({})).await;
    let dan = Person::register(server, "dan").await;
    let deleted = ada.delete(&format!("/api/admin/users/{}", dan.id)).await;
    assert!(deleted.status.is_success(), "{}", deleted.text());

    let epoch = text(&bob.connect().await.follow(&garden).await["epoch"]);
    let mut scene = Scene { ada, bob, room: garden, secret, cursor, epoch, root, files, answers: BTreeMap::new() };
    scene.answers = scene.answers_of(server).await;
    scene
}

fn picture() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(900, 600, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("it can be encoded");
    bytes.into_inner()
}

impl Scene {
    /// Returns what both people see on a server, by caller and path.
    async fn answers_of(&self, server: &Server) -> BTreeMap<(String, String), Value> {
        let mut answers = BTreeMap::new();
        for person in [self.ada.at(server), self.bob.at(server)] {
            let mut paths = vec![
                "/api/auth/me".to_owned(),
                "/api/rooms?limit=100".to_owned(),
                "/api/rooms/directory?limit=50".to_owned(),
                "/api/rooms/blocks".to_owned(),
                format!("/api/notifications/{}?limit=50", person.id),
                format!("/api/notifications/{}/unread-count", person.id),
                format!("/api/rooms/{}/threads/{}", self.room, self.root),
                format!("/api/rooms/{}/messages?limit=60&after=0", self.room),
            ];
            if person.id == self.ada.id {
                paths.push("/api/admin/audit".to_owned());
            }
            for room in [&self.room, &self.secret] {
                for rest in ["", "/members", "/pins", "/read", "/messages?limit=200"] {
                    paths.push(format!("/api/rooms/{room}{rest}"));
                }
                paths.push(format!("/api/files?room_id={room}&limit=100"));
            }
            for path in paths {
                let mut answer = person.get(&path).await.ok();
                forget_epochs(&mut answer);
                answers.insert((person.name.clone(), path), answer);
            }
        }
        answers
    }

    /// Checks that people, history, files and unread counts are what they were, and that the installation works on.
    async fn is_served_by(&self, server: &Server) {
        let now = self.answers_of(server).await;
        for (place, before) in &self.answers {
            assert_eq!(&now[place], before, "{place:?}");
        }
        let bob = self.bob.at(server);
        for (file, kind) in self.files.iter().zip(["download", "thumbnail", "download"]) {
            let answer = self.ada.at(server).get(&format!("/api/files/{file}/{kind}")).await;
            assert!(answer.status.is_success() && !answer.bytes.is_empty(), "{kind} {}", answer.status);
        }
        let plan = self.ada.at(server).get(&format!("/api/files/{}/download", self.files[0])).await;
        assert_eq!(plan.text(), "the plan");

        // A client's cursor belongs to another epoch, so it begins anew.
        let token = bob.token.clone().expect("he is signed in");
        let hello = json!({ "t": "hello", "v": 1, "token": token, "epoch": self.epoch, "caps": [], "batch": false });
        let mut socket = Socket::silent(&server.websocket()).await;
        socket.send(hello).await;
        assert_ne!(socket.frame("welcome").await["epoch"], self.epoch.as_str());
        let cursors = json!({ self.room.as_str(): self.cursor });
        socket.send(json!({ "t": "resume", "id": "r1", "cursors": cursors })).await;
        assert_eq!(socket.find("sync", |sync| sync["re"] == "r1").await["status"], "reset");

        // People stay signed in, and can sign in.
        let refresh = json!({ "refresh_token": bob.refresh });
        let refreshed = Person::nobody(server).post("/api/auth/refresh", refresh).await.ok();
        assert_eq!(refreshed["user"]["id"], bob.id.as_str());
        Person::nobody(server).post("/api/auth/login", json!({ "name": "ADA", "password": PASSWORD })).await.ok();
        for taken in ["\u{0430}da", "dan"] {
            let taken = json!({ "name": taken, "password": PASSWORD });
            assert!(Person::nobody(server).post("/api/auth/register", taken).await.status.is_client_error());
        }

        // The feed goes on where it was: a new mention is announced, and no old one again.
        let count = format!("/api/notifications/{}?limit=50", bob.id);
        let listed = async || bob.get(&count).await.ok()["items"].as_array().expect("a page").len();
        let before = listed().await;
        let mention = say(&self.ada.at(server), &self.room, "welcome, @bob").await;
        wait::until("the notification", async || (listed().await > before).then_some(())).await;
        let page = bob.get(&count).await.ok();
        assert_eq!(page["items"][0]["seq"], mention);
        assert_eq!(listed().await, before + 1, "an old notification came again");
    }
}

/// Removes what differs between two stores: the epoch.
fn forget_epochs(answer: &mut Value) {
    match answer {
        Value::Object(fields) => {
            fields.remove("epoch");
            fields.values_mut().for_each(forget_epochs);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_epochs),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_moves_from_sqlite_to_postgresql_to_dynamodb_and_back() {
    let given = std::env::var("PALAVER_COPY_MESSAGES").ok();
    let count = given.and_then(|count| count.parse().ok()).unwrap_or(MESSAGES);
    let source = Place::sqlite();
    let mut server = source.start().await;
    let scene = fill(&server, count).await;
    failed_with(&copy(&source, &Place::postgres().await, &[]).await, "in use");
    server.ask_to_end();
    assert!(server.ended().await.success());

    let places = [source, Place::postgres().await, Place::dynamodb().await, Place::sqlite()];
    let mut hashes = vec![checksum(&places[0]).await];
    for pair in places.windows(2) {
        let started = std::time::Instant::now();
        let output = copy(&pair[0], &pair[1], &["--json"]).await;
        let (seconds, entries) = (started.elapsed().as_secs_f64(), report(&output)["entries"].as_f64());
        let (kinds, rate) = ([pair[0].kind(), pair[1].kind()].join(" to "), entries.unwrap_or_default() / seconds);
        println!("{kinds}: {} entries in {seconds:.1} s, {rate:.0} per second", entries.unwrap_or_default());
        hashes.push(copied(&output));
    }
    hashes.push(checksum(&places[3]).await);
    for (before, after) in hashes.iter().zip(&hashes[1..]) {
        assert_eq!(before, after);
    }
    let whole = &hashes[0];
    assert!(number(&whole["entries"]) > count as u64 && number(&whole["files"]["count"]) > FILES as u64, "{whole}");
    for kind in [
        "user",
        "session",
        "room",
        "member",
        "user_room",
        "block",
        "held_name",
        "audit",
        "pin",
        "thread",
        "file",
        "usage",
        "notification",
    ] {
        assert!(whole["records"][kind]["count"].as_u64() > Some(0), "{kind} is missing: {whole}");
    }
    assert!(whole["records"]["cursor"]["count"].as_u64() > Some(0) && whole["records"]["dropped"].is_object());

    for place in &places[1..] {
        let server = place.start().await;
        scene.is_served_by(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_with_data_and_a_source_in_use_are_refused() {
    let (source, target) = (Place::sqlite(), Place::postgres().await);
    for place in [&source, &target] {
        let mut server = place.start().await;
        Person::register(&server, "ada").await;
        if place.url() == target.url() {
            // A node that has a heartbeat, instead of a lock.
            wait::until("the heartbeat", async || {
                let refused = copy(&target, &Place::sqlite(), &[]).await;
                String::from_utf8_lossy(&refused.stderr).contains("nodes are still running").then_some(())
            })
            .await;
        }
        server.ask_to_end();
        assert!(server.ended().await.success());
    }
    failed_with(&copy(&source, &target, &[]).await, "holds data already");
    failed_with(&copy(&target, &source, &[]).await, "holds data already");
    failed_with(&copy(&source, &source, &[]).await, "the same store");
    // Nothing was marked or changed: both still start.
    for place in [&source, &target] {
        let server = place.start().await;
        Person::nobody(&server).post("/api/auth/login", json!({ "name": "ada", "password": PASSWORD })).await.ok();
    }
    let nothing = Place::sqlite();
    failed_with(&copy(&nothing, &Place::sqlite(), &[]).await, "no database");
    assert!(!nothing.has_data(), "a command that was refused created something");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_copy_is_recognised_and_begins_anew() {
    let source = Place::sqlite();
    let mut server = source.start().await;
    let ada = Person::register(&server, "ada").await;
    let garden = room(&ada, "garden").await;
    say(&ada, &garden, "kept").await;
    server.ask_to_end();
    assert!(server.ended().await.success());
    let sql = |statement: &str| {
        let database = rusqlite::Connection::open(source.data().join("palaver.db")).expect("it opens");
        database.execute(statement, []).expect("it is valid")
    };
    // A copy that cannot read a record ends in the middle.
    sql("UPDATE usr SET role = 'emperor' || role");

    for target in [Place::sqlite(), Place::postgres().await, Place::dynamodb().await] {
        let refused = copy(&source, &target, &[]).await;
        failed_with(&refused, "--skip-unreadable");
        failed_with(&refused, "usr");
        let started = target.refuses_to_start().await;
        assert!(started.contains("was not finished"), "{started}");
        failed_with(&copy(&target, &Place::sqlite(), &[]).await, "was not finished");

        // Now it can be read: the copy begins anew, and what the first one left does not matter.
        sql("UPDATE usr SET role = replace(role, 'emperor', '')");
        let output = copy(&source, &target, &["--json"]).await;
        assert!(String::from_utf8_lossy(&output.stderr).contains("it is emptied first"));
        assert_eq!(copied(&output), checksum(&source).await);
        let server = target.start().await;
        let me = Person::nobody(&server).post("/api/auth/login", json!({ "name": "ada", "password": PASSWORD })).await;
        assert_eq!(me.ok()["user"]["id"], ada.id.as_str());
        sql("UPDATE usr SET role = 'emperor' || role");
    }

    // The rest can be had without it.
    let target = Place::sqlite();
    let whole = copied(&copy(&source, &target, &["--json", "--skip-unreadable"]).await);
    assert!(whole["records"]["user"].is_null() && whole["unreadable"].as_array().is_some_and(|one| one.len() == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_restored_elsewhere_has_the_same_hashes() {
    let source = Place::sqlite();
    let mut server = source.start().await;
    let ada = Person::register(&server, "ada").await;
    let garden = room(&ada, "garden").await;
    let file = ada.upload(&garden, "tea.png", "image/png", picture()).await.ok();
    ada.post(&messages(&garden), json!({ "text": "a picture", "files": [file["id"]] })).await.ok();
    server.ask_to_end();
    assert!(server.ended().await.success());

    let elsewhere = tempfile::tempdir().expect("a temporary folder can be made");
    let backup = elsewhere.path().join("today");
    let folder = backup.to_str().expect("UTF-8");
    let target = Place::sqlite();
    assert!(source.palaver(&["backup", folder]).await.status.success());
    assert!(target.palaver(&["restore", folder]).await.status.success());
    let before = checksum(&source).await;
    assert_eq!(before, checksum(&target).await);
    assert!(number(&before["files"]["count"]) >= 2 && number(&before["entries"]) > 2, "{before}");

    // A file that has lost its bytes is named.
    let id = text(&file["id"]);
    let removed = std::fs::read_dir(target.data().join("files")).expect("a folder").flatten().flat_map(|folder| {
        std::fs::read_dir(folder.path()).into_iter().flatten().flatten().map(|blob| blob.path()).collect::<Vec<_>>()
    });
    for blob in removed.filter(|blob| blob.display().to_string().contains(&id)) {
        std::fs::remove_file(blob).expect("it can be removed");
    }
    let without = checksum(&target).await;
    assert_eq!((&without["files_without_bytes"], &before["files_without_bytes"]), (&json!([id]), &json!([])));
    assert_ne!(before["files"], without["files"]);

    // One letter of a message, and the hash is another one.
    let database = rusqlite::Connection::open(target.data().join("palaver.db")).expect("it opens");
    let changed = "UPDATE entry SET body = replace(body, 'a picture', 'a pictur3') WHERE kind = 'message'";
    assert_eq!(database.execute(changed, []).expect("it is valid"), 1);
    assert_ne!(before["logs"], checksum(&target).await["logs"]);
}

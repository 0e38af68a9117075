//! Runs the programs of `examples/`, each in this process against its own server, and checks that they do what their
//! first line says.

use std::future::Future;
use std::net::SocketAddr;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_apigatewaymanagement::config::Credentials;
use client::{Client, Error};
use examples::{bridge, echo_bot, embed_router, moderation_bot, post_to_connection, read_log};
use serde_json::{Value, json};
use tests::person::{PASSWORD, Person};
use tests::server::Server;
use tests::wait;
use tokio::task::JoinHandle;

use crate::connections;
use crate::setup::{generous, join, room};

/// A program that runs until the test ends.
struct Program(JoinHandle<()>);

impl Program {
    fn start(program: impl Future<Output = Result<(), Error>> + Send + 'static) -> Program {
        Program(tokio::spawn(async { program.await.expect("the example goes on") }))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Returns the texts of a room's messages, oldest first.
async fn texts(reader: &Person, room: &str) -> Vec<String> {
    let page = reader.get(&format!("/api/rooms/{room}/messages")).await.ok();
    let items = page["items"].as_array().expect("a page has items");
    items.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Waits until the last message of a room has this text.
async fn ends_with(reader: &Person, room: &str, text: &str) {
    wait::until(&format!("{text:?} at the end"), async || {
        texts(reader, room).await.last().is_some_and(|last| last == text).then_some(())
    })
    .await;
}

async fn say(person: &Person, room: &str, text: &str) -> u64 {
    let acked = person.post(&format!("/api/rooms/{room}/messages"), json!({ "text": text })).await.ok();
    acked["seq"].as_u64().expect("an ack names the place")
}

#[tokio::test]
async fn the_bot_of_the_readme_runs_as_it_is_written() {
    let (readme, bot) = (include_str!("../../../README.md"), include_str!("../../../examples/echo_bot.rs"));
    assert!(
        readme.contains(&format!("```rust\n{bot}```")),
        "the README shows another program than examples/echo_bot.rs"
    );

    // On a server that nobody has prepared, which is the first thing that a reader of the README has.
    let server = Server::start().await;
    let url = server.http("");
    let _bot = Program::start(async move { echo_bot::run(&url, echo_bot::ROOM).await });
    let guest = Person::guest(&server, "reader").await;
    join(&guest, "general").await;
    ends_with(&guest, "general", "I repeat what you say.").await;
    say(&guest, "general", "does it work?").await;
    wait::until("the answer", async || {
        (texts(&guest, "general").await.iter().filter(|text| *text == "does it work?").count() == 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_echo_bot_repeats_what_others_say_and_not_itself() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "echoes").await;
    let url = server.http("");
    let _bot = Program::start(async move { echo_bot::run(&url, "echoes").await });
    ends_with(&ada, &id, "I repeat what you say.").await;

    for text in ["hello", "again"] {
        let seq = say(&ada, &id, text).await;
        wait::until("the answer", async || {
            let page = ada.get(&format!("/api/rooms/{id}/messages")).await.ok();
            page["items"].as_array()?.iter().any(|message| message["reply_to"] == seq).then_some(())
        })
        .await;
    }
    assert_eq!(texts(&ada, &id).await, ["I repeat what you say.", "hello", "hello", "again", "again"]);
}

#[tokio::test]
async fn the_moderation_bot_deletes_forbidden_words_also_in_edits() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "market").await;
    let guard = Person::register(&server, "guard").await;
    join(&guard, &id).await;
    ada.patch(&format!("/api/rooms/{id}/members/{}", guard.id), json!({ "role": "moderator" })).await.ok();
    let bob = Person::register(&server, "bob").await;
    join(&bob, &id).await;

    let url = server.http("");
    let account = client::Credentials::password("guard", PASSWORD);
    let words = ["spam".to_owned(), "Scam".to_owned()];
    let _bot = Program::start(async move { moderation_bot::run(&url, "market", account, &words).await });
    ends_with(&ada, &id, "I delete messages with words that are forbidden here.").await;

    let is_deleted = async |seq: u64| {
        wait::until("the deletion", async || {
            let message = bob.get(&format!("/api/rooms/{id}/messages/{seq}")).await.ok();
            (message["deleted"] == json!(true)).then_some(())
        })
        .await;
    };
    let (harmless, advertised) = (say(&bob, &id, "scampi for all").await, say(&bob, &id, "Cheap SPAM, buy now").await);
    is_deleted(advertised).await;
    let edited = say(&bob, &id, "a good offer").await;
    let path = format!("/api/rooms/{id}/messages/{edited}");
    bob.patch(&path, json!({ "text": "a good offer, no scam!" })).await.ok();
    is_deleted(edited).await;
    let harmless = bob.get(&format!("/api/rooms/{id}/messages/{harmless}")).await.ok();
    assert_eq!(harmless["text"], "scampi for all");
}

#[tokio::test]
async fn the_bridge_copies_both_ways_and_never_copies_its_copies() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let (left, right) = (room(&ada, "left").await, room(&bob, "right").await);
    let url = server.http("");
    let _bridge = Program::start(async move { bridge::run(&url, "left", "right").await });
    ends_with(&bob, &right, "This room is connected to left.").await;

    say(&ada, &left, "hi").await;
    ends_with(&bob, &right, "ada: hi").await;
    say(&bob, &right, "hello").await;
    ends_with(&ada, &left, "bob: hello").await;
    // The bridge works in order: when this one has arrived, everything that a loop would have written has, too.
    say(&ada, &left, "bye").await;
    ends_with(&bob, &right, "ada: bye").await;
    assert_eq!(texts(&ada, &left).await, ["This room is connected to right.", "hi", "bob: hello", "bye"]);
    assert_eq!(texts(&bob, &right).await, ["This room is connected to left.", "ada: hi", "hello", "ada: bye"]);
}

#[tokio::test]
async fn an_embedded_router_answers_beside_the_programs_own_routes() {
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let profile = embed_router::open(data.path()).await.expect("it opens");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let app = embed_router::app(&profile).into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });

    let http = reqwest::Client::new();
    let own = http.get(&url).send().await.expect("it answers").text().await.expect("text");
    assert_eq!(own, "A shop, with chat at /api/rooms.");
    let refused = http.get(format!("{url}/api/rooms")).send().await.expect("it answers");
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");

    let guest = http.post(format!("{url}/api/auth/guest")).json(&json!({ "name": "ada" })).send().await;
    let guest: Value = guest.expect("it answers").json().await.expect("JSON");
    let token = guest["access_token"].as_str().expect("signed in");
    let body = json!({ "id": "help", "name": "Help", "kind": "public" });
    let made = http.post(format!("{url}/api/rooms")).bearer_auth(token).json(&body).send().await;
    assert_eq!(made.expect("it answers").status(), 201);
    let room = http.get(format!("{url}/api/rooms/help")).bearer_auth(token).send().await;
    let room: Value = room.expect("it answers").json().await.expect("JSON");
    assert_eq!(room["name"], "Help");

    serving.abort();
    profile.close().await;
}

#[tokio::test]
async fn a_frame_posted_with_the_aws_sdk_arrives_on_the_socket() {
    let (server, endpoint) = connections::start().await;
    let (mut socket, id) = connections::connected(&server, "ada").await;
    let shared =
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(aws_sdk_apigatewaymanagement::config::SharedCredentialsProvider::new(
                Credentials::new(connections::KEY, connections::SECRET, None, None, "test"),
            ))
            .build();

    let frame = json!({ "t": "greeting", "text": "hé, 👋" }).to_string();
    assert!(post_to_connection::run(&shared, &endpoint, &id, &frame).await.expect("posted"));
    assert_eq!(socket.frame("greeting").await["text"], "hé, 👋");
    assert!(!post_to_connection::run(&shared, &endpoint, "L0SM9cOFvHcCIhw=", &frame).await.expect("answered"));
}

#[tokio::test]
async fn the_log_reader_resumes_from_its_cursor_without_duplicates_or_gaps() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "log").await;
    let (folder, url) = (tempfile::tempdir().expect("a temporary folder can be made"), server.http(""));
    let file = folder.path().join("cursor.json");
    let read = async || {
        let mut out = Vec::new();
        read_log::run(&url, "log", &file, &mut out).await.expect("it reads");
        let out = String::from_utf8(out).expect("text");
        out.lines().map(|line| line.split_once(": ").expect("a name and a text").1.to_owned()).collect::<Vec<_>>()
    };
    assert!(read().await.is_empty());

    // More than a page holds.
    let writer = Client::connect(&url, client::Credentials::password("ada", PASSWORD)).await.expect("connected");
    let send = async |from: u32, to: u32| {
        let pending: Vec<_> = (from..to).map(|n| writer.send(&id, &n.to_string())).collect();
        for pending in pending {
            pending.await.expect("acked");
        }
    };
    let numbers = |from: u32, to: u32| (from..to).map(|n| n.to_string()).collect::<Vec<_>>();
    send(0, 250).await;
    assert_eq!(read().await, numbers(0, 250));
    assert!(read().await.is_empty(), "nothing was written since then");
    send(250, 260).await;
    assert_eq!(read().await, numbers(250, 260));

    // The cursor of a store that was replaced by a backup says nothing about this one.
    std::fs::write(&file, r#"{"epoch":"00000000000000ff","seq":200}"#).expect("it is written");
    assert_eq!(read().await, numbers(0, 260));
}

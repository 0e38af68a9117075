//! JSONTestSuite (`tests/json-test-suite`) against every REST body and every frame of a running server: what is not JSON is
//! refused, what is JSON is never refused as malformed, and nothing breaks.
//!
//! A case that begins with `y_` is JSON, one with `n_` is not, and with `i_` a parser may decide.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Answer, Person, answer};
use tests::server::Server;
use tests::socket::{Next, Socket};
use tokio_tungstenite::tungstenite::Message;

use crate::setup::{generous, messages, room, text};

/// Calls that are under way at once.
const AT_ONCE: usize = 16;

/// What a parser says of a text that is not JSON, and never of JSON that is only not what the call needs.
const MALFORMED: [&str; 10] = [
    "expected value",
    "expected ident",
    "expected `",
    "key must be a string",
    "trailing",
    "EOF",
    "control character",
    "invalid escape",
    "continues after",
    "not valid JSON",
];

/// One case.
#[derive(Debug, Clone)]
struct Case {
    name: String,
    bytes: Vec<u8>,
}

impl Case {
    fn is_json(&self) -> bool {
        self.name.starts_with("y_")
    }

    fn is_no_json(&self) -> bool {
        self.name.starts_with("n_")
    }

    /// Returns the case as the value of an additional field, at the end of an object that has these other fields.
    fn inside(&self, fields: &Value) -> Vec<u8> {
        let mut bytes = fields.to_string().into_bytes();
        bytes.pop();
        [&bytes, &b",\"additional\":"[..], &self.bytes, b"}"].concat()
    }
}

/// Returns all cases, byte for byte.
fn cases() -> Vec<Case> {
    let file = include_str!("../../json-test-suite/cases.json");
    let all: BTreeMap<String, Value> = serde_json::from_str(file).expect("the file of cases is JSON itself");
    let bytes = |case: &Value| match case {
        Value::String(encoded) => BASE64_STANDARD.decode(encoded).expect("base64"),
        long => text(&long["repeat"]).repeat(long["times"].as_u64().expect("a number") as usize).into_bytes(),
    };
    let cases: Vec<Case> = all.iter().map(|(name, case)| Case { name: name.clone(), bytes: bytes(case) }).collect();
    let count = |prefix: &str| cases.iter().filter(|case| case.name.starts_with(prefix)).count();
    assert_eq!((count("y_"), count("n_"), count("i_"), cases.len()), (95, 188, 35, 318));
    cases
}

/// A call that takes a JSON body.
#[derive(Debug, Clone)]
struct Call {
    method: Method,
    path: String,
    /// Whether it may be made without a body.
    body_is_optional: bool,
}

/// Returns every call of the API that takes a JSON body, as the server itself documents them.
async fn calls(server: &Server, room: &str, user: &str) -> Vec<Call> {
    let document = Person::nobody(server).get("/openapi.json").await.ok();
    let mut calls = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let body = &operation["requestBody"];
            if body["content"]["application/json"].is_null() {
                continue;
            }
            let unknown = "0192f4e0-7c00-7000-8000-000000000001";
            let values =
                [("room", room), ("user", user), ("seq", "1"), ("key", user), ("id", unknown), ("session", unknown)];
            let path =
                values.iter().fold(path.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
            assert!(!path.contains('{'), "{path}: this test knows no value for the parameter");
            let method = method.to_uppercase().parse().expect("a method");
            calls.push(Call { method, path, body_is_optional: body["required"] != true });
        }
    }
    assert!(calls.len() > 20, "only {} calls take a body", calls.len());
    calls
}

async fn send(person: &Person, method: Method, path: &str, bytes: Vec<u8>) -> Answer {
    answer(person.request(method, path).header("content-type", "application/json").body(bytes)).await
}

/// Returns why an answer to a body is wrong, if it is.
fn wrong(case: &Case, call: &Call, answer: &Answer) -> Option<String> {
    let status = answer.status.as_u16();
    let detail = answer.body["detail"].as_str().unwrap_or_default();
    let is_missing = call.body_is_optional && case.bytes.is_empty();
    let why = if status >= 500 {
        "the server failed"
    } else if status == 429 {
        "a limit hides the answer"
    } else if case.is_no_json() && !is_missing && !answer.status.is_client_error() {
        "what is not JSON was accepted"
    } else if case.is_json() && status == 400 && MALFORMED.iter().any(|said| detail.contains(said)) {
        "JSON was refused as malformed"
    } else {
        return None;
    };
    Some(format!("{} {} {}: {why}: {status} {}", call.method, call.path, case.name, answer.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_is_parsed_as_json_and_nothing_else_is() {
    let mut server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let garden = room(&ada, "garden").await;
    let calls = calls(&server, &garden, &ada.id).await;

    // Those that change most come last: a valid body may leave the room, or end a session.
    let (last, first): (Vec<Case>, Vec<Case>) = cases().into_iter().partition(Case::is_json);
    for cases in [first, last] {
        // Each call is made without a token, too: what a stranger sends is parsed at sign-in only.
        let pairs = cases.iter().flat_map(|case| calls.iter().map(move |call| (case, call)));
        let ada = &ada;
        let nobody = Person::nobody(&server);
        let nobody = &nobody;
        let checked = stream::iter(pairs).map(|(case, call)| async move {
            let is_sign_in = ["/login", "/register", "/guest", "/refresh", "/logout", "/setup"];
            let person = if is_sign_in.iter().any(|end| call.path.ends_with(end)) { nobody } else { ada };
            wrong(case, call, &send(person, call.method.clone(), &call.path, case.bytes.clone()).await)
        });
        let wrong: Vec<String> = checked.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
        assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
    survives(&mut server, "eve").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_the_server_does_not_know_must_still_be_json() {
    let mut server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let garden = room(&ada, "garden").await;
    let path = messages(&garden);
    let mut wrong = Vec::new();
    for case in cases() {
        let answer = send(&ada, Method::POST, &path, case.inside(&json!({ "text": "hello" }))).await;
        let is_right = match answer.status.as_u16() {
            201 => !case.is_no_json(),
            // One level is the object around it.
            400 => !case.is_json(),
            413 => case.bytes.len() > 60_000,
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{}: {} {}", case.name, answer.status, answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    survives(&mut server, "eve").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_frame_is_parsed_as_json_and_nothing_else_is() {
    let mut server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let garden = room(&ada, "garden").await;
    let mut socket = ada.connect().await;
    socket.follow(&garden).await;
    let (mut wrong, mut sent) = (Vec::new(), 0);
    for case in cases() {
        let id = uuid::Uuid::now_v7().to_string();
        let message = json!({ "t": "send", "id": id, "room": garden, "text": "hello", "seen": 1 });
        // As a frame, then as a field of one. Frames are UTF-8, which the WebSocket layer checks before.
        for (is_inside, bytes) in [(false, case.bytes.clone()), (true, case.inside(&message))] {
            let Ok(text) = String::from_utf8(bytes) else { continue };
            sent += 1;
            socket.send_raw(Message::text(text)).await;
            let seen = seen(&mut socket, &id).await;
            let is_right = match &seen {
                // A frame that nobody knows gets an error, whether it is JSON or not.
                Next::Frame(frame) if frame["t"] == "error" => {
                    !(is_inside && case.is_json()) && {
                        let said = frame["message"].as_str().unwrap_or_default();
                        !case.is_json() || !MALFORMED.iter().any(|malformed| said.contains(malformed))
                    }
                }
                Next::Frame(_) => is_inside && !case.is_no_json(),
                // Too large, or not a frame of this protocol.
                Next::Closed(code) => *code != 1006 && *code != 1011 && !case.is_json(),
            };
            if !is_right {
                wrong.push(format!("{} (inside: {is_inside}): {seen:?}", case.name));
            }
            if matches!(seen, Next::Closed(_)) {
                socket = ada.connect().await;
                socket.follow(&garden).await;
            }
        }
    }
    assert!(sent > 550, "only {sent} frames were sent");
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));

    // Before the first frame is understood, nothing is answered but the end.
    for case in cases().into_iter().filter(|case| case.is_no_json()).step_by(10) {
        let Ok(text) = String::from_utf8(case.bytes) else { continue };
        let mut stranger = Socket::silent(&server.websocket()).await;
        stranger.send_raw(Message::text(text)).await;
        let code = stranger.closed().await;
        assert!(code != 1006 && code != 1011, "{}: {code}", case.name);
    }
    survives(&mut server, "eve").await;
}

/// Returns the answer to a frame: an error, the ack of this change, or the end.
async fn seen(socket: &mut Socket, id: &str) -> Next {
    loop {
        match socket.next().await {
            Next::Frame(frame) if frame["t"] == "error" || (frame["t"] == "ack" && frame["id"] == id) => {
                return Next::Frame(frame);
            }
            Next::Frame(_) => {}
            closed => return closed,
        }
    }
}

/// Checks that the server still works, and that nothing in it panicked.
async fn survives(server: &mut Server, name: &str) {
    assert!(server.is_running(), "the server ended");
    Person::register(server, name).await.get("/api/rooms").await.ok();
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

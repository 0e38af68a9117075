//! What the server says about input that it cannot read: a plain sentence that names the field and what is expected, and
//! never the words of a parser. In bodies, queries and paths of calls, and in frames.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Person, answer};

use crate::setup::{generous, room, text};

/// The words of parsers and of Rust.
const WORDS: [&str; 16] = [
    "invalid type",
    "invalid value",
    "invalid length",
    ", expected ",
    "variant",
    "struct ",
    "u32",
    "u64",
    "usize",
    "EOF",
    "at line 1 column",
    "deserialize",
    "digit found",
    "untagged",
    "enum ",
    "trailing",
];

#[track_caller]
fn is_plain(what: &str, said: &str, expected: &str) {
    assert!(said.contains(expected), "{what}: {said:?} does not say {expected:?}");
    assert!(WORDS.iter().all(|word| !said.contains(word)), "{what}: {said:?}");
    assert!(said.ends_with('.'), "{what}: {said:?}");
}

#[tokio::test]
async fn a_call_that_cannot_be_read_is_told_which_field_is_wrong() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    room(&ada, "garden").await;
    let messages = "/api/rooms/garden/messages";
    for (path, body, expected) in [
        ("/api/rooms", r#"{}"#, "The field `name` is missing."),
        ("/api/rooms", r#"{"name":5}"#, "The field `name` must be a text, not the number 5."),
        ("/api/rooms", r#"{"name":null}"#, "The field `name` must be a text, not `null`."),
        (
            "/api/rooms",
            r#"{"name":"x","kind":"open"}"#,
            "The field `kind` must be one of `public`, `private`, `direct`, not `open`.",
        ),
        ("/api/rooms", r#"{"name":"x","kind":1}"#, "The field `kind` must be a text"),
        (
            "/api/rooms",
            r#"{"name":"x","hides_past":"yes"}"#,
            "The field `hides_past` must be `true` or `false`, not the text \"yes\".",
        ),
        ("/api/rooms", r#"[]"#, "The body"),
        ("/api/rooms", r#""x""#, "The body must be an object, not the text \"x\"."),
        ("/api/rooms", r#"{"name":"x""#, "The body is not valid JSON: it ends too early."),
        ("/api/rooms", r#"{"name":x}"#, "The body is not valid JSON: there is a mistake at line 1, column 9."),
        ("/api/rooms", r#"{"name":"x"} {}"#, "The body is not valid JSON: it continues after its value."),
        (messages, r#"{"text":"x","reply_to":-1}"#, "The field `reply_to` must be a whole number from 0"),
        (messages, r#"{"text":"x","reply_to":1.5}"#, "The field `reply_to` must be a whole number from 0"),
        (messages, r#"{"text":"x","files":"y"}"#, "The field `files` must be a list, not the text \"y\"."),
        (messages, r#"{"text":"x","files":[7]}"#, "The field `files[0]` must be a text, not the number 7."),
        (
            "/api/rooms/garden/mute",
            r#"{"seconds":"ten","user":"bob"}"#,
            "The field `seconds` must be a whole number from 0",
        ),
        ("/api/rooms/garden/join", r#"{"seen":true}"#, "The field `seen` must be a whole number from 0"),
        ("/api/presence/me/heartbeat", r#"{"status":"busy"}"#, "The field `status` must be "),
        (
            "/api/files/presign",
            r#"{"room_id":"garden","name":"x","size":"1"}"#,
            "The field `size` must be a whole number from 0",
        ),
        ("/api/notifications", r#"{"title":"x"}"#, "The field `user_id` is missing."),
        ("/api/auth/login", r#"{"name":"ada"}"#, "The field `password` is missing."),
        ("/api/auth/guest", r#"{"name":{}}"#, "The field `name` must be a text, not an object."),
    ] {
        let request = ada.request(Method::POST, path).header("content-type", "application/json");
        let answer = answer(request.body(body)).await;
        answer.refused(400, "bad_request");
        is_plain(&format!("POST {path} {body}"), &text(&answer.body["detail"]), expected);
    }

    for (path, expected) in [
        ("/api/rooms?limit=many", "The query parameter `limit` must be a whole number."),
        ("/api/rooms?limit=-1", "The query parameter `limit` must be a whole number."),
        ("/api/rooms?limit=99999999999999999999999", "The query parameter `limit` is too large a number."),
        ("/api/rooms?limit=1&limit=2", "The query parameter `limit` is given more than once."),
        ("/api/rooms/garden/messages?before=x", "The query parameter `before` must be a whole number."),
        ("/api/notifications/me?unread_only=yes", "The query parameter `unread_only` must be `true` or `false`."),
        ("/api/files", "The query parameter `room_id` is missing."),
        ("/api/rooms/garden/messages/first", "`seq` in the path must be a whole number from 0"),
        ("/api/rooms/garden/messages/-1", "`seq` in the path must be a whole number from 0"),
        ("/api/rooms/garden/messages/1.5/reactions/x", "`seq` in the path must be a whole number from 0"),
        ("/api/rooms/%ff", "`room` in the path is not UTF-8."),
    ] {
        let answer = ada.get(path).await;
        answer.refused(400, "bad_request");
        is_plain(&format!("GET {path}"), &text(&answer.body["detail"]), expected);
    }
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_is_told_which_field_is_wrong() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    let mut socket = ada.connect().await;
    let id = uuid::Uuid::now_v7().to_string();
    let send = |changed: &[(&str, Value)], left_out: &str| {
        let mut frame = json!({ "t": "send", "id": id, "room": room, "text": "x", "seen": 1 });
        changed.iter().for_each(|(name, value)| frame[*name] = value.clone());
        frame.as_object_mut().expect("an object").remove(left_out);
        frame.to_string()
    };
    for (frame, expected) in [
        (send(&[], "room"), "The field `room` is missing."),
        (send(&[], "seen"), "The field `seen` is missing."),
        (send(&[("text", json!(5))], ""), "The field `text` must be a text, not the number 5."),
        (send(&[("seen", json!("1"))], ""), "The field `seen` must be a whole number from 0"),
        (send(&[("seen", json!(-1))], ""), "The field `seen` must be a whole number from 0"),
        (send(&[("reply_to", json!("first"))], ""), "The field `reply_to` must be a whole number from 0"),
        (send(&[("files", json!(["x"]))], ""), "The field `files` must be a UUID."),
        (send(&[("files", json!({}))], ""), "The field `files` must be a list, not an object."),
        (send(&[("id", json!("7"))], ""), "The field `id` must be a UUID."),
        (send(&[("room", json!(null))], ""), "The field `room` must be a text, not `null`."),
        (send(&[], "t"), "The field `t` is missing."),
        (send(&[("t", json!(1))], ""), "The field `t` must be "),
        (
            json!({ "t": "resume", "id": "r", "cursors": [1] }).to_string(),
            "The field `cursors` must be an object, not a list.",
        ),
        (
            json!({ "t": "resume", "id": "r", "cursors": { "x": "y" } }).to_string(),
            "The field `cursors` must be a whole number",
        ),
        (json!({ "t": "typing", "room": room, "on": "yes" }).to_string(), "The field `on` must be `true` or `false`"),
        (json!({ "t": "watch", "users": ["ada"] }).to_string(), "The field `users` must be a UUID."),
        ("[]".into(), "The frame must be an object, not a list."),
        ("\"x\"".into(), "The frame must be an object, not the text \"x\"."),
        ("nonsense".into(), "The frame is not valid JSON: there is a mistake at line 1"),
        ("{\"t\":\"ping\"".into(), "The frame is not valid JSON: it ends too early."),
    ] {
        socket.send_raw(tokio_tungstenite::tungstenite::Message::text(frame.clone())).await;
        let error = socket.error().await;
        assert_eq!(error["code"], "bad_request", "{frame}: {error}");
        is_plain(&frame, &text(&error["message"]), expected);
    }
}

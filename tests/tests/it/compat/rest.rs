//! REST in the single process: each call with its shape and its errors.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::person::{self, Answer, Person};
use tests::server::{Server, Settings};

use super::{anonymous, has_fields, is_error, is_time, with_guests};

const ROOM: [&str; 4] = ["id", "name", "description", "created_at"];
const MESSAGE: [&str; 8] = ["id", "room_id", "user_id", "username", "content", "message_type", "file_url", "timestamp"];
const ONLINE: [&str; 3] = ["user_id", "username", "last_seen"];
const NOTIFICATION: [&str; 8] = ["id", "user_id", "title", "body", "notif_type", "room_id", "is_read", "created_at"];
const FILE: [&str; 8] = ["id", "filename", "content_type", "size", "room_id", "user_id", "download_url", "uploaded_at"];

async fn garden(nobody: &Person) -> Value {
    let room = json!({ "id": "garden", "name": "Garden", "description": "What grows" });
    nobody.post("/api/chat/rooms", room).await.ok()
}

pub async fn upload(nobody: &Person, fields: &[(&str, &str)], name: &str, bytes: &[u8]) -> Answer {
    let file = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
    let form = Form::new().part("file", file);
    let form = fields.iter().fold(form, |form, (name, value)| form.text((*name).to_owned(), (*value).to_owned()));
    person::answer(nobody.request(Method::POST, "/api/files/upload").multipart(form)).await
}

#[tokio::test]
async fn rooms_are_created_and_listed_newest_first() {
    let server = with_guests().await;
    let nobody = anonymous(&server);
    let made = garden(&nobody).await;
    has_fields(&made, &ROOM);
    assert_eq!((&made["id"], &made["name"]), (&json!("garden"), &json!("Garden")));
    assert_eq!(made["description"], "What grows");
    is_time(&made["created_at"]);

    let listed = nobody.get("/api/chat/rooms").await.ok();
    let rooms = listed.as_array().expect("a plain array");
    assert_eq!(rooms[0], made, "newest first: {listed}");
    assert_eq!(rooms[1]["id"], "general", "{listed}");
    rooms.iter().for_each(|room| has_fields(room, &ROOM));

    is_error(&nobody.post("/api/chat/rooms", json!({ "id": "garden", "name": "Again" })).await, 400);
    is_error(&nobody.post("/api/chat/rooms", json!({ "id": "Not A Slug", "name": "x" })).await, 422);
    is_error(&nobody.post("/api/chat/rooms", json!({})).await, 422);
    is_error(&nobody.post("/api/chat/rooms", json!([1])).await, 422);
    let text = nobody.request(Method::POST, "/api/chat/rooms").body("not json");
    is_error(&person::answer(text).await, 422);
    let large = "x".repeat(2_000_000);
    is_error(&nobody.post("/api/chat/rooms", json!({ "id": "a", "name": large })).await, 413);
}

#[tokio::test]
async fn messages_of_everybody_are_listed_newest_last() {
    let server = with_guests().await;
    let (nobody, ada) = (anonymous(&server), Person::register(&server, "ada").await);
    garden(&nobody).await;
    assert_eq!(nobody.get("/api/chat/rooms/garden/messages").await.ok(), json!([]));

    ada.post("/api/rooms/garden/join", json!({})).await.ok();
    for text in ["one", "two", "three"] {
        ada.post("/api/rooms/garden/messages", json!({ "text": text })).await.ok();
    }
    let listed = nobody.get("/api/chat/rooms/garden/messages?limit=2").await.ok();
    let messages = listed.as_array().expect("a plain array");
    assert_eq!(messages.iter().map(|message| &message["content"]).collect::<Vec<_>>(), ["two", "three"]);
    for message in messages {
        has_fields(message, &MESSAGE);
        assert_eq!((&message["room_id"], &message["user_id"]), (&json!("garden"), &json!(ada.id)));
        assert_eq!((&message["username"], &message["message_type"]), (&json!("ada"), &json!("text")));
        assert_eq!(message["file_url"], Value::Null);
        let (room, seq) = message["id"].as_str().expect("an id").split_once(':').expect("a room and a seq");
        assert!(room == "garden" && seq.parse::<u64>().is_ok(), "{message}");
        is_time(&message["timestamp"]);
    }

    is_error(&nobody.get("/api/chat/rooms/nowhere/messages").await, 404);
    is_error(&nobody.get("/api/chat/rooms/garden/messages?limit=many").await, 422);
}

#[tokio::test]
async fn presence_and_typing_are_reported_by_heartbeats() {
    let server = with_guests().await;
    let nobody = anonymous(&server);
    garden(&nobody).await;
    for prefix in ["/api/presence", "/api/presence/presence"] {
        let beat = nobody.post(&format!("{prefix}/alice/heartbeat?username=Alice"), json!({})).await.ok();
        has_fields(&beat, &ONLINE);
        assert_eq!((&beat["user_id"], &beat["username"]), (&json!("alice"), &json!("Alice")));
        is_time(&beat["last_seen"]);

        let listed = nobody.get(prefix).await.ok();
        let online = listed.as_array().expect("a plain array");
        assert!(online.iter().any(|user| user["user_id"] == "alice" && user["username"] == "Alice"), "{listed}");
        online.iter().for_each(|user| has_fields(user, &ONLINE));
        let one = nobody.get(&format!("{prefix}/alice")).await.ok();
        has_fields(&one, &ONLINE);
        assert_eq!(one["user_id"], "alice");

        let typing = format!("{prefix}/alice/typing?room_id=garden&username=Alice");
        assert_eq!(nobody.post(&typing, json!({})).await.ok(), json!({ "user_id": "alice", "username": "Alice" }));
        let typists = nobody.get(&format!("{prefix}/rooms/garden/typing")).await.ok();
        assert_eq!(typists, json!([{ "user_id": "alice", "username": "Alice" }]));
        assert_eq!(nobody.delete(&typing).await.status, 204);
        assert_eq!(nobody.get(&format!("{prefix}/rooms/garden/typing")).await.ok(), json!([]));

        assert_eq!(nobody.delete(&format!("{prefix}/alice")).await.status, 204);
        is_error(&nobody.get(&format!("{prefix}/alice")).await, 404);
        assert_eq!(nobody.get(prefix).await.ok(), json!([]));
    }

    is_error(&nobody.post("/api/presence/alice/typing?username=Alice", json!({})).await, 422);
    is_error(&nobody.post("/api/presence/alice/typing?room_id=nowhere", json!({})).await, 404);
    is_error(&nobody.get("/api/presence/rooms/nowhere/typing").await, 404);
    is_error(&nobody.post(&format!("/api/presence/{}/heartbeat", "x".repeat(65)), json!({})).await, 422);
}

#[tokio::test]
async fn notifications_are_posted_read_and_deleted() {
    let server = with_guests().await;
    let nobody = anonymous(&server);
    garden(&nobody).await;
    for prefix in ["/api/notifications", "/api/notifications/notifications"] {
        let new =
            json!({ "user_id": "bob", "title": "Hello", "body": "World", "notif_type": "info", "room_id": "garden" });
        let made = nobody.post(prefix, new).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.body;
        has_fields(&made, &NOTIFICATION);
        let fields = ["user_id", "title", "body", "notif_type", "room_id", "is_read"].map(|name| made[name].clone());
        assert_eq!(json!(fields), json!(["bob", "Hello", "World", "info", "garden", false]));
        is_time(&made["created_at"]);
        let second = nobody.post(prefix, json!({ "user_id": "bob", "title": "Second", "body": "" })).await.ok();
        assert_eq!(second["room_id"], Value::Null);

        let listed = nobody.get(&format!("{prefix}/bob")).await.ok();
        assert_eq!(listed, json!([second, made]), "newest first");
        let limited = nobody.get(&format!("{prefix}/bob?limit=1")).await.ok();
        assert_eq!(limited, json!([second]));
        let count = nobody.get(&format!("{prefix}/bob/unread-count")).await.ok();
        assert_eq!(count, json!({ "user_id": "bob", "unread_count": 2 }));

        let id = made["id"].as_str().expect("an id");
        let read = nobody.patch(&format!("{prefix}/{id}/read"), json!({})).await.ok();
        assert_eq!((&read["id"], &read["is_read"]), (&made["id"], &json!(true)));
        let unread = nobody.get(&format!("{prefix}/bob?unread_only=true")).await.ok();
        assert_eq!(unread, json!([second]));
        let all = nobody.patch(&format!("{prefix}/bob/read-all"), json!({})).await.ok();
        assert_eq!(all, json!({ "user_id": "bob", "unread_count": 0 }));
        assert_eq!(nobody.get(&format!("{prefix}/bob?unread_only=true")).await.ok(), json!([]));

        for made in [&made, &second] {
            let id = made["id"].as_str().expect("an id");
            assert_eq!(nobody.delete(&format!("{prefix}/{id}")).await.status, 204);
            is_error(&nobody.delete(&format!("{prefix}/{id}")).await, 404);
        }
        assert_eq!(nobody.get(&format!("{prefix}/bob")).await.ok(), json!([]));
    }

    assert_eq!(nobody.get("/api/notifications/never-seen").await.ok(), json!([]), "and creates nobody");
    is_error(&nobody.post("/api/notifications", json!({ "user_id": "bob" })).await, 422);
    is_error(&nobody.post("/api/notifications", json!({ "user_id": "bob", "title": " " })).await, 422);
    let nowhere = json!({ "user_id": "bob", "title": "x", "body": "", "room_id": "nowhere" });
    is_error(&nobody.post("/api/notifications", nowhere).await, 404);
    is_error(&nobody.patch("/api/notifications/nonsense/read", json!({})).await, 404);
}

#[tokio::test]
async fn files_are_uploaded_found_and_downloaded() {
    let server = with_guests().await;
    let nobody = anonymous(&server);
    garden(&nobody).await;
    let made = upload(&nobody, &[("room_id", "garden"), ("user_id", "alice")], "note.txt", b"hello").await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.body;
    has_fields(&made, &FILE);
    let fields = ["filename", "size", "room_id", "user_id"].map(|name| made[name].clone());
    assert_eq!(json!(fields), json!(["note.txt", 5, "garden", "alice"]));
    let id = made["id"].as_str().expect("an id");
    assert_eq!(made["download_url"], format!("/api/files/{id}/download"));
    is_time(&made["uploaded_at"]);

    assert_eq!(nobody.get(&format!("/api/files/{id}")).await.ok(), made);
    let bytes = nobody.get(made["download_url"].as_str().expect("a path")).await;
    assert_eq!((bytes.status.as_u16(), &bytes.bytes[..]), (200, &b"hello"[..]));
    assert_eq!(nobody.get("/api/files/files?room_id=garden").await.ok(), json!([]), "no message holds it yet");

    is_error(&nobody.get("/api/files/files").await, 422);
    is_error(&nobody.get("/api/files/files?room_id=nowhere").await, 404);
    is_error(&nobody.get("/api/files/123").await, 404);
    is_error(&nobody.get("/api/files/123/download").await, 404);
    is_error(&upload(&nobody, &[("user_id", "alice")], "a.txt", b"x").await, 422);
    is_error(&upload(&nobody, &[("room_id", "nowhere"), ("user_id", "alice")], "a.txt", b"x").await, 404);
    is_error(&nobody.post("/api/files/upload", json!({})).await, 422);
    let large = vec![0; 26 * 1024 * 1024];
    is_error(&upload(&nobody, &[("room_id", "garden"), ("user_id", "alice")], "large", &large).await, 413);
}

#[tokio::test]
async fn the_credential_decides_the_shape() {
    let server = with_guests().await;
    let (nobody, ada) = (anonymous(&server), Person::register(&server, "ada").await);
    garden(&nobody).await;
    assert!(ada.get("/api/chat/rooms").await.ok()["items"].is_array(), "a native token");
    let ticket = ada.post("/api/auth/ticket", json!({ "compat": true })).await.ok();
    let older = ada.with_token(ticket["compat_token"].as_str().expect("a token"));
    assert!(older.get("/api/chat/rooms").await.ok().is_array(), "a token that was issued for compat");
    assert!(nobody.get("/api/chat/rooms").await.ok().is_array(), "none");
    assert!(ada.post("/api/auth/ticket", json!({})).await.ok()["compat_token"].is_null());
    nobody.with_token("nonsense").get("/api/chat/rooms").await.refused(401, "unauthenticated");

    let beat = older.post(&format!("/api/presence/{}/heartbeat", older.id), json!({})).await.ok();
    assert_eq!((&beat["user_id"], &beat["username"]), (&json!(ada.id), &json!("ada")));
    is_error(&older.post("/api/presence/somebody/heartbeat", json!({})).await, 403);
    is_error(&nobody.post(&format!("/api/presence/{}/heartbeat", ada.id), json!({})).await, 403);
}

#[tokio::test]
async fn without_the_setting_nothing_of_it_exists_and_with_token_no_guest_does() {
    let server = Server::start().await;
    let nobody = anonymous(&server);
    nobody.get("/api/chat/rooms").await.refused(401, "unauthenticated");
    nobody.post("/api/presence/alice/heartbeat", json!({})).await.refused(401, "unauthenticated");
    nobody.get("/api/files/files?room_id=general").await.refused(401, "unauthenticated");

    let server = Settings::default().variable("PALAVER_COMPAT", "token").start().await;
    let (nobody, ada) = (anonymous(&server), Person::register(&server, "ada").await);
    nobody.get("/api/chat/rooms").await.refused(401, "unauthenticated");
    let ticket = ada.post("/api/auth/ticket", json!({ "compat": true })).await.ok();
    let older = ada.with_token(ticket["compat_token"].as_str().expect("a token"));
    let rooms = older.get("/api/chat/rooms").await.ok();
    assert_eq!(rooms[0]["id"], "general");
    let made = older.post("/api/chat/rooms", json!({ "id": "mine", "name": "Mine", "description": "" })).await.ok();
    has_fields(&made, &ROOM);
    assert_eq!(ada.get("/api/rooms/mine").await.ok()["role"], "owner");
}

#[tokio::test]
async fn guests_see_nothing_private_and_can_be_nobody_else() {
    let server = with_guests().await;
    let (nobody, ada) = (anonymous(&server), Person::register(&server, "ada").await);
    let private = json!({ "name": "Secret", "kind": "private" });
    let secret = ada.post("/api/rooms", private).await.ok()["id"].as_str().expect("an id").to_owned();
    for room in [secret.as_str(), "secret"] {
        is_error(&nobody.get(&format!("/api/chat/rooms/{room}/messages")).await, 404);
        is_error(&nobody.post(&format!("/api/presence/eve/typing?room_id={room}"), json!({})).await, 404);
    }
    let listed = nobody.get("/api/chat/rooms").await.ok();
    assert!(!listed.to_string().contains("Secret"), "{listed}");
    is_error(&nobody.get(&format!("/api/presence/{}", ada.id)).await, 404);
    is_error(&nobody.get(&format!("/api/notifications/{}", ada.id)).await, 403);
    is_error(&nobody.post("/api/notifications", json!({ "user_id": ada.id, "title": "x", "body": "" })).await, 403);

    // Neither reaches the other: the handles of such guests are theirs alone, and they have no session.
    nobody.post("/api/presence/eve/heartbeat?username=ada", json!({})).await.ok();
    let eve = ada.get("/api/auth/users?prefix=compat").await;
    assert!(eve.text().contains("compat.eve"), "{}", eve.text());
    let taken = Person::registration(&server, json!({ "name": "compat.eve", "password": person::PASSWORD })).await;
    taken.refused(400, "bad_request");
    nobody.post("/api/auth/guest", json!({ "name": "compat.eve" })).await.refused(400, "bad_request");
    for (method, path) in [
        (Method::GET, "/api/rooms"),
        (Method::GET, "/api/auth/me"),
        (Method::POST, "/api/auth/ticket"),
        (Method::GET, "/api/admin/users"),
        (Method::GET, "/api/rooms/general/messages"),
        (Method::POST, "/api/rooms/general/join"),
    ] {
        person::answer(nobody.request(method, path)).await.refused(401, "unauthenticated");
    }
}

#[tokio::test]
async fn a_caller_without_a_token_gets_through_no_native_call() {
    let server = with_guests().await;
    let (nobody, ada) = (anonymous(&server), Person::register(&server, "ada").await);
    let private = json!({ "name": "Secret", "kind": "private" });
    let secret = ada.post("/api/rooms", private).await.ok()["id"].as_str().expect("an id").to_owned();
    ada.post(&format!("/api/rooms/{secret}/messages"), json!({ "text": "between us" })).await.ok();
    let document = nobody.get("/openapi.json").await.ok();
    let (mut called, mut refused) = (0, 0);
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let is_older =
            ["/api/presence", "/api/notifications", "/api/files"].iter().any(|older| path.starts_with(older));
        let parts = path.split('/').map(|part| match part {
            "{room}" => secret.as_str(),
            "{user}" | "{key}" => ada.id.as_str(),
            part if part.starts_with('{') => "1",
            part => part,
        });
        let path = parts.collect::<Vec<_>>().join("/");
        for (method, operation) in operations.as_object().expect("operations") {
            let needs_token = operation["security"].as_array().is_some_and(|ways| {
                !ways.is_empty() && ways.iter().all(|way| way.as_object().is_some_and(|way| !way.is_empty()))
            });
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let answer = person::answer(nobody.request(method.clone(), &path).json(&json!({}))).await;
            called += 1;
            assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.text());
            assert!(!answer.text().contains("between us") && !answer.text().contains("Secret"), "{method} {path}");
            if needs_token && !is_older {
                answer.refused(401, "unauthenticated");
                refused += 1;
            } else if needs_token {
                assert!(!answer.text().contains(&ada.name) || !answer.status.is_success(), "{}", answer.text());
            }
        }
    }
    assert!(called > 60 && refused > 40, "{called} calls, {refused} refused");
    assert_eq!(nobody.get("/health").await.ok()["status"], "ok");
}

#[tokio::test]
async fn an_address_without_a_token_writes_only_so_often() {
    let server = with_guests().await;
    let nobody = anonymous(&server);
    let mut refused = None;
    for number in 0..200 {
        let answer = nobody.post(&format!("/api/presence/guest-{number}/heartbeat"), json!({})).await;
        if !answer.status.is_success() {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("new guests have a limit");
    is_error(&refused, 429);
    assert!(refused.headers.contains_key("retry-after"));
    nobody.post("/api/presence/guest-0/heartbeat", json!({})).await.ok();
}

#[tokio::test]
async fn the_start_says_once_that_guests_are_not_verified() {
    let server = with_guests().await;
    assert_eq!(server.log().matches("PALAVER_COMPAT=guests").count(), 1, "{}", server.log());
    assert_eq!(anonymous(&server).get("/api/chat/health").await.ok()["status"], "ok");
    for function in ["presence", "notifications", "files"] {
        assert_eq!(anonymous(&server).get(&format!("/api/{function}/health")).await.ok()["status"], "ok");
    }
}

//! What clients of the REST API rely on besides the rules of rooms: rooms by id or slug, keys of writes, forms in any
//! order, health below each function's path.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::person::{Answer, Person, answer};
use tests::server::Server;

use crate::setup::{generous, history, join, listed, messages, number, private_room, room, say, text, with_limits};

#[tokio::test]
async fn a_room_needs_only_a_name_and_is_public() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let body = json!({ "id": "garden", "name": "Garden", "description": "What grows where" });
    let answer = ada.post("/api/rooms", body.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let created = answer.ok();
    assert_eq!((&created["kind"], &created["slug"]), (&json!("public"), &json!("garden")));
    assert_eq!(created["description"], "What grows where");
    assert_eq!(bob.get("/api/rooms/garden").await.ok()["id"], created["id"], "others can see it");

    // The id is taken for every user, by a room of any kind.
    for person in [&ada, &bob] {
        person.post("/api/rooms", body.clone()).await.refused(409, "conflict");
        person.post("/api/rooms", json!({ "id": "garden", "name": "Another" })).await.refused(409, "conflict");
    }
    let nameless = ada.post("/api/rooms", json!({ "name": "Tea & Talk" })).await.ok();
    assert_eq!((&nameless["kind"], &nameless["slug"]), (&json!("public"), &json!("tea-talk")));
    let private = ada.post("/api/rooms", json!({ "name": "Hidden", "kind": "private" })).await.ok();
    assert_eq!((&private["kind"], &private["slug"]), (&json!("private"), &Value::Null));
    ada.post("/api/rooms", json!({ "name": "Two", "kind": "direct" })).await.refused(400, "bad_request");
}

#[tokio::test]
async fn no_room_has_a_word_of_the_apis_paths_as_its_slug() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    for word in ["blocks", "direct", "directory", "docs", "health"] {
        ada.post("/api/rooms", json!({ "id": word, "name": word })).await.refused(400, "bad_request");
        let created = ada.post("/api/rooms", json!({ "name": word })).await.ok();
        let slug = text(&created["slug"]);
        assert!(slug != word && slug.starts_with(word), "{slug}");
        assert_eq!(ada.get(&format!("/api/rooms/{slug}")).await.ok()["id"], created["id"]);
    }
}

#[tokio::test]
async fn a_slug_and_an_id_name_the_same_room_in_every_call() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let id = room(&ada, "garden").await;
    join(&bob, "garden").await;
    let seq = say(&ada, &id, "hello").await;

    for path in ["", "/members", "/messages", "/pins", "/read"] {
        let by = async |room: &str| ada.get(&format!("/api/rooms/{room}{path}")).await.ok();
        assert_eq!(by("garden").await, by(&id).await, "{path}");
    }
    for room in [id.as_str(), "garden"] {
        let path = |rest: &str| format!("/api/rooms/{room}{rest}");
        let sent = number(&bob.post(&path("/messages"), json!({ "text": "hi" })).await.ok()["seq"]);
        bob.patch(&path(&format!("/messages/{sent}")), json!({ "text": "hi!" })).await.ok();
        ada.put(&path(&format!("/pins/{seq}")), json!({})).await.ok();
        ada.delete(&path(&format!("/pins/{seq}"))).await.ok();
        bob.post(&path(&format!("/messages/{seq}/reactions")), json!({ "emoji": "👍", "on": true })).await.ok();
        bob.get(&path(&format!("/messages/{seq}/reactions/%F0%9F%91%8D"))).await.ok();
        bob.get(&path(&format!("/threads/{seq}"))).await.ok();
        bob.post(&path("/read"), json!({ "seq": sent })).await.ok();
        bob.patch(&path("/settings"), json!({ "level": "all" })).await.ok();
        bob.delete(&path(&format!("/messages/{sent}"))).await.ok();

        bob.post(&format!("/api/presence/me/typing?room_id={room}"), json!({})).await.ok();
        ada.get(&format!("/api/presence/rooms/{room}/typing")).await.ok();
        let file = bob.upload(room, "a.txt", "text/plain", b"a".to_vec()).await.ok();
        assert_eq!(file["room"], id.as_str());
        bob.post(&path("/messages"), json!({ "text": "", "files": [file["id"]] })).await.ok();
        let files = ada.get(&format!("/api/files?room_id={room}")).await.ok();
        assert_eq!(files["items"][0]["id"], file["id"]);
        bob.post("/api/files/presign", json!({ "room_id": room, "name": "b.txt", "size": 3 })).await.ok();
        bob.post(&path("/leave"), json!({})).await.ok();
        join(&bob, room).await;
    }
    // A slug that is no room's is answered as a room that nobody may see.
    ada.get("/api/rooms/no-such-room").await.refused(404, "not_found");
    ada.get("/api/files?room_id=no-such-room").await.refused(404, "not_found");
}

#[tokio::test]
async fn notifications_take_a_rooms_slug() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let id = room(&ada, "garden").await;
    let post = async |room: Option<&str>| {
        ada.post("/api/notifications", json!({ "user_id": bob.id, "title": "News", "room_id": room })).await
    };
    for room in ["garden", id.as_str()] {
        assert_eq!(post(Some(room)).await.ok()["room"], id.as_str());
    }
    assert_eq!(post(None).await.ok()["room"], Value::Null);
    post(Some("no-such-room")).await.refused(404, "not_found");

    for (filter, count) in [("", 3), ("?room_id=garden", 2), (&format!("?room_id={id}"), 2)] {
        let page = bob.get(&format!("/api/notifications/me{filter}")).await.ok();
        assert_eq!(page["items"].as_array().expect("a page").len(), count, "{filter}: {page}");
    }
    bob.get("/api/notifications/me?room_id=no-such-room").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_slug_names_a_room_in_every_frame() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let bob = Person::register(&server, "bob").await;
    let id = room(&ada, "garden").await;
    let (mut of_ada, mut of_bob) = (ada.connect().await, bob.connect().await);
    assert_eq!(of_bob.change(json!({ "t": "join", "room": "garden" })).await["room"], id.as_str());
    listed(&bob, &id).await;

    // Following by slug: the answer names the room by its id, and what happens there arrives.
    for (socket, request) in [(&mut of_ada, "a"), (&mut of_bob, "b")] {
        socket.send(json!({ "t": "resume", "id": request, "cursors": { "garden": null } })).await;
        let sync = socket.frame("sync").await;
        assert_eq!((&sync["re"], &sync["room"]), (&json!(request), &json!(id)));
        assert_eq!(sync["status"], "reset", "a cursor of null asks for the present: {sync}");
    }
    let head = number(&ada.get("/api/rooms/garden").await.ok()["head"]);
    let sent = of_bob.change(json!({ "t": "send", "room": "garden", "text": "hello", "seen": head })).await;
    assert_eq!((&sent["t"], &sent["room"]), (&json!("ack"), &json!(id)), "{sent}");
    let seq = number(&sent["seq"]);
    let event = of_ada.find("event", |frame| frame["seq"] == seq).await;
    assert_eq!((&event["room"], &event["text"]), (&json!(id), &json!("hello")));

    for frame in [
        json!({ "t": "react", "room": "garden", "target": seq, "emoji": "👍", "on": true, "seen": seq }),
        json!({ "t": "edit", "room": "garden", "target": seq, "text": "hello!", "seen": seq }),
        json!({ "t": "delete", "room": "garden", "target": seq, "seen": seq }),
    ] {
        let answer = of_bob.change(frame.clone()).await;
        assert_eq!((&answer["t"], &answer["room"]), (&json!("ack"), &json!(id)), "{frame}: {answer}");
    }
    of_bob.send(json!({ "t": "typing", "room": "garden", "on": true })).await;
    assert_eq!(of_ada.frame("signal").await["room"], id.as_str());
    // Bob has read his own message.
    let head = number(&ada.get("/api/rooms/garden").await.ok()["head"]);
    of_bob.send(json!({ "t": "read", "room": "garden", "seq": head })).await;
    assert_eq!(of_ada.find("receipt", |frame| frame["user"] == bob.id.as_str()).await["room"], id.as_str());
    of_ada.send(json!({ "t": "fill", "id": "f", "room": "garden", "after": 0 })).await;
    let page = of_ada.find("sync", |frame| frame["re"] == "f").await;
    assert_eq!((&page["room"], &page["from"]), (&json!(id), &json!(1)), "{page}");
    let left = of_bob.change(json!({ "t": "leave", "room": "garden", "seen": seq })).await;
    assert_eq!((&left["t"], &left["room"]), (&json!("ack"), &json!(id)), "{left}");

    // A slug that is no room's.
    of_ada.send(json!({ "t": "resume", "id": "n", "cursors": { "no-such-room": null } })).await;
    let sync = of_ada.find("sync", |frame| frame["re"] == "n").await;
    assert_eq!((&sync["room"], &sync["status"]), (&json!("no-such-room"), &json!("not_found")));
    for kind in ["typing", "read"] {
        of_ada.send(json!({ "t": kind, "room": "no-such-room", "on": true, "seq": 1 })).await;
        let error = of_ada.error().await;
        assert_eq!((&error["of"], &error["code"]), (&json!(kind), &json!("not_found")), "{error}");
    }
}

async fn send_with(person: &Person, room: &str, key: &str, seen: u64, message: &str) -> Answer {
    let request = person.request(Method::POST, &messages(room)).header("idempotency-key", key);
    answer(request.json(&json!({ "text": message, "seen": seen }))).await
}

#[tokio::test]
async fn any_uuid_is_a_key_of_a_write() {
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let seen = number(&ada.get("/api/rooms/garden").await.ok()["head"]);
    // Versions 1, 4 and 5, a later and an earlier one with the same low bits, and one in quotes.
    let keys = [
        "c232ab00-9414-11ec-b3c8-9f6bdeced846",
        "919108f7-52d1-4320-9bac-f847db4148a8",
        "2ed6657d-e927-568b-95e1-2665a8aea6a2",
        "f0000000-0000-4000-8000-000000000001",
        "10000000-0000-4000-8000-000000000001",
        "\"00000000-0000-4000-8000-00000000000a\"",
        "0192f4e0-7c00-7000-8000-000000000001",
    ];
    for (n, key) in keys.iter().enumerate() {
        let message = format!("message {n}");
        let first = send_with(&ada, "garden", key, seen, &message).await.ok();
        let again = send_with(&ada, &id, key, seen, &message).await.ok();
        assert_eq!((&again["seq"], &again["dup"]), (&first["seq"], &json!(true)), "{key}");
    }
    assert_eq!(history(&ada, &id).await.len(), keys.len());
    send_with(&ada, "garden", "no-uuid", seen, "x").await.refused(400, "bad_request");

    // A new room and a notification, too.
    let create = async || {
        let request = ada.request(Method::POST, "/api/rooms").header("idempotency-key", keys[1]);
        answer(request.json(&json!({ "id": "tea", "name": "Tea" }))).await
    };
    assert_eq!(create().await.ok()["id"], create().await.ok()["id"]);
    let bob = Person::register(&server, "bob").await;
    // The last one was made long ago, according to itself.
    for key in [keys[0], keys[1], keys[6]] {
        let post = async || {
            let request = ada.request(Method::POST, "/api/notifications").header("idempotency-key", key);
            answer(request.json(&json!({ "user_id": bob.id, "title": "Once" }))).await
        };
        let (first, again) = (post().await, post().await);
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200), "{key}: {}", again.text());
        assert_eq!(first.ok()["key"], again.ok()["key"], "{key}");
    }
    let page = bob.get("/api/notifications/me").await.ok();
    assert_eq!(page["items"].as_array().expect("a page").len(), 3, "{page}");
}

fn part(bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec()).file_name("plan.txt")
}

async fn upload(person: &Person, form: Form) -> Answer {
    answer(person.request(Method::POST, "/api/files/upload").multipart(form)).await
}

#[tokio::test]
async fn a_file_may_come_before_its_room_in_the_form() {
    let server = with_limits(&[("UPLOAD_BYTES", 100_000)]).start().await;
    let ada = Person::register(&server, "ada").await;
    let eve = Person::register(&server, "eve").await;
    room(&ada, "garden").await;
    let secret = private_room(&ada, "Secret").await;
    let bytes = vec![b'x'; 90_000];

    let stored = upload(&ada, Form::new().part("file", part(&bytes)).text("room_id", "garden")).await.ok();
    assert_eq!((&stored["size"], &stored["name"]), (&json!(90_000), &json!("plan.txt")));
    let download = ada.get(&format!("/api/files/{}/download", text(&stored["id"]))).await;
    assert_eq!(download.bytes, bytes);
    let (_, photo) = crate::files::photo();
    for (original, metadata) in [("true", "kept"), ("false", "removed")] {
        let picture = Form::new().part("file", Part::bytes(photo.clone()).file_name("a.png"));
        let form = picture.text("original", original).text("room_id", secret.clone());
        assert_eq!(upload(&ada, form).await.ok()["metadata"], metadata, "what follows the file counts, too");
    }

    // Nothing is stored for a room that the caller may not write in, nor without one, nor over the limit.
    let file = || Form::new().part("file", part(&bytes));
    upload(&eve, file().text("room_id", secret)).await.refused(404, "not_found");
    upload(&eve, file().text("room_id", "garden")).await.refused(403, "forbidden");
    upload(&ada, file()).await.refused(400, "bad_request");
    upload(&ada, Form::new().text("room_id", "garden")).await.refused(400, "bad_request");
    upload(&ada, file().part("file", part(b"x")).text("room_id", "garden")).await.refused(400, "bad_request");
    let large = Form::new().part("file", part(&vec![b'x'; 150_000])).text("room_id", "garden");
    upload(&ada, large).await.refused(413, "too_large");
    let json = ada.post("/api/files/upload", json!({ "room_id": "garden" })).await;
    json.refused(415, "bad_request");
    upload(&Person::nobody(&server), file().text("room_id", "garden")).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn health_is_below_the_path_of_each_function() {
    let server = Server::start().await;
    let nobody = Person::nobody(&server);
    let report = nobody.get("/health").await.ok();
    for function in ["auth", "rooms", "chat/rooms", "presence", "notifications", "files"] {
        let get = async |rest: &str| nobody.get(&format!("/api/{function}/health{rest}")).await.ok();
        assert_eq!(get("").await["checks"], report["checks"], "{function}");
        assert_eq!((get("/live").await, get("/ready").await), (json!({ "status": "ok" }), json!({ "status": "ok" })));
    }
}

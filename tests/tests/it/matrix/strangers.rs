//! What somebody without access gets: a user who was never in a room, and users who were and left, were kicked or banned.
//! Over REST and as frames; of messages, of real files, and of notifications.

use serde_json::{Value, json};
use tests::person::{Person, answer};
use tests::server::Server;
use tests::socket::{Next, Socket};

use super::{call, routes, values};
use crate::setup::{bring_in, generous, history, messages, number, private_room, say, text};

/// What is said in a room without them. No answer that they get may contain it.
const SECRET: &str = "said without them";
/// The name of the file that is sent without them.
const SECRET_FILE: &str = "secret-plan.png";

/// A private room, its owner, and everybody who has no access to it now.
struct Scene {
    ada: Person,
    room: String,
    /// The seq of a message that nobody of them may see.
    secret: u64,
    /// A picture that was sent without them, and one that is not sent yet.
    files: [String; 2],
    outsiders: Vec<(&'static str, Person, Option<Socket>)>,
}

fn picture() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(900, 600, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("it can be encoded");
    bytes.into_inner()
}

async fn scene(server: &Server) -> Scene {
    let ada = Person::register(server, "ada").await;
    let room = private_room(&ada, "Secret").await;
    say(&ada, &room, "said before").await;
    let mut outsiders = vec![("never a member", Person::register(server, "stranger").await, None)];
    for (how, name) in [("left", "leaver"), ("kicked", "kicked"), ("banned", "banned"), ("invited no more", "guest")] {
        let person = Person::register(server, name).await;
        let mut socket = None;
        if how != "invited no more" {
            bring_in(&ada, &room, &person).await;
            say(&person, &room, &format!("{name} was here")).await;
            let mut follows = person.connect().await;
            follows.follow(&room).await;
            socket = Some(follows);
        }
        let body = json!({ "user": person.id });
        match how {
            "left" => drop(person.post(&format!("/api/rooms/{room}/leave"), json!({})).await.ok()),
            "kicked" => drop(ada.post(&format!("/api/rooms/{room}/kick"), body).await.ok()),
            "banned" => drop(ada.post(&format!("/api/rooms/{room}/ban"), body).await.ok()),
            _ => {
                ada.post(&format!("/api/rooms/{room}/invite"), body.clone()).await.ok();
                ada.post(&format!("/api/rooms/{room}/kick"), body).await.ok();
            }
        }
        outsiders.push((how, person, socket));
    }

    let mut files = Vec::new();
    for name in [SECRET_FILE, "unsent.png"] {
        files.push(text(&ada.upload(&room, name, "image/png", picture()).await.ok()["id"]));
    }
    let message = json!({ "text": SECRET, "files": [files[0]] });
    let secret = number(&ada.post(&messages(&room), message).await.ok()["seq"]);
    ada.put(&format!("/api/rooms/{room}/pins/{secret}"), json!({})).await.ok();
    ada.post(&format!("{}/{secret}/reactions", messages(&room)), json!({ "emoji": "👍", "on": true })).await.ok();
    ada.post(&messages(&room), json!({ "text": SECRET, "thread": secret, "reply_to": secret })).await.ok();
    Scene { ada, room, secret, files: files.try_into().expect("two"), outsiders }
}

#[track_caller]
fn hides(what: &str, said: &str) {
    assert!(!said.contains(SECRET) && !said.contains(SECRET_FILE), "{what} reveals it: {said}");
}

#[tokio::test]
async fn no_route_tells_or_lets_outsiders_change_what_happened_without_them() {
    let server = generous().start().await;
    let scene = scene(&server).await;
    let before = history(&scene.ada, &scene.room).await;
    let seq = scene.secret.to_string();
    for (how, person, _) in &scene.outsiders {
        for route in routes(&server).await {
            let is_of_room = route.path.contains("{room}") || route.path.contains("{room_id}");
            // Joining again is what an invitation or a public room is for; they have neither.
            if !is_of_room {
                continue;
            }
            let values = values(&scene.room, &scene.ada.id).map(|(name, value)| match name {
                "seq" => (name, seq.as_str()),
                _ => (name, value),
            });
            let answer = call(person, &route, &values).await;
            let what = format!("{} {}, {how}", route.method, route.path);
            hides(&what, &answer.text());
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.text());
            // To leave a room without being in it changes nothing, and marks and settings belong to the caller.
            let is_own = ["/leave", "/read", "/settings"].iter().any(|end| route.path.ends_with(end));
            if route.method != reqwest::Method::GET && !is_own {
                assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.text());
            }
        }
        for path in [
            format!("{}?after=0&limit=200", messages(&scene.room)),
            format!("{}?around={}", messages(&scene.room), scene.secret),
            format!("/api/files?room_id={}&limit=100", scene.room),
            "/api/rooms?limit=100".to_owned(),
            "/api/rooms/directory?q=Secret".to_owned(),
        ] {
            let answer = person.get(&path).await;
            hides(&format!("GET {path}, {how}"), &answer.text());
        }
    }
    assert_eq!(history(&scene.ada, &scene.room).await, before, "an outsider changed the room");
}

#[tokio::test]
async fn no_outsider_gets_the_bytes_of_a_file() {
    let server = generous().start().await;
    let scene = scene(&server).await;
    let unknown = uuid::Uuid::now_v7().to_string();
    for (how, person, _) in &scene.outsiders {
        for file in &scene.files {
            for rest in ["", "/download", "/thumbnail"] {
                let secret = person.get(&format!("/api/files/{file}{rest}")).await;
                let none = person.get(&format!("/api/files/{unknown}{rest}")).await;
                assert_eq!((secret.status, &secret.body["code"]), (none.status, &none.body["code"]), "{rest}, {how}");
                assert_eq!(secret.status, 404, "{rest}, {how}: {}", secret.text());
                let part = person.request(reqwest::Method::GET, &format!("/api/files/{file}{rest}"));
                assert_eq!(answer(part.header("range", "bytes=0-9")).await.status, 404, "{rest}, {how}");
            }
            for (method, path, body) in [
                (reqwest::Method::DELETE, format!("/api/files/{file}"), None),
                (reqwest::Method::POST, format!("/api/files/{file}/complete"), Some(json!({}))),
            ] {
                let request = person.request(method.clone(), &path);
                let request = if let Some(body) = body { request.json(&body) } else { request };
                assert!(answer(request).await.status.is_client_error(), "{method} {path}, {how}");
            }
        }
        // Nor can they send it in a room of their own, or upload into this one.
        let own = private_room(person, "Own").await;
        for file in &scene.files {
            let stolen = person.post(&messages(&own), json!({ "text": "", "files": [file] })).await;
            assert!(stolen.status.is_client_error(), "{how}: {}", stolen.text());
        }
        let upload = person.upload(&scene.room, "x.txt", "text/plain", b"x".to_vec()).await;
        assert!(upload.status.is_client_error(), "{how}: {}", upload.text());
    }
    // The owner still has all of it.
    for rest in ["", "/download", "/thumbnail"] {
        let answer = scene.ada.get(&format!("/api/files/{}{rest}", scene.files[0])).await;
        assert!(answer.status.is_success(), "{rest}: {}", answer.status);
    }
}

#[tokio::test]
async fn no_frame_tells_or_lets_outsiders_change_what_happened_without_them() {
    let server = generous().start().await;
    let mut scene = scene(&server).await;
    let before = history(&scene.ada, &scene.room).await;
    let outsiders = std::mem::take(&mut scene.outsiders);
    for (how, person, followed) in outsiders {
        // What followed the room before they were gone has heard nothing since.
        if let Some(mut socket) = followed {
            socket.send(json!({ "t": "ping", "id": "last" })).await;
            let heard = until_pong(&mut socket).await;
            heard.iter().for_each(|frame| hides(&format!("the open socket, {how}"), &frame.to_string()));
        }

        let mut socket = person.connect().await;
        let (room, target) = (&scene.room, scene.secret);
        for frame in reads(room, target, &scene.ada.id) {
            socket.send(frame).await;
        }
        for mut frame in changes(room, target) {
            let id = uuid::Uuid::now_v7().to_string();
            frame["id"] = json!(id);
            socket.send(frame.clone()).await;
            let answer = answer_of(&mut socket, &id, how).await;
            // To leave a room without being in it changes nothing.
            let may_pass = frame["t"] == "leave" && answer["noop"] == true;
            assert!(answer["t"] == "error" || may_pass, "{how}: {frame} got {answer}");
        }
        // Something happens while they may be following.
        say(&scene.ada, &scene.room, SECRET).await;
        socket.send(json!({ "t": "ping", "id": "last" })).await;
        let heard = until_pong(&mut socket).await;
        heard.iter().for_each(|frame| hides(&format!("a frame, {how}"), &frame.to_string()));
    }
    let now = history(&scene.ada, &scene.room).await;
    assert_eq!(now[..before.len()], before[..], "an outsider changed the room");
    assert!(now.iter().all(|message| message["text"] != "let me in"));
}

/// Returns frames that ask for something about a room, or tell its members something.
fn reads(room: &str, target: u64, other: &str) -> Vec<Value> {
    vec![
        json!({ "t": "resume", "id": "r", "cursors": { room: null } }),
        json!({ "t": "resume", "id": "r", "cursors": { room: 0 } }),
        json!({ "t": "resume", "id": "r", "cursors": { room: target - 1 } }),
        json!({ "t": "fill", "id": "f", "room": room, "after": 0 }),
        json!({ "t": "fill", "id": "f", "room": room, "after": target - 1 }),
        json!({ "t": "read", "room": room, "seq": target }),
        json!({ "t": "typing", "room": room, "on": true }),
        json!({ "t": "watch", "users": [other] }),
    ]
}

/// Returns frames that would change a room.
fn changes(room: &str, target: u64) -> Vec<Value> {
    vec![
        json!({ "t": "send", "room": room, "text": "let me in", "seen": target }),
        json!({ "t": "edit", "room": room, "target": target, "text": "changed", "seen": target }),
        json!({ "t": "delete", "room": room, "target": target, "seen": target }),
        json!({ "t": "react", "room": room, "target": target, "emoji": "👍", "on": true, "seen": target }),
        json!({ "t": "join", "room": room, "seen": target }),
        json!({ "t": "leave", "room": room, "seen": target }),
    ]
}

/// Frames that concern the connection itself, and no room.
const OF_THE_CONNECTION: [&str; 4] = ["hello", "auth", "ping", "pong"];

#[test]
fn every_frame_of_the_protocol_is_in_the_matrix() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../docs/protocol/client-frame.schema.json")).expect("JSON");
    let kinds = schema["oneOf"].as_array().expect("each kind of frame has a schema");
    let mut documented: Vec<String> = kinds.iter().map(|kind| text(&kind["properties"]["t"]["const"])).collect();
    let mut tested: Vec<String> = OF_THE_CONNECTION.map(str::to_owned).to_vec();
    tested.extend(reads("r", 1, "u").into_iter().chain(changes("r", 1)).map(|frame| text(&frame["t"])));
    documented.sort();
    tested.sort();
    tested.dedup();
    assert_eq!(documented, tested);
}

#[tokio::test]
async fn no_frame_is_answered_before_somebody_has_signed_in() {
    let server = generous().start().await;
    let scene = scene(&server).await;
    let before = history(&scene.ada, &scene.room).await;
    let mut frames = reads(&scene.room, scene.secret, &scene.ada.id);
    frames.extend(changes(&scene.room, scene.secret));
    frames.push(json!({ "t": "ping", "id": "p" }));
    frames.push(json!({ "t": "auth", "id": "a", "token": "nobody's" }));
    for mut frame in frames {
        frame["id"] = json!(uuid::Uuid::now_v7().to_string());
        let mut socket = Socket::silent(&server.websocket()).await;
        socket.send(frame.clone()).await;
        loop {
            match socket.next().await {
                Next::Frame(answer) => assert_eq!(answer["t"], "error", "{frame} got {answer}"),
                Next::Closed(code) => {
                    assert!((4000..5000).contains(&code), "{frame} ended with {code}");
                    break;
                }
            }
        }
    }
    assert_eq!(history(&scene.ada, &scene.room).await, before);
}

/// Returns the answer to a change, and checks every frame before it.
async fn answer_of(socket: &mut Socket, id: &str, how: &str) -> Value {
    loop {
        match socket.next().await {
            Next::Frame(frame) => {
                hides(&format!("a frame, {how}"), &frame.to_string());
                if frame["id"] == id && (frame["t"] == "ack" || frame["t"] == "error") {
                    return frame;
                }
            }
            Next::Closed(code) => panic!("closed with {code}"),
        }
    }
}

/// Returns all frames until the answer to a ping; none if the socket was closed.
async fn until_pong(socket: &mut Socket) -> Vec<Value> {
    let mut frames = Vec::new();
    loop {
        match socket.next().await {
            Next::Frame(frame) if frame["t"] == "pong" => return frames,
            Next::Frame(frame) => frames.push(frame),
            Next::Closed(_) => return frames,
        }
    }
}

#[tokio::test]
async fn notifications_are_their_owners_alone() {
    let server = generous().start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let eve = Person::register(&server, "eve").await;
    let room = private_room(&ada, "Secret").await;
    bring_in(&ada, &room, &bob).await;
    say(&ada, &room, &format!("@bob {SECRET}")).await;
    let list = format!("/api/notifications/{}?limit=50", bob.id);
    let mention = tests::wait::until("the mention", async || {
        let page = bob.get(&list).await.ok();
        page["items"].as_array()?.iter().find(|one| one["kind"] == "mention").cloned()
    })
    .await;
    let key = text(&mention["key"]);

    // Whatever they name: his list by his id, and one of his notifications by its key.
    let before = bob.get(&list).await.ok();
    for route in routes(&server).await.into_iter().filter(|route| route.path.starts_with("/api/notifications/")) {
        for named in [bob.id.as_str(), key.as_str()] {
            let answer = call(
                &eve,
                &route,
                &values(&room, &bob.id).map(|(name, value)| match name {
                    "key" | "id" => (name, named),
                    _ => (name, value),
                }),
            )
            .await;
            let what = format!("{} {}", route.method, route.path);
            hides(&what, &answer.text());
            assert!(!answer.text().contains(&key) || named == key, "{what}: {}", answer.text());
            assert!(!answer.status.is_server_error(), "{what}: {}", answer.text());
            if named == bob.id {
                assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.text());
            }
        }
    }
    assert_eq!(bob.get(&list).await.ok(), before, "somebody else changed his notifications");
    let unread = bob.get(&format!("/api/notifications/{}/unread-count", bob.id)).await.ok();
    assert!(unread["unread"].as_u64().or(unread["count"].as_u64()) >= Some(1), "{unread}");
}

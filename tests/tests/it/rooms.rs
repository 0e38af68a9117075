//! Tests who may see, join and moderate a room, and what members hear of it.

use serde_json::{Value, json};
use tests::person::{Answer, Person};
use tests::server::Server;
use tests::wait;

use crate::setup::{bring_in, generous, history, join, messages, number, private_room, room, say, text, texts};

async fn act(person: &Person, room: &str, verb: &str, on: &Person) -> Answer {
    // Only a mute uses the length.
    person.post(&format!("/api/rooms/{room}/{verb}"), json!({ "user": on.id, "seconds": 60 })).await
}

/// Checks everything of a room that a user who may not see it could request.
async fn sees_nothing(person: &Person, room: &str) {
    for path in ["", "/members", "/messages"] {
        person.get(&format!("/api/rooms/{room}{path}")).await.refused(404, "not_found");
    }
    person.post(&messages(room), json!({ "text": "hi" })).await.refused(404, "not_found");
    person.post(&format!("/api/rooms/{room}/join"), json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_public_room_is_found_read_and_joined_by_any_user() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    say(&ada, &id, "welcome").await;

    let directory = bob.get("/api/rooms/directory").await.ok();
    let found =
        directory["items"].as_array().unwrap().iter().find(|room| room["slug"] == "garden").expect("it is listed");
    assert_eq!((&found["id"], &found["joined"]), (&json!(id), &json!(false)));
    assert_eq!(texts(&bob, "garden").await, ["welcome"], "its slug works like its id");

    bob.post(&messages(&id), json!({ "text": "hi" })).await.refused(403, "forbidden");
    join(&bob, "garden").await;
    say(&bob, &id, "hi").await;
    let again = bob.post(&format!("/api/rooms/{id}/join"), json!({})).await.ok();
    assert_eq!((&again["noop"], &again["seq"]), (&json!(true), &Value::Null));
}

/// Returns the ids in the caller's list of rooms.
async fn listed(person: &Person) -> Vec<String> {
    let page = person.get("/api/rooms").await.ok();
    page["items"].as_array().expect("a list").iter().map(|room| text(&room["id"])).collect()
}

#[tokio::test]
async fn what_a_user_did_with_a_room_is_in_their_list_at_once() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    for n in 0..10 {
        let id = room(&ada, &format!("garden{n}")).await;
        assert!(listed(&ada).await.contains(&id), "after the creation");
        join(&bob, &id).await;
        assert!(listed(&bob).await.contains(&id), "after joining");
        bob.post(&format!("/api/rooms/{id}/leave"), json!({})).await.ok();
        assert!(!listed(&bob).await.contains(&id), "after leaving");
        join(&bob, &id).await;
        assert!(listed(&bob).await.contains(&id), "after joining again");
    }
    let direct = ada.post("/api/rooms/direct", json!({ "user": bob.id })).await.ok();
    assert!(listed(&ada).await.contains(&text(&direct["id"])), "after opening a direct room");
    let same = bob.post("/api/rooms/direct", json!({ "user": ada.id })).await.ok();
    assert_eq!(same["id"], direct["id"]);
    assert!(listed(&bob).await.contains(&text(&direct["id"])), "for the other one as well");

    let socket_room = room(&ada, "pond").await;
    let mut socket = bob.connect().await;
    let id = uuid::Uuid::now_v7().to_string();
    socket.send(json!({ "t": "join", "room": socket_room, "id": id, "seen": 0 })).await;
    assert_eq!(socket.answer_to(&id).await["t"], "ack");
    assert!(listed(&bob).await.contains(&socket_room), "after joining on a socket");
}

#[tokio::test]
async fn a_rejoin_counts_nothing_before_it_as_unread() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    for round in 0..3 {
        join(&bob, &id).await;
        bob.post(&format!("/api/rooms/{id}/leave"), json!({})).await.ok();
        for n in 0..3 {
            say(&ada, &id, &format!("round {round}, {n}")).await;
        }
        join(&bob, &id).await;
        let page = bob.get("/api/rooms").await.ok();
        let row =
            page["items"].as_array().unwrap().iter().find(|row| row["id"] == id.as_str()).expect("listed").clone();
        assert_eq!((&row["read_n"], &row["state"]), (&row["n"], &json!("joined")), "{row}");
    }
}

#[tokio::test]
async fn the_rooms_are_also_under_the_longer_path() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    assert_eq!(ada.get(&format!("/api/chat/rooms/{id}")).await.ok(), ada.get(&format!("/api/rooms/{id}")).await.ok());
}

#[tokio::test]
async fn a_slug_is_taken_once_and_never_for_a_private_room() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    room(&ada, "garden").await;
    let again = json!({ "id": "garden", "name": "Another", "kind": "public" });
    ada.post("/api/rooms", again).await.refused(409, "conflict");
    let private = json!({ "id": "secret", "name": "Secret", "kind": "private" });
    ada.post("/api/rooms", private).await.refused(400, "bad_request");
    for slug in ["", "../x", "a b", "A\u{0}", "x".repeat(65).as_str(), "@me"] {
        let body = json!({ "id": slug, "name": "Room", "kind": "public" });
        let answer = ada.post("/api/rooms", body).await;
        assert_eq!(answer.body["code"], "bad_request", "{slug:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_private_room_is_invisible_until_an_invitation() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let (bob, eve) = (Person::register(&server, "bob").await, Person::register(&server, "eve").await);
    let id = private_room(&ada, "Secret").await;
    say(&ada, &id, "before bob").await;
    sees_nothing(&bob, &id).await;
    let directory = bob.get("/api/rooms/directory").await.ok();
    assert!(!directory.to_string().contains("Secret"), "{directory}");

    act(&ada, &id, "invite", &bob).await.ok();
    bob.post(&messages(&id), json!({ "text": "not yet" })).await.refused(403, "forbidden");
    join(&bob, &id).await;
    assert_eq!(texts(&bob, &id).await, ["before bob"], "the past is shown on joining");
    sees_nothing(&eve, &id).await;
}

#[tokio::test]
async fn an_invitation_can_be_declined() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = private_room(&ada, "Secret").await;
    act(&ada, &id, "invite", &bob).await.ok();
    bob.post(&format!("/api/rooms/{id}/leave"), json!({})).await.ok();
    for path in ["", "/members", "/messages"] {
        bob.get(&format!("/api/rooms/{id}{path}")).await.refused(404, "not_found");
    }
    bob.post(&messages(&id), json!({ "text": "hi" })).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_room_that_hides_its_past_shows_what_follows_the_join() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let body = json!({ "name": "Board", "kind": "private", "hides_past": true });
    let id = text(&ada.post("/api/rooms", body).await.ok()["id"]);
    say(&ada, &id, "about bob").await;
    bring_in(&ada, &id, &bob).await;
    say(&ada, &id, "welcome").await;
    assert_eq!(texts(&bob, &id).await, ["welcome"]);

    let mut socket = bob.connect().await;
    socket.send(json!({ "t": "resume", "id": "r1", "cursors": { id.as_str(): 0 } })).await;
    let sync = socket.find("sync", |sync| sync["re"] == "r1").await;
    assert!(!sync.to_string().contains("about bob"), "{sync}");
}

#[tokio::test]
async fn roles_decide_who_may_remove_a_member() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let (bob, eve) = (Person::register(&server, "bob").await, Person::register(&server, "eve").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    join(&eve, &id).await;

    for verb in ["kick", "ban", "mute"] {
        act(&bob, &id, verb, &eve).await.refused(403, "forbidden");
    }
    let role = json!({ "role": "moderator" });
    let path = |person: &Person| format!("/api/rooms/{id}/members/{}", person.id);
    bob.patch(&path(&bob), role.clone()).await.refused(403, "forbidden");
    ada.patch(&path(&bob), role).await.ok();
    act(&bob, &id, "kick", &ada).await.refused(403, "forbidden");
    act(&bob, &id, "kick", &eve).await.ok();
    eve.post(&messages(&id), json!({ "text": "hi" })).await.refused(403, "forbidden");
    join(&eve, &id).await;

    act(&bob, &id, "ban", &eve).await.ok();
    assert!(eve.post(&format!("/api/rooms/{id}/join"), json!({})).await.status.is_client_error());
    assert!(eve.post(&messages(&id), json!({ "text": "hi" })).await.status.is_client_error());
    act(&bob, &id, "unban", &eve).await.ok();
    join(&eve, &id).await;
}

#[tokio::test]
async fn a_muted_member_can_only_read() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    ada.post(&format!("/api/rooms/{id}/mute"), json!({ "user": bob.id, "seconds": 3600 })).await.ok();
    bob.post(&messages(&id), json!({ "text": "hi" })).await.refused(403, "muted");
    say(&ada, &id, "quiet, isn't it").await;
    assert_eq!(texts(&bob, &id).await, ["quiet, isn't it"]);
    act(&ada, &id, "unmute", &bob).await.ok();
    say(&bob, &id, "back").await;
}

#[tokio::test]
async fn a_retry_after_a_mute_gets_its_first_answer() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let mut socket = bob.connect().await;
    let seen = number(&socket.follow(&id).await["head"]);
    let send = json!({ "t": "send", "id": uuid::Uuid::now_v7().to_string(), "room": id, "text": "said in time", "seen": seen });
    socket.send(send.clone()).await;
    let first = socket.answer_to(text(&send["id"]).as_str()).await;
    act(&ada, &id, "mute", &bob).await.ok();

    socket.send(send.clone()).await;
    let again = socket.answer_to(text(&send["id"]).as_str()).await;
    assert_eq!((&again["t"], &again["seq"], &again["dup"]), (&json!("ack"), &first["seq"], &json!(true)), "{again}");
    assert_eq!(socket.say(&id, "said too late", seen).await["code"], "muted");
    assert_eq!(texts(&ada, &id).await, ["said in time"]);
}

#[tokio::test]
async fn a_thousand_rooms_are_listed_and_followed() {
    const ROOMS: usize = 1_000;
    let server = generous().start().await;
    let ada = Person::register(&server, "ada").await;
    let mut ids = std::collections::BTreeSet::new();
    // A few at a time, like a script; one at a time would mostly wait for the disk.
    for tens in 0..ROOMS / 10 {
        let rooms = (0..10).map(|unit| {
            let body = json!({ "name": format!("Room {}", tens * 10 + unit), "kind": "private" });
            let ada = ada.clone();
            async move { ada.post("/api/rooms", body).await.ok() }
        });
        ids.extend(futures_util::future::join_all(rooms).await.iter().map(|room| text(&room["id"])));
    }
    assert_eq!(ids.len(), ROOMS);

    // The feed writes the rows, one commit at a time; once it has caught up, the list is complete.
    wait::until_within(6 * wait::PATIENCE, "all rooms in the list", async || {
        let mut socket = ada.connect().await;
        let mut listed = std::collections::BTreeSet::new();
        loop {
            let page = socket.frame("rooms").await;
            listed.extend(page["rooms"].as_array()?.iter().map(|room| text(&room["id"])));
            if page["more"] == false {
                break;
            }
        }
        (listed == ids).then_some(())
    })
    .await;

    let one_more = ada.post("/api/rooms", json!({ "name": "One more", "kind": "private" })).await;
    assert!(one_more.status.is_client_error(), "{} {}", one_more.status, one_more.text());

    let mut socket = ada.connect().await;
    let cursors: serde_json::Map<String, Value> = ids.iter().map(|id| (id.clone(), Value::Null)).collect();
    socket.send(json!({ "t": "resume", "id": "all", "cursors": cursors })).await;
    let mut answered = std::collections::BTreeSet::new();
    while answered.len() < ROOMS {
        let sync = socket.find("sync", |sync| sync["re"] == "all").await;
        assert_eq!(sync["status"], "reset");
        answered.insert(text(&sync["room"]));
    }
    assert_eq!(answered, ids);
    let last = ids.last().expect("there are rooms");
    say(&ada, last, "still live").await;
    socket.find("event", |event| event["text"] == "still live").await;
}

#[tokio::test]
async fn a_removed_member_receives_nothing_more() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = private_room(&ada, "Secret").await;
    bring_in(&ada, &id, &bob).await;
    let mut socket = bob.connect().await;
    socket.follow(&id).await;
    say(&ada, &id, "with bob").await;
    socket.find("event", |event| event["text"] == "with bob").await;

    act(&ada, &id, "kick", &bob).await.ok();
    let removal = socket.find("event", |event| event["kind"] == "member" && event["room"] == id.as_str()).await;
    assert_eq!((&removal["state"], &removal["user"]["id"]), (&json!("kicked"), &json!(bob.id)));
    say(&ada, &id, "without bob").await;
    let refused = socket.say(&id, "still here?", number(&removal["seq"])).await;
    assert_eq!(refused["t"], "error", "{refused}");

    socket.send(json!({ "t": "resume", "id": "r2", "cursors": { id.as_str(): 1 } })).await;
    let mut seen = Vec::new();
    loop {
        let frame = socket.find("sync", |sync| sync["re"] == "r2").await;
        seen.push(frame.to_string());
        if frame["status"] == "forbidden" {
            break;
        }
        let through = number(&frame["through"]);
        socket.send(json!({ "t": "fill", "id": "r2", "room": id, "after": through })).await;
    }
    assert!(!seen.concat().contains("without bob"), "{seen:#?}");
}

#[tokio::test]
async fn a_direct_room_is_shared_by_its_two_users_only() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let (bob, eve) = (Person::register(&server, "bob").await, Person::register(&server, "eve").await);
    let (one, other) = tokio::join!(
        ada.post("/api/rooms/direct", json!({ "user": "bob" })),
        bob.post("/api/rooms/direct", json!({ "user": ada.id })),
    );
    let (one, other) = (one.ok(), other.ok());
    assert_eq!(one["id"], other["id"]);
    assert_eq!(one["with"]["name"], "bob");
    let id = text(&one["id"]);
    say(&ada, &id, "psst").await;
    assert_eq!(texts(&bob, &id).await, ["psst"]);
    sees_nothing(&eve, &id).await;
    assert!(
        ada.post(&format!("/api/rooms/{id}/leave"), json!({})).await.status.is_client_error(),
        "it can only be hidden"
    );
    ada.post("/api/rooms/direct", json!({ "user": "nobody-of-this-name" })).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_archived_room_is_read_only() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    say(&ada, &id, "last words").await;
    ada.post(&format!("/api/rooms/{id}/archive"), json!({})).await.ok();
    let answer = ada.post(&messages(&id), json!({ "text": "hello?" })).await;
    assert_eq!(answer.body["code"], "archived", "{}", answer.text());
    assert_eq!(history(&ada, &id).await.len(), 1);
}

#[tokio::test]
async fn a_room_joined_on_one_device_shows_on_the_other() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    let mut phone = bob.connect().await;
    let me = number(&phone.frame("rooms").await["me"]);
    phone.catch_up("@me", me).await;
    join(&bob, &id).await;
    let added = phone.find("event", |event| event["room"] == "@me" && event["kind"] == "room").await;
    assert_eq!(
        (&added["op"], &added["entry"]["id"], &added["entry"]["state"]),
        (&json!("set"), &json!(id), &json!("joined"))
    );
}

#[tokio::test]
async fn a_read_mark_clears_what_is_unread_on_every_device() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let (mut phone, mut desk) = (bob.connect().await, bob.connect().await);
    phone.follow(&id).await;
    desk.follow(&id).await;
    for text in ["one", "two", "three"] {
        say(&ada, &id, text).await;
    }
    let last = phone.find("event", |event| event["text"] == "three").await;
    phone.send(json!({ "t": "read", "room": id, "seq": last["seq"] })).await;
    let receipt = desk.find("receipt", |receipt| receipt["user"] == bob.id.as_str()).await;
    assert_eq!(receipt["seq"], last["seq"]);

    // A client that connects next receives the mark, not the count.
    let mut later = bob.connect().await;
    let rooms = later.frame("rooms").await;
    let entry = rooms["rooms"].as_array().unwrap().iter().find(|room| room["id"] == id.as_str()).unwrap();
    assert_eq!(number(&entry["n"]) - number(&entry["read_n"]), 0, "{entry}");
}

/// Waits until a room is in the room list, which follows the room's log by a moment.
async fn is_listed(person: &Person, room: &str) {
    wait::until("the room in the list", async || {
        let page = person.get("/api/rooms?limit=100").await.ok();
        page["items"].as_array()?.iter().any(|line| line["id"] == room).then_some(())
    })
    .await;
}

/// Returns how many messages of a room are unread, according to the room list.
async fn unread(person: &Person, room: &str) -> u64 {
    let page = person.get("/api/rooms?limit=100").await.ok();
    let lines = page["items"].as_array().expect("a page has items");
    let line = lines.iter().find(|line| line["id"] == room).unwrap_or_else(|| panic!("{room} is not listed: {page}"));
    number(&line["n"]) - number(&line["read_n"])
}

#[tokio::test]
async fn nothing_is_unread_after_joining() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let public = room(&ada, "garden").await;
    let private = private_room(&ada, "Shed").await;
    for text in ["one", "two", "@bob three"] {
        say(&ada, &public, text).await;
        say(&ada, &private, text).await;
    }

    join(&bob, &public).await;
    bring_in(&ada, &private, &bob).await;
    is_listed(&bob, &public).await;
    is_listed(&bob, &private).await;
    assert_eq!((unread(&bob, &public).await, unread(&bob, &private).await), (0, 0));
    let direct = bob.post("/api/rooms/direct", json!({ "user": ada.id })).await.ok();
    let direct = text(&direct["id"]);
    is_listed(&ada, &direct).await;
    assert_eq!(unread(&ada, &direct).await, 0);

    // Later messages count, and joining again resets the count.
    say(&ada, &public, "four").await;
    wait::until("one unread message", async || (unread(&bob, &public).await == 1).then_some(())).await;
    bob.post(&format!("/api/rooms/{public}/leave"), json!({})).await.ok();
    say(&ada, &public, "five").await;
    join(&bob, &public).await;
    wait::until("none after joining again", async || (unread(&bob, &public).await == 0).then_some(())).await;
}

//! Tests who is notified of what, once.

use serde_json::{Value, json};
use tests::person::Person;
use tests::server::Server;
use tests::socket::Socket;
use tests::wait;

use crate::setup::{history, join, messages, number, room, say, text};

async fn list(person: &Person) -> Vec<Value> {
    let page = person.get(&format!("/api/notifications/{}?limit=50", person.id)).await.ok();
    page["items"].as_array().expect("a page has items").clone()
}

/// Waits until there are this many notifications, and returns them.
async fn when_there_are(person: &Person, count: usize) -> Vec<Value> {
    wait::until("the notifications", async || {
        let all = list(person).await;
        (all.len() >= count).then_some(all)
    })
    .await
}

async fn follow_own_log(person: &Person) -> Socket {
    let mut socket = person.connect().await;
    let me = number(&socket.frame("rooms").await["me"]);
    socket.catch_up("@me", me).await;
    socket
}

#[tokio::test]
async fn a_mention_a_reply_and_a_direct_message_notify_once() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let mut socket = follow_own_log(&bob).await;

    say(&ada, &id, "nothing for anybody").await;
    let mention = say(&ada, &id, "look here, @bob").await;
    let live = socket.find("event", |event| event["kind"] == "notification").await;
    assert_eq!(
        (&live["op"], &live["entry"]["kind"], &live["entry"]["seq"]),
        (&json!("added"), &json!("mention"), &json!(mention))
    );
    assert_eq!(live["entry"]["from"]["name"], "ada");

    let his = say(&bob, &id, "what is it?").await;
    ada.post(&messages(&id), json!({ "text": "never mind", "reply_to": his })).await.ok();
    let direct = text(&ada.post("/api/rooms/direct", json!({ "user": "bob" })).await.ok()["id"]);
    say(&ada, &direct, "between us").await;

    let all = when_there_are(&bob, 3).await;
    let mut kinds: Vec<String> = all.iter().map(|one| text(&one["kind"])).collect();
    kinds.sort();
    assert_eq!(kinds, ["direct", "mention", "reply"]);
    assert!(
        list(&ada).await.iter().all(|one| one["kind"] != "mention"),
        "users are not notified of their own messages"
    );
}

#[tokio::test]
async fn a_muted_room_does_not_notify() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let (quiet, loud) = (room(&ada, "quiet").await, room(&ada, "loud").await);
    for room in [&quiet, &loud] {
        join(&bob, room).await;
    }
    bob.patch(&format!("/api/rooms/{quiet}/settings"), json!({ "level": "none" })).await.ok();
    say(&ada, &quiet, "hey @bob").await;
    let shown = say(&ada, &loud, "hey @bob").await;
    // The feed reads rooms concurrently; once the later notification exists, the earlier one would have had time
    // enough.
    let all = when_there_are(&bob, 1).await;
    tokio::time::sleep(wait::QUIET).await;
    assert_eq!(all.iter().map(|one| number(&one["seq"])).collect::<Vec<_>>(), [shown]);
    assert_eq!(list(&bob).await.len(), 1);
}

#[tokio::test]
async fn a_room_can_be_muted_for_a_while() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let eve = Person::register(&server, "eve").await;
    let id = room(&ada, "garden").await;
    for user in [&bob, &eve] {
        join(user, &id).await;
    }
    let set = async |body: Value| bob.patch(&format!("/api/rooms/{id}/settings"), body).await;
    let row = async || {
        let page = bob.get("/api/rooms").await.ok();
        page["items"].as_array().unwrap().iter().find(|row| row["id"] == id.as_str()).expect("listed").clone()
    };
    set(json!({ "level": "mentions" })).await.ok();
    set(json!({ "quiet_seconds": 3_600 })).await.ok();
    assert_eq!(row().await["level"], "mentions", "what holds after the quiet time");
    assert!(row().await["quiet_until"].as_str().is_some_and(|until| until.contains('T')), "{}", row().await);
    say(&ada, &id, "hey @bob, unheard").await;
    // The feed judges by the settings of the moment. It reads one room in order: once it has handled a later message of the
    // room, it has handled this one.
    say(&ada, &id, "hey @eve, heard").await;
    when_there_are(&eve, 1).await;

    set(json!({ "quiet_seconds": 0 })).await.ok();
    assert_eq!(row().await.get("quiet_until"), None);
    let heard = say(&ada, &id, "hey @bob, heard").await;
    let all = when_there_are(&bob, 1).await;
    assert_eq!(all.iter().map(|one| number(&one["seq"])).collect::<Vec<_>>(), [heard]);

    set(json!({ "quiet_seconds": 1 })).await.ok();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    say(&ada, &id, "hey @bob, after the quiet time").await;
    when_there_are(&bob, 2).await;

    set(json!({ "quiet_seconds": 40_000_000 })).await.refused(400, "bad_request");
    set(json!({ "quiet_seconds": -1 })).await.refused(400, "bad_request");
}

#[tokio::test]
async fn read_and_deleted_notifications_do_not_count() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    for _ in 0..3 {
        say(&ada, &id, "hey @bob").await;
    }
    let all = when_there_are(&bob, 3).await;
    let unread = async || number(&bob.get(&format!("/api/notifications/{}/unread-count", bob.id)).await.ok()["unread"]);
    assert_eq!(unread().await, 3);
    let path = |one: &Value, what: &str| format!("/api/notifications/{}{what}", text(&one["key"]));

    bob.patch(&path(&all[0], "/read"), json!({})).await.ok();
    assert_eq!(unread().await, 2);
    bob.patch(&path(&all[0], "/read"), json!({})).await.ok();
    assert_eq!(unread().await, 2);
    assert!(bob.delete(&path(&all[1], "")).await.status.is_success());
    assert_eq!((unread().await, list(&bob).await.len()), (1, 2));
    bob.patch(&format!("/api/notifications/{}/read-all", bob.id), json!({})).await.ok();
    assert_eq!(unread().await, 0);
    let left = bob.get(&format!("/api/notifications/{}?unread_only=true", bob.id)).await.ok();
    assert_eq!(left["items"], json!([]));
}

#[tokio::test]
async fn another_users_notifications_are_out_of_reach() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let (bob, eve) = (Person::register(&server, "bob").await, Person::register(&server, "eve").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    say(&ada, &id, "hey @bob").await;
    let key = text(&when_there_are(&bob, 1).await[0]["key"]);

    let answers = [
        eve.get(&format!("/api/notifications/{}", bob.id)).await,
        eve.get(&format!("/api/notifications/{}/unread-count", bob.id)).await,
        eve.patch(&format!("/api/notifications/{}/read-all", bob.id), json!({})).await,
        eve.patch(&format!("/api/notifications/{key}/read"), json!({})).await,
        eve.delete(&format!("/api/notifications/{key}")).await,
    ];
    for (number, answer) in answers.iter().enumerate() {
        assert!(matches!(answer.status.as_u16(), 403 | 404), "{number}: {} {}", answer.status, answer.text());
    }
    let unread = bob.get(&format!("/api/notifications/{}/unread-count", bob.id)).await.ok();
    assert_eq!(unread["unread"], 1);
    for key in ["", "..", "%2e%2e%2f", "a~b~c", "'; DROP TABLE notif;--"] {
        let answer = bob.patch(&format!("/api/notifications/{key}/read"), json!({})).await;
        assert!(answer.status.is_client_error(), "{key:?}: {}", answer.status);
    }
}

#[tokio::test]
async fn an_admins_notification_arrives_live() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let mut socket = follow_own_log(&bob).await;
    let body = json!({ "user_id": bob.id, "title": "Maintenance", "body": "At nine", "notif_type": "system" });
    ada.post("/api/notifications", body).await.ok();
    let live = socket.find("event", |event| event["kind"] == "notification").await;
    assert_eq!((&live["entry"]["title"], &live["entry"]["body"]), (&json!("Maintenance"), &json!("At nine")));
}

/// Returns the path of one message of a room.
fn one(room: &str, seq: u64) -> String {
    format!("{}/{seq}", messages(room))
}

/// Returns everything that a user receives about notifications, over REST and from the start of the user log.
async fn everything(person: &Person) -> String {
    let events = person.connect().await.catch_up("@me", 0).await;
    let shown: Vec<&Value> = events.iter().filter(|event| event["kind"] == "notification").collect();
    assert!(!shown.is_empty(), "the user log holds notifications");
    format!("{}\n{}", json!(list(person).await), json!(shown))
}

async fn unread(person: &Person) -> u64 {
    number(&person.get(&format!("/api/notifications/{}/unread-count", person.id)).await.ok()["unread"])
}

/// Returns the unread mentions of a room, as in the list.
async fn mentions(person: &Person, room: &str) -> Value {
    let mut socket = person.connect().await;
    let rooms = socket.frame("rooms").await;
    let line = rooms["rooms"].as_array().expect("rooms").iter().find(|line| line["id"] == room).expect("listed");
    line["mentions"].clone()
}

#[tokio::test]
async fn a_deleted_text_is_read_in_no_notification() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let direct = text(&ada.post("/api/rooms/direct", json!({ "user": "bob" })).await.ok()["id"]);
    let his = say(&bob, &id, "what is it?").await;
    let mention = say(&ada, &id, "secret @bob pw=1").await;
    let answer = |text: &str| json!({ "text": text, "reply_to": his });
    let reply = number(&ada.post(&messages(&id), answer("secret reply")).await.ok()["seq"]);
    let between = say(&ada, &direct, "secret between us").await;
    let kept = say(&ada, &id, "kept for @bob").await;
    let read = say(&ada, &id, "secret @bob, read").await;
    let all = when_there_are(&bob, 5).await;
    let key = |seq: u64, room: &str| {
        let of = |one: &&Value| one["seq"] == seq && one["room"] == room;
        text(&all.iter().find(of).expect("there")["key"])
    };
    bob.patch(&format!("/api/notifications/{}/read", key(read, &id)), json!({})).await.ok();
    assert_eq!(unread(&bob).await, 4);
    assert_eq!(all.iter().filter(|one| text(&one["body"]).contains("secret")).count(), 4, "{all:?}");

    let mut socket = follow_own_log(&bob).await;
    for (room, seq) in [(&id, mention), (&id, reply), (&direct, between), (&id, read)] {
        ada.delete(&one(room, seq)).await.ok();
        // At once, whenever the feed processes it.
        let path = format!("/api/notifications/{}?limit=50", bob.id);
        let items = bob.get(&path).await.ok()["items"].as_array().expect("items").clone();
        let shown = items.iter().find(|one| one["seq"] == seq && one["room"] == room.as_str());
        assert!(shown.is_none_or(|one| one["body"] == ""), "{shown:?}");
        let key = key(seq, room);
        socket.find("event", |event| event["op"] == "gone" && event["key"] == key.as_str()).await;
    }
    let left = list(&bob).await;
    assert_eq!(left.iter().map(|one| number(&one["seq"])).collect::<Vec<_>>(), [kept]);
    assert_eq!((unread(&bob).await, left[0]["body"].clone()), (1, json!("kept for @bob")));
    let shown = everything(&bob).await;
    assert!(!shown.contains("secret") && shown.contains("kept for @bob"), "{shown}");
    wait::until("the unread mention", async || (mentions(&bob, &id).await == json!([kept])).then_some(())).await;
}

#[tokio::test]
async fn notifications_show_the_edited_text() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let direct = text(&ada.post("/api/rooms/direct", json!({ "user": "bob" })).await.ok()["id"]);
    let his = say(&bob, &id, "what is it?").await;
    let mention = say(&ada, &id, "secret @bob").await;
    let reply = number(&ada.post(&messages(&id), json!({ "text": "secret", "reply_to": his })).await.ok()["seq"]);
    let between = say(&ada, &direct, "secret between us").await;
    let edited = say(&ada, &id, "@bob, a secret").await;
    let all = when_there_are(&bob, 4).await;
    bob.patch(&format!("/api/notifications/{}/read-all", bob.id), json!({})).await.ok();

    let mut socket = follow_own_log(&bob).await;
    for (room, seq, to) in [(&id, mention, "open, @bob"), (&id, reply, "open reply"), (&direct, between, "open to us")]
    {
        ada.patch(&one(room, seq), json!({ "text": to })).await.ok();
        let shown = list(&bob).await;
        let shown = shown.iter().find(|one| one["seq"] == seq && one["room"] == room.as_str()).expect("it stays");
        assert_eq!((&shown["body"], &shown["read"]), (&json!(to), &json!(true)), "at once");
        let live = socket.find("event", |event| event["op"] == "changed").await;
        let entry = &live["entry"];
        assert_eq!((&entry["seq"], &entry["body"], &entry["read"]), (&json!(seq), &json!(to), &json!(true)));
        assert_eq!(entry["from"]["name"], "ada");
    }
    ada.patch(&one(&id, edited), json!({ "text": "nobody in particular" })).await.ok();
    let gone = all.iter().find(|one| one["seq"] == edited).expect("there");
    socket.find("event", |event| event["op"] == "gone" && event["key"] == gone["key"]).await;
    let left: Vec<String> = list(&bob).await.iter().map(|one| text(&one["body"])).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    let shown = everything(&bob).await;
    assert!(!shown.contains("secret") && shown.contains("open to us"), "{shown}");
    let page = history(&bob, &id).await;
    let message = page.iter().find(|message| message["seq"] == edited).expect("there");
    assert_eq!(message["mentions"], json!([]), "the message no longer mentions a user");
}

#[tokio::test]
async fn a_removed_member_reads_nothing_new_in_notifications() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let id = room(&ada, "garden").await;
    join(&bob, &id).await;
    let seq = say(&ada, &id, "welcome, @bob").await;
    when_there_are(&bob, 1).await;
    ada.post(&format!("/api/rooms/{id}/kick"), json!({ "user": bob.id })).await.ok();
    ada.patch(&one(&id, seq), json!({ "text": "secret, not for @bob" })).await.ok();
    let shown = everything(&bob).await;
    assert!(!shown.contains("secret"), "{shown}");
}

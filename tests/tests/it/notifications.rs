//! Who is told of what, once.

use serde_json::{Value, json};
use tests::person::Person;
use tests::server::Server;
use tests::socket::Socket;
use tests::wait;

use crate::setup::{join, messages, number, room, say, text};

async fn list(person: &Person) -> Vec<Value> {
    let page = person.get(&format!("/api/notifications/{}?limit=50", person.id)).await.ok();
    page["items"].as_array().expect("a page has items").clone()
}

/// The notifications, once there are so many.
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
async fn a_mention_a_reply_and_a_direct_message_are_told_once() {
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
    assert!(list(&ada).await.iter().all(|one| one["kind"] != "mention"), "one's own messages tell oneself nothing");
}

#[tokio::test]
async fn a_muted_room_tells_nothing() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let (quiet, loud) = (room(&ada, "quiet").await, room(&ada, "loud").await);
    for room in [&quiet, &loud] {
        join(&bob, room).await;
    }
    bob.patch(&format!("/api/rooms/{quiet}/settings"), json!({ "level": "none" })).await.ok();
    say(&ada, &quiet, "hey @bob").await;
    let told = say(&ada, &loud, "hey @bob").await;
    // The feed reads rooms side by side; once the later one is there, the earlier had its time and more.
    let all = when_there_are(&bob, 1).await;
    tokio::time::sleep(wait::QUIET).await;
    assert_eq!(all.iter().map(|one| number(&one["seq"])).collect::<Vec<_>>(), [told]);
    assert_eq!(list(&bob).await.len(), 1);
}

#[tokio::test]
async fn read_and_deleted_notifications_count_no_more() {
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
async fn somebody_elses_notifications_are_out_of_reach() {
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

//! Tests what strangers can do to a user's list, and what the user can do about them.

use serde_json::{Value, json};
use tests::person::{Answer, Person};
use tests::server::{Server, Settings};
use tests::wait;

use crate::setup::{join, listed, messages, number, private_room, room, say, text, with_limits};

/// Starts a server whose first user, the admin, is another person: an admin is no stranger to anybody.
async fn started(settings: Settings) -> Server {
    let server = settings.start().await;
    Person::register(&server, "operator").await;
    server
}

async fn open(person: &Person, other: &Person) -> Answer {
    person.post("/api/rooms/direct", json!({ "user": other.id })).await
}

async fn direct(person: &Person, other: &Person) -> String {
    let id = text(&open(person, other).await.ok()["id"]);
    listed(other, &id).await;
    id
}

/// Returns the line of a room in a user's list.
async fn line(person: &Person, room: &str) -> Option<Value> {
    let page = person.get("/api/rooms?limit=100").await.ok();
    page["items"].as_array().expect("a page has items").iter().find(|line| line["id"] == room).cloned()
}

async fn is_request(person: &Person, room: &str) -> Option<bool> {
    line(person, room).await.map(|line| line["request"] == true)
}

/// Waits until a room in the user's list is (no) request, or gone.
async fn becomes(person: &Person, room: &str, expected: Option<bool>) {
    wait::until("the request's new state", async || (is_request(person, room).await == expected).then_some(())).await;
}

async fn notified(person: &Person) -> Vec<String> {
    let page = person.get("/api/notifications/me?limit=100").await.ok();
    let items = page["items"].as_array().expect("a page has items").clone();
    items.iter().map(|item| text(&item["kind"])).collect()
}

async fn react(person: &Person, room: &str, seq: u64) -> Answer {
    person.post(&format!("{}/{seq}/reactions", messages(room)), json!({ "emoji": "👍", "on": true })).await
}

#[tokio::test]
async fn a_direct_room_of_a_stranger_is_a_request_until_the_user_sends_reacts_or_accepts() {
    let server = started(Settings::default()).await;
    let bob = Person::register(&server, "bob").await;
    for way in ["send", "react", "accept", "open"] {
        let eve = Person::register(&server, &format!("eve-{way}")).await;
        let id = direct(&eve, &bob).await;
        let seq = say(&eve, &id, "hello there").await;
        assert_eq!(is_request(&bob, &id).await, Some(true), "{way}");
        assert_eq!(is_request(&eve, &id).await, Some(false), "their own room is no request to them");
        assert_eq!(line(&bob, &id).await.expect("listed")["state"], "joined");
        match way {
            "send" => drop(say(&bob, &id, "who are you?").await),
            "react" => drop(react(&bob, &id, seq).await.ok()),
            "accept" => drop(bob.post(&format!("/api/rooms/{id}/accept"), json!({})).await),
            _ => drop(open(&bob, &eve).await.ok()),
        }
        becomes(&bob, &id, Some(false)).await;
    }
}

#[tokio::test]
async fn members_of_a_private_room_and_admins_are_no_strangers() {
    let server = Server::start().await;
    let operator = Person::register(&server, "operator").await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let public = room(&ada, "garden").await;
    join(&bob, &public).await;
    let (private, carl) = (private_room(&ada, "Cellar").await, Person::register(&server, "carl").await);
    ada.post(&format!("/api/rooms/{private}/invite"), json!({ "user": carl.id })).await.ok();
    join(&carl, &private).await;
    listed(&carl, &private).await;

    let with_carl = direct(&ada, &carl).await;
    assert_eq!(is_request(&carl, &with_carl).await, Some(false));
    let with_bob = direct(&ada, &bob).await;
    assert_eq!(is_request(&bob, &with_bob).await, Some(true), "a public room proves nothing");
    let of_operator = direct(&operator, &bob).await;
    assert_eq!(is_request(&bob, &of_operator).await, Some(false));
}

#[tokio::test]
async fn requests_and_invitations_do_not_use_up_the_rooms_of_a_user() {
    let server = started(with_limits(&[("ROOMS_PER_USER", 2)])).await;
    let bob = Person::register(&server, "bob").await;
    for number in 0..3 {
        let eve = Person::register(&server, &format!("eve{number}")).await;
        let id = direct(&eve, &bob).await;
        say(&eve, &id, "hello").await;
        let private = private_room(&eve, "Trap").await;
        eve.post(&format!("/api/rooms/{private}/invite"), json!({ "user": bob.id })).await.ok();
    }
    room(&bob, "first").await;
    let second = room(&bob, "second").await;
    bob.post("/api/rooms", json!({ "name": "Third", "kind": "private", "description": "" }))
        .await
        .refused(403, "forbidden");
    bob.post(&format!("/api/rooms/{second}/leave"), json!({})).await.ok();
}

#[tokio::test]
async fn requests_notify_once_in_all() {
    let server = started(Settings::default()).await;
    let bob = Person::register(&server, "bob").await;
    let mut rooms = Vec::new();
    for number in 0..3 {
        let eve = Person::register(&server, &format!("eve{number}")).await;
        let id = direct(&eve, &bob).await;
        say(&eve, &id, "hello").await;
        if number == 0 {
            wait::until("the first notification", async || (notified(&bob).await == ["direct"]).then_some(())).await;
        }
        say(&eve, &id, "are you there?").await;
        rooms.push((eve, id));
    }
    tokio::time::sleep(wait::QUIET).await;
    assert_eq!(notified(&bob).await, ["direct"], "the first message of the first stranger");

    let (eve, id) = &rooms[1];
    bob.post(&format!("/api/rooms/{id}/accept"), json!({})).await;
    becomes(&bob, id, Some(false)).await;
    say(eve, id, "thank you").await;
    wait::until("the notification of a known user", async || (notified(&bob).await.len() == 2).then_some(())).await;
}

#[tokio::test]
async fn an_ignored_request_leaves_the_list_on_every_device_and_comes_back_when_the_user_wants_it() {
    let server = started(Settings::default()).await;
    let (eve, bob) = (Person::register(&server, "eve").await, Person::register(&server, "bob").await);
    let id = direct(&eve, &bob).await;
    let mut socket = bob.connect().await;
    let me = number(&socket.frame("rooms").await["me"]);
    socket.catch_up("@me", me).await;

    bob.post(&format!("/api/rooms/{id}/ignore"), json!({})).await;
    let gone = socket.find("event", |event| event["kind"] == "room" && event["op"] == "gone").await;
    assert_eq!(gone["entry"]["id"], id.as_str());
    assert_eq!(line(&bob, &id).await, None);
    say(&eve, &id, "why do you not answer?").await;
    tokio::time::sleep(wait::QUIET).await;
    assert_eq!((line(&bob, &id).await, notified(&bob).await), (None, Vec::new()));
    assert!(line(&eve, &id).await.is_some(), "the other user does not learn of it");

    assert_eq!(text(&open(&bob, &eve).await.ok()["id"]), id);
    let back = socket.find("event", |event| event["kind"] == "room" && event["op"] == "set").await;
    assert_eq!(back["entry"]["id"], id.as_str());
    becomes(&bob, &id, Some(false)).await;
}

#[tokio::test]
async fn an_ignored_invitation_leaves_the_list_and_can_still_be_accepted() {
    let server = started(Settings::default()).await;
    let (eve, bob) = (Person::register(&server, "eve").await, Person::register(&server, "bob").await);
    let private = private_room(&eve, "Trap").await;
    eve.post(&format!("/api/rooms/{private}/invite"), json!({ "user": bob.id })).await.ok();
    becomes(&bob, &private, Some(false)).await;
    bob.post(&format!("/api/rooms/{private}/accept"), json!({})).await.refused(403, "forbidden");
    assert!(bob.post(&format!("/api/rooms/{private}/ignore"), json!({})).await.status.is_success());
    assert_eq!(line(&bob, &private).await, None);
    // An invitation that is withdrawn and sent again does not come back.
    eve.post(&format!("/api/rooms/{private}/kick"), json!({ "user": bob.id })).await.ok();
    eve.post(&format!("/api/rooms/{private}/invite"), json!({ "user": bob.id })).await.ok();
    tokio::time::sleep(wait::QUIET).await;
    assert_eq!(line(&bob, &private).await, None);
    join(&bob, &private).await;
    listed(&bob, &private).await;
}

#[tokio::test]
async fn a_stranger_sees_neither_presence_nor_read_marks_before_the_request_is_accepted() {
    let server = started(Settings::default()).await;
    let (eve, bob) = (Person::register(&server, "eve").await, Person::register(&server, "bob").await);
    let id = direct(&eve, &bob).await;
    let _online = bob.connect().await;
    let path = format!("/api/presence/{}", bob.id);
    eve.get(&path).await.refused(404, "not_found");
    let all = eve.get("/api/presence").await.ok();
    assert!(!all.to_string().contains(&bob.id), "{all}");

    say(&bob, &id, "hello").await;
    becomes(&bob, &id, Some(false)).await;
    assert!(eve.get(&path).await.status.is_success());
}

#[tokio::test]
async fn guests_write_to_those_in_their_rooms_and_accounts_to_everybody() {
    let server = started(Settings::default()).await;
    let (guest, bob) = (Person::guest(&server, "gus").await, Person::register(&server, "bob").await);
    open(&guest, &bob).await.refused(403, "forbidden");
    let id = room(&bob, "garden").await;
    join(&guest, &id).await;
    listed(&guest, &id).await;
    direct(&guest, &bob).await;
    let eve = Person::register(&server, "eve").await;
    direct(&eve, &bob).await;
}

#[tokio::test]
async fn the_operator_decides_who_opens_direct_rooms() {
    for (policy, guest_may, stranger_may, neighbour_may) in
        [("anyone", true, true, true), ("shared-room", false, false, true), ("nobody", false, false, false)]
    {
        let server = Settings::default().variable("PALAVER_DIRECT", policy).start().await;
        let operator = Person::register(&server, "operator").await;
        let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
        let (guest, eve) = (Person::guest(&server, "gus").await, Person::register(&server, "eve").await);
        let id = room(&ada, "garden").await;
        join(&bob, &id).await;
        listed(&bob, &id).await;
        for (who, may) in [(&guest, guest_may), (&eve, stranger_may), (&ada, neighbour_may), (&operator, true)] {
            let answer = open(who, &bob).await;
            match may {
                true => drop(answer.ok()),
                false => answer.refused(403, "forbidden"),
            }
        }
    }
}

#[tokio::test]
async fn new_direct_rooms_and_invitations_are_limited_by_the_day() {
    let server = started(with_limits(&[("DIRECT_ROOMS_PER_DAY", 2), ("INVITATIONS_PER_DAY", 2)])).await;
    let eve = Person::register(&server, "eve").await;
    let private = private_room(&eve, "Trap").await;
    let mut victims = Vec::new();
    for number in 0..3 {
        victims.push(Person::register(&server, &format!("victim{number}")).await);
    }
    let invite =
        async |user: &Person| eve.post(&format!("/api/rooms/{private}/invite"), json!({ "user": user.id })).await;
    for victim in &victims[..2] {
        open(&eve, victim).await.ok();
        open(&eve, victim).await.ok();
        invite(victim).await.ok();
        invite(victim).await.ok();
    }
    for answer in [open(&eve, &victims[2]).await, invite(&victims[2]).await] {
        answer.refused(429, "rate_limited");
        assert!(answer.headers.contains_key("retry-after"), "{}", answer.text());
    }
    open(&eve, &victims[0]).await.ok();
    open(&victims[2], &eve).await.ok();
}

#[tokio::test]
async fn a_blocked_user_reaches_nobody_and_learns_nothing() {
    let server = started(Settings::default()).await;
    let (eve, bob) = (Person::register(&server, "eve").await, Person::register(&server, "bob").await);
    let garden = room(&bob, "garden").await;
    join(&eve, &garden).await;
    listed(&eve, &garden).await;
    let id = direct(&eve, &bob).await;
    let first = say(&eve, &id, "hello").await;
    say(&bob, &id, "hello?").await;
    becomes(&bob, &id, Some(false)).await;

    let mut socket = bob.connect().await;
    let me = number(&socket.frame("rooms").await["me"]);
    socket.catch_up("@me", me).await;
    let block = format!("/api/rooms/blocks/{}", eve.id);
    for _ in 0..2 {
        assert!(bob.put(&block, json!({})).await.status.is_success());
    }
    let event = socket.find("event", |event| event["kind"] == "setting").await;
    assert_eq!((&event["name"], &event["value"]), (&json!("block"), &json!({ "user": eve.id, "on": true })));
    assert_eq!(bob.get("/api/rooms/blocks").await.ok()["items"][0]["name"], "eve");
    assert_eq!(eve.get("/api/rooms/blocks").await.ok()["items"], json!([]));

    let before = notified(&bob).await.len();
    eve.post(&messages(&id), json!({ "text": "let me in" })).await.refused(403, "forbidden");
    eve.patch(&format!("{}/{first}", messages(&id)), json!({ "text": "let me in" })).await.refused(403, "forbidden");
    react(&eve, &id, first).await.refused(403, "forbidden");
    assert!(
        eve.delete(&format!("{}/{first}", messages(&id))).await.status.is_success(),
        "what is theirs they may delete"
    );
    let private = private_room(&eve, "Trap").await;
    let invitation = eve.post(&format!("/api/rooms/{private}/invite"), json!({ "user": bob.id })).await;
    invitation.refused(403, "forbidden");
    eve.get(&format!("/api/presence/{}", bob.id)).await.refused(404, "not_found");
    say(&eve, &garden, "look here, @bob").await;
    tokio::time::sleep(wait::QUIET).await;
    assert!(notified(&bob).await.len() <= before, "no mention of theirs notifies");

    assert!(bob.delete(&block).await.status.is_success());
    say(&eve, &id, "thank you").await;
    wait::until("presence", async || {
        eve.get(&format!("/api/presence/{}", bob.id)).await.status.is_success().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_block_answers_a_request_and_keeps_the_next_one_away() {
    let server = started(Settings::default()).await;
    let (eve, bob) = (Person::register(&server, "eve").await, Person::register(&server, "bob").await);
    let id = direct(&eve, &bob).await;
    say(&eve, &id, "hello").await;
    let block = async |whom: &str| bob.put(&format!("/api/rooms/blocks/{whom}"), json!({})).await;
    assert!(block("eve").await.status.is_success());
    becomes(&bob, &id, None).await;
    eve.post(&messages(&id), json!({ "text": "hello?" })).await.refused(403, "forbidden");

    let carl = Person::register(&server, "carl").await;
    assert!(block(&carl.id).await.status.is_success());
    open(&carl, &bob).await.refused(403, "forbidden");
    block(&bob.id).await.refused(400, "bad_request");
    block("nobody-here").await.refused(404, "not_found");
}

//! Tests messages and their changes: over REST, over the socket, and equal for every reader.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use tests::person::Person;
use tests::server::Server;

use crate::setup::{generous, history, join, messages, number, private_room, room, say, text, texts};

#[tokio::test]
async fn a_message_by_rest_arrives_over_the_socket_and_in_history() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let room = room(&ada, "garden").await;
    join(&bob, &room).await;
    let mut socket = bob.connect().await;
    assert_eq!(socket.follow(&room).await["status"], "reset");

    let seq = say(&ada, &room, "Good morning").await;
    let event = socket.find("event", |event| event["seq"] == seq).await;
    assert_eq!(
        (&event["kind"], &event["text"], &event["by"]["name"]),
        (&json!("message"), &json!("Good morning"), &json!("ada"))
    );
    assert_eq!(texts(&bob, &room).await, ["Good morning"]);
}

#[tokio::test]
async fn a_retry_gets_the_first_ack_and_is_stored_once() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    let mut socket = ada.connect().await;
    let head = number(&socket.follow(&room).await["head"]);
    let frame =
        json!({ "t": "send", "id": uuid::Uuid::now_v7().to_string(), "room": room, "text": "once", "seen": head });

    socket.send(frame.clone()).await;
    let first = socket.answer_to(frame["id"].as_str().unwrap()).await;
    let mut again = ada.connect().await;
    again.send(frame.clone()).await;
    let second = again.answer_to(frame["id"].as_str().unwrap()).await;
    assert_eq!((&first["dup"], &second["dup"]), (&json!(false), &json!(true)));
    assert_eq!((&first["seq"], &first["at"]), (&second["seq"], &second["at"]));

    let rest = ada
        .request(reqwest::Method::POST, &messages(&room))
        .header("idempotency-key", frame["id"].as_str().unwrap())
        .json(&json!({ "text": "once", "seen": head }));
    let third = tests::person::answer(rest).await.ok();
    assert_eq!((&third["dup"], &third["seq"]), (&json!(true), &first["seq"]));
    assert_eq!(texts(&ada, &room).await, ["once"]);
}

#[tokio::test]
async fn a_key_without_seen_is_refused() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    let request = ada
        .request(reqwest::Method::POST, &messages(&room))
        .header("idempotency-key", uuid::Uuid::now_v7().to_string())
        .json(&json!({ "text": "hi" }));
    tests::person::answer(request).await.refused(400, "bad_request");
}

#[tokio::test]
async fn edits_reactions_and_deletion_are_folded_into_the_message() {
    let server = Server::start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let room = room(&ada, "garden").await;
    join(&bob, &room).await;
    let target = say(&ada, &room, "teh garden").await;
    let (mut ada_socket, mut bob_socket) = (ada.connect().await, bob.connect().await);
    let head = number(&bob_socket.follow(&room).await["head"]);

    let edit = json!({ "t": "edit", "room": room, "target": target, "text": "the garden", "seen": head });
    assert_eq!(ada_socket.change(edit).await["t"], "ack");
    let event = bob_socket.find("event", |event| event["kind"] == "edit").await;
    assert_eq!((&event["target"], &event["text"]), (&json!(target), &json!("the garden")));

    let react = json!({ "t": "react", "room": room, "target": target, "emoji": "👍", "on": true, "seen": head });
    assert_eq!(bob_socket.change(react.clone()).await["noop"], false);
    assert_eq!(bob_socket.change(react).await["noop"], true);
    let message = &history(&ada, &room).await[0];
    assert_eq!(message["text"], "the garden");
    assert!(message["edited_at"].is_string(), "{message}");
    assert_eq!(message["reactions"], json!([{ "emoji": "👍", "n": 1, "users": [bob.id] }]));

    let delete = |seen: u64| json!({ "t": "delete", "room": room, "target": target, "seen": seen });
    let refused = bob_socket.change(delete(head)).await;
    assert_eq!(refused["code"], "forbidden", "another user's message: {refused}");
    assert_eq!(ada_socket.change(delete(head)).await["t"], "ack");
    let message = &history(&ada, &room).await[0];
    assert_eq!((&message["deleted"], &message["text"]), (&json!(true), &json!("")));

    let late = json!({ "t": "edit", "room": room, "target": target, "text": "back again", "seen": head });
    assert_eq!(ada_socket.change(late).await["t"], "error", "deletion is final");
    assert_eq!(history(&ada, &room).await[0]["text"], "");
}

#[tokio::test]
async fn a_reply_and_a_thread_refer_to_a_message_of_this_room() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    let first = say(&ada, &room, "first").await;
    let answer = ada.post(&messages(&room), json!({ "text": "second", "reply_to": first, "thread": first })).await.ok();
    let thread = ada.get(&format!("/api/rooms/{room}/threads/{first}")).await.ok();
    let seqs: Vec<_> = thread["items"].as_array().unwrap().iter().map(|message| &message["seq"]).collect();
    assert_eq!(seqs, [&json!(first), &answer["seq"]], "the root message comes first");
    for wrong in [json!({ "text": "x", "reply_to": 9_999 }), json!({ "text": "x", "thread": 9_999 })] {
        assert!(ada.post(&messages(&room), wrong).await.status.is_client_error());
    }
}

#[tokio::test]
async fn pages_join_without_a_gap_in_both_directions() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    for number in 0..15 {
        say(&ada, &room, &number.to_string()).await;
    }
    let page = async |query: &str| ada.get(&format!("{}?{query}", messages(&room))).await.ok();
    let seqs = |page: &serde_json::Value| -> Vec<u64> {
        page["items"].as_array().unwrap().iter().map(|message| number(&message["seq"])).collect()
    };
    let newest = page("limit=6").await;
    assert_eq!((newest["more"].as_bool(), newest["items"].as_array().unwrap().len()), (Some(true), 6));
    assert!(number(&newest["as_of"]) >= *seqs(&newest).last().unwrap());
    assert!(!text(&newest["epoch"]).is_empty());
    let middle = page(&format!("limit=6&before={}", seqs(&newest)[0])).await;
    let oldest = page(&format!("limit=6&before={}", seqs(&middle)[0])).await;
    assert_eq!(oldest["more"], false);
    let all = [seqs(&oldest), seqs(&middle), seqs(&newest)].concat();
    assert_eq!(all.len(), 15);
    assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    let forward = page(&format!("limit=4&after={}", all[2])).await;
    assert_eq!(seqs(&forward), all[3..7]);

    for query in ["limit=0", "limit=-1", "limit=many", "before=x", "limit=100000"] {
        let answer = ada.get(&format!("{}?{query}", messages(&room))).await;
        assert!(
            answer.status.is_client_error() || answer.body["items"].as_array().is_some_and(|all| all.len() <= 200),
            "{query}"
        );
        assert!(!answer.status.is_server_error(), "{query}");
    }
}

#[tokio::test]
async fn bad_bodies_are_problems() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    let post = async |body: &str| {
        let request = ada.request(reqwest::Method::POST, &messages(&room));
        let request = request.header("content-type", "application/json").body(body.to_owned());
        tests::person::answer(request).await
    };
    for body in ["", "{", "hello", "[]", "7", "{\"text\":7}", "{\"text\":\"x\",\"seen\":-1}"] {
        post(body).await.refused(400, "bad_request");
    }
    post(&"[".repeat(100_000)).await.refused(400, "bad_request");
    // The server need not read a refused body to the end; a client that is still writing may then find the connection
    // closed before it reads why.
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(2_000_000));
    let request = ada.request(reqwest::Method::POST, &messages(&room));
    if let Ok(response) = request.header("content-type", "application/json").body(long).send().await {
        assert_eq!(response.status(), 413);
    }
    let form = ada.request(reqwest::Method::POST, &messages(&room)).body("text=hi");
    assert!(tests::person::answer(form).await.status.is_client_error());
    assert!(texts(&ada, &room).await.is_empty());
}

#[tokio::test]
async fn text_is_returned_byte_for_byte() {
    let server = Server::start().await;
    let ada = Person::register(&server, "ada").await;
    let room = room(&ada, "garden").await;
    let said = [
        "<script>alert(1)</script>",
        "Robert'); DROP TABLE entry;--",
        "مرحبا بالعالم",
        "👩‍👩‍👧‍👦 🏳️‍🌈",
        "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
        "tab\tand\nline",
        "\u{feff}bom and \u{200b}zero width",
        "\\u0000 %00 %s ${HOME}",
    ];
    for text in said {
        say(&ada, &room, text).await;
    }
    assert_eq!(texts(&ada, &room).await, said);
}

#[tokio::test]
async fn a_client_returns_to_many_logs_with_one_request() {
    let server = generous().start().await;
    let (ada, bob) = (Person::register(&server, "ada").await, Person::register(&server, "bob").await);
    let (quiet, moved, lost) = (room(&ada, "quiet").await, room(&ada, "moved").await, room(&ada, "lost").await);
    let (secret, fresh) = (private_room(&ada, "Secret").await, room(&ada, "fresh").await);
    let absent = uuid::Uuid::now_v7().to_string();
    for id in [&quiet, &moved, &lost, &fresh] {
        join(&bob, id).await;
    }
    let mut before = bob.connect().await;
    let mut heads = Vec::new();
    for id in [&quiet, &moved, &lost] {
        heads.push(number(&before.follow(id).await["head"]));
    }
    drop(before);
    say(&ada, &moved, "you missed this").await;
    ada.post(&format!("/api/rooms/{lost}/kick"), json!({ "user": bob.id })).await.ok();

    // The cursor in `lost` is the head: the entry of the removal itself.
    let cursors = json!({
        &quiet: heads[0], &moved: heads[1], &lost: heads[2] + 1, &secret: 1, &absent: 1, &fresh: null, "@me": 0
    });
    let mut socket = bob.connect().await;
    socket.send(json!({ "t": "resume", "id": "back", "cursors": cursors })).await;
    let mut answers = HashMap::new();
    while answers.len() < 7 {
        let sync = socket.find("sync", |frame| frame["re"] == "back").await;
        let log = sync["room"].as_str().expect("a log").to_owned();
        assert!(answers.insert(log, sync).is_none(), "each log is answered once");
    }

    let status = |log: &str| answers[log]["status"].as_str().expect("a status").to_owned();
    assert_eq!((status(&quiet), &answers[&quiet]["events"]), ("ok".to_owned(), &json!([])));
    assert_eq!(answers[&quiet]["through"], heads[0]);
    assert_eq!((status(&moved), &answers[&moved]["events"][0]["text"]), ("ok".to_owned(), &json!("you missed this")));
    assert_eq!(status(&lost), "forbidden");
    assert_eq!((status(&secret), status(&absent)), ("not_found".to_owned(), "not_found".to_owned()));
    assert_eq!(status(&fresh), "reset");
    // The feed may still be writing the user's own log.
    assert!(["ok", "more"].contains(&status("@me").as_str()), "{}", answers["@me"]);

    for id in [&lost, &secret, &quiet, &moved, &fresh] {
        say(&ada, id, "now").await;
    }
    // An entry may arrive twice.
    let mut heard = BTreeSet::new();
    while heard.len() < 3 {
        let event = socket.find("event", |event| event["text"] == "now").await;
        heard.insert(text(&event["room"]));
    }
    assert_eq!(heard, BTreeSet::from([quiet, moved, fresh]), "the socket follows its user's rooms, and no other");
}

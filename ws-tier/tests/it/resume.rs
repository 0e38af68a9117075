//! Tests of reconnecting: cursors, gaps, removals, another epoch.

use domain::{Intent, RoomId};
use serde_json::{Value, json};

use crate::harness::{Cluster, Socket, entry};

/// Requests a log from a cursor and returns the answer.
async fn resume(socket: &mut Socket, re: &str, room: impl ToString, cursor: Option<u64>) -> Value {
    socket.say(json!({"t": "resume", "id": re, "cursors": {room.to_string(): cursor}})).await;
    sync(socket, re).await
}

async fn sync(socket: &mut Socket, re: &str) -> Value {
    loop {
        let sync = socket.expect("sync").await;
        if sync["re"] == re {
            return sync;
        }
    }
}

fn seqs(sync: &Value) -> Vec<u64> {
    let events = sync["events"].as_array().expect("events");
    events.iter().map(|event| event["seq"].as_u64().expect("seq")).collect()
}

#[tokio::test]
async fn a_client_that_reconnects_gets_missed_entries_and_then_live_ones() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let first = node.send(&ada, room, "one").await;
    for n in 0..700 {
        node.send(&ada, room, &format!("{n}")).await;
    }
    let mut socket = node.sign_in(&bob).await;
    let page = resume(&mut socket, "r1", room, Some(first)).await;
    assert_eq!((&page["status"], &page["from"]), (&json!("more"), &json!(first + 1)));
    let got = seqs(&page);
    assert!(got.len() <= 500 && page.to_string().len() <= 64 * 1024);
    assert_eq!(page["through"].as_u64(), got.last().copied());
    let (mut all, mut status) = (got, page["status"].clone());
    while status == "more" {
        let after = *all.last().expect("a page has entries");
        socket.say(json!({"t": "fill", "id": "f", "room": room.to_string(), "after": after})).await;
        let page = sync(&mut socket, "f").await;
        all.extend(seqs(&page));
        status = page["status"].clone();
    }
    assert_eq!(status, "ok");
    assert_eq!(all, (first + 1..=first + 700).collect::<Vec<_>>());
    let next = node.send(&ada, room, "live").await;
    assert_eq!(socket.event(room).await["seq"], next);
}

#[tokio::test]
async fn cursors_that_cannot_be_used_are_reset() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let room = node.room("general", &ada, &[]).await;
    let head = node.send(&ada, room, "hi").await;
    let mut socket = node.sign_in(&ada).await;
    for cursor in [None, Some(head + 5)] {
        let reset = resume(&mut socket, "r", room, cursor).await;
        assert_eq!((&reset["status"], &reset["head"], &reset["n"]), (&json!("reset"), &json!(head), &json!(1)));
    }
    assert_eq!(resume(&mut socket, "r", room, Some(head)).await["status"], "ok");
    let nowhere = RoomId(uuid::Uuid::now_v7());
    assert_eq!(resume(&mut socket, "n", nowhere, None).await["status"], "not_found");
    assert_eq!(resume(&mut socket, "j", "junk", None).await["status"], "not_found");
}

#[tokio::test]
async fn a_room_added_between_the_room_list_and_the_resume_arrives_by_the_user_log() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let mut socket = node.connect().await;
    socket.say(json!({"t": "hello", "v": 1, "token": bob.token})).await;
    let list = socket.expect("rooms").await;
    assert_eq!(list["rooms"], json!([]));
    let room = node.room("late", &ada, &[&bob]).await;
    let page = resume(&mut socket, "r", "@me", list["me"].as_u64()).await;
    let added = &page["events"][0];
    assert_eq!((&added["kind"], &added["op"]), (&json!("room"), &json!("set")));
    assert_eq!(added["entry"]["id"], room.to_string());
}

#[tokio::test]
async fn the_page_of_a_removed_user_is_cut_at_the_removal() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let seen = node.send(&ada, room, "before").await;
    node.send(&ada, room, "still yours").await;
    let removal = node.ask(&ada, room, Intent::Kick { user: bob.id, why: None }).await;
    node.send(&ada, room, "not for you").await;
    let mut socket = node.sign_in(&bob).await;
    let page = resume(&mut socket, "r", room, Some(seen)).await;
    assert_eq!(page["status"], "forbidden");
    assert_eq!(seqs(&page), [seen + 1, removal]);
    node.send(&ada, room, "nor this").await;
    assert!(socket.until_pong().await.iter().all(|frame| frame["room"] != room.to_string()));
}

#[tokio::test]
async fn after_a_live_removal_nothing_follows_and_after_rejoining_the_room_is_live() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let mut socket = node.live(&bob, &[room]).await;
    let removal = node.ask(&ada, room, Intent::Kick { user: bob.id, why: Some("spam".into()) }).await;
    node.send(&ada, room, "gone").await;
    let event = socket.event(room).await;
    assert_eq!((&event["seq"], &event["state"]), (&json!(removal), &json!("kicked")));
    let gone = socket.event("@me").await;
    assert_eq!((&gone["op"], &gone["entry"]["why"]), (&json!("gone"), &json!("kicked")));
    assert!(socket.until_pong().await.iter().all(|frame| frame["room"] != room.to_string()));

    let id = entry();
    socket.say(json!({"t": "join", "id": id.to_string(), "room": room.to_string(), "seen": removal})).await;
    assert_eq!(socket.answer(id).await["t"], "ack");
    socket.event("@me").await;
    let page = resume(&mut socket, "r", room, Some(removal)).await;
    assert_eq!(page["status"], "ok");
    let next = node.send(&ada, room, "again").await;
    assert_eq!(socket.event(room).await["seq"], next);
}

#[tokio::test]
async fn a_forbidden_that_a_newer_resume_overtook_does_not_count() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let removal = node.ask(&ada, room, Intent::Kick { user: bob.id, why: None }).await;
    let mut socket = node.sign_in(&bob).await;
    // Requested while the user is out, and again once they are in: whatever the first finds, the second holds.
    socket.say(json!({"t": "resume", "id": "old", "cursors": {room.to_string(): removal}})).await;
    let id = entry();
    socket.say(json!({"t": "join", "id": id.to_string(), "room": room.to_string(), "seen": removal})).await;
    assert_eq!(socket.answer(id).await["t"], "ack");
    socket.say(json!({"t": "resume", "id": "new", "cursors": {room.to_string(): removal}})).await;
    assert_eq!(sync(&mut socket, "new").await["status"], "ok");
    let next = node.send(&ada, room, "live").await;
    assert_eq!(socket.event(room).await["seq"], next);
}

#[tokio::test]
async fn a_restored_backup_closes_the_sockets_and_voids_old_cursors() {
    let cluster = Cluster::new();
    let node = cluster.node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let kept = node.send(&ada, room, "in the backup").await;
    let mut socket = node.sign_in(&bob).await;
    socket.say(json!({"t": "resume", "id": "r", "cursors": {room.to_string(): kept}})).await;
    let before = sync(&mut socket, "r").await;
    assert_eq!(before["status"], "ok");
    let backup = cluster.memory.snapshot();
    let lost = node.send(&ada, room, "after the backup").await;
    assert_eq!(socket.event(room).await["seq"], lost);
    cluster.memory.restore(&backup);
    assert_eq!(socket.closed().await, 4412);

    let mut socket = node.connect().await;
    socket.say(json!({"t": "hello", "v": 1, "token": bob.token, "epoch": before["epoch"]})).await;
    let welcome = socket.expect("welcome").await;
    assert_ne!(welcome["epoch"], before["epoch"]);
    socket.expect("rooms").await;
    let reset = resume(&mut socket, "r", room, Some(lost)).await;
    assert_eq!((&reset["status"], &reset["head"]), (&json!("reset"), &json!(kept)));
    assert_eq!(node.send(&ada, room, "goes on").await, kept + 1);
    assert_eq!(socket.event(room).await["text"], "goes on");
}

#[tokio::test]
async fn a_user_with_a_thousand_rooms_can_resume_all() {
    let node = Cluster::with(domain::limits::Limits {
        joins_per_minute: 10_000,
        sends_per_10s: 100_000,
        ..Default::default()
    })
    .node()
    .await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let mut rooms = Vec::new();
    for n in 0..999 {
        rooms.push(node.room(&format!("room-{n}"), &ada, &[]).await);
    }
    let last = node.room("shared", &ada, &[&bob]).await;
    rooms.push(last);
    let mut socket = node.connect().await;
    socket.say(json!({"t": "hello", "v": 1, "token": ada.token, "batch": true})).await;
    let mut listed = Vec::new();
    loop {
        let page = socket.expect("rooms").await;
        assert!(page.to_string().len() <= 64 * 1024);
        listed.extend(page["rooms"].as_array().expect("rooms").iter().map(|room| room["id"].clone()));
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(listed.len(), 1_000);
    for (at, part) in listed.chunks(500).enumerate() {
        let cursors: serde_json::Map<String, Value> =
            part.iter().map(|id| (id.as_str().expect("id").to_owned(), Value::Null)).collect();
        socket.say(json!({"t": "resume", "id": at.to_string(), "cursors": cursors})).await;
    }
    for _ in 0..1_000 {
        assert_eq!(socket.expect("sync").await["status"], "reset");
    }
    for room in [rooms[0], rooms[500], last] {
        let seq = node.send(&ada, room, "here").await;
        assert_eq!(socket.event(room).await["seq"], seq);
    }
}

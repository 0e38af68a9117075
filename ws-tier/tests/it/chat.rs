//! Tests of users who chat.

use std::time::Duration;

use domain::{Change, Intent};
use serde_json::json;

use crate::harness::{Cluster, PATIENCE, Person, Socket, entry};

#[tokio::test]
async fn all_members_see_each_message_once_and_in_order() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let mut a = node.live(&ada, &[room]).await;
    let mut b = node.live(&bob, &[room]).await;
    let ack = a.send(room, "hi", 2).await;
    assert_eq!((&ack["t"], &ack["dup"], &ack["room"]), (&json!("ack"), &json!(false), &json!(room.to_string())));
    let event = b.event(room).await;
    assert_eq!(event["seq"], ack["seq"]);
    assert_eq!(event["text"], "hi");
    assert_eq!(event["by"]["id"], ada.id.to_string());
    for n in 0..50 {
        node.send(&bob, room, &format!("{n}")).await;
    }
    let texts = async |socket: &mut crate::harness::Socket| {
        let mut texts = Vec::new();
        while texts.len() < 50 {
            let event = socket.event(room).await;
            if event["by"]["id"] == bob.id.to_string() {
                texts.push(event["text"].as_str().expect("text").to_owned());
            }
        }
        texts
    };
    let want: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    assert_eq!(texts(&mut a).await, want);
    assert_eq!(texts(&mut b).await, want);
}

#[tokio::test]
async fn a_retry_gets_the_first_ack_again() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let room = node.room("general", &ada, &[]).await;
    let mut socket = node.live(&ada, &[room]).await;
    let id = entry();
    let frame = json!({"t": "send", "id": id.to_string(), "room": room.to_string(), "text": "once", "seen": 2});
    socket.say(frame.clone()).await;
    let first = socket.answer(id).await;
    socket.say(frame).await;
    let again = socket.answer(id).await;
    assert_eq!((&again["seq"], &again["dup"]), (&first["seq"], &json!(true)));
}

#[tokio::test]
async fn edits_deletes_and_reactions_arrive_as_events() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let mut a = node.live(&ada, &[room]).await;
    let mut b = node.live(&bob, &[room]).await;
    let target = a.send(room, "teh", 3).await["seq"].as_u64().expect("seq");
    for (t, more) in
        [("edit", json!({"text": "the"})), ("react", json!({"emoji": "👍", "on": true})), ("delete", json!({}))]
    {
        let id = entry();
        let mut frame =
            json!({"t": t, "id": id.to_string(), "room": room.to_string(), "target": target, "seen": target});
        frame.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        a.say(frame).await;
        assert_eq!(a.answer(id).await["t"], "ack", "{t}");
    }
    assert_eq!(b.event(room).await["kind"], "message");
    let edit = b.event(room).await;
    assert_eq!((&edit["kind"], &edit["target"], &edit["text"]), (&json!("edit"), &json!(target), &json!("the")));
    assert_eq!(b.event(room).await["emoji"], "👍");
    assert_eq!(b.event(room).await["kind"], "delete");
}

#[tokio::test]
async fn joining_by_slug_is_acked_and_the_room_arrives_by_the_user_log() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[]).await;
    let mut b = node.live(&bob, &[]).await;
    let id = entry();
    b.say(json!({"t": "join", "id": id.to_string(), "room": "general"})).await;
    let ack = b.answer(id).await;
    assert_eq!((&ack["t"], &ack["room"]), (&json!("ack"), &json!(room.to_string())));
    let event = b.event("@me").await;
    assert_eq!((&event["kind"], &event["op"]), (&json!("room"), &json!("set")));
    assert_eq!((&event["entry"]["id"], &event["entry"]["at_seq"]), (&json!(room.to_string()), &ack["seq"]));
    b.say(json!({"t": "resume", "id": "r", "cursors": {room.to_string(): null}})).await;
    assert_eq!(b.expect("sync").await["status"], "reset");
    node.send(&ada, room, "welcome").await;
    assert_eq!(b.event(room).await["text"], "welcome");
}

#[tokio::test]
async fn typing_and_receipts_reach_the_others() {
    let node = Cluster::new().node().await;
    let (ada, bob) = (node.guest("ada").await, node.guest("bob").await);
    let room = node.room("general", &ada, &[&bob]).await;
    let mut a = node.live(&ada, &[room]).await;
    let mut b = node.live(&bob, &[room]).await;
    let mut b2 = node.live(&bob, &[room]).await;
    b.say(json!({"t": "typing", "room": room.to_string(), "on": true})).await;
    let signal = a.expect("signal").await;
    assert_eq!((&signal["kind"], &signal["by"]["id"]), (&json!("typing"), &json!(bob.id.to_string())));
    assert_eq!(signal["ttl_ms"], 5_000);
    let seq = node.send(&ada, room, "read me").await;
    b.event(room).await;
    b.say(json!({"t": "read", "room": room.to_string(), "seq": seq})).await;
    let receipt = a.expect("receipt").await;
    assert_eq!((&receipt["user"], &receipt["seq"]), (&json!(bob.id.to_string()), &json!(seq)));
    assert!(receipt.get("n").is_none(), "only the reader gets the counts");
    let own = b2.expect("receipt").await;
    assert_eq!((&own["seq"], &own["n"]), (&json!(seq), &json!(1)));
}

#[tokio::test]
async fn a_user_gets_the_presence_of_watched_users() {
    let node = Cluster::new().node().await;
    let (ada, bob, eve) = (node.guest("ada").await, node.guest("bob").await, node.guest("eve").await);
    node.room("general", &ada, &[&bob]).await;
    let mut a = node.live(&ada, &[]).await;
    let b = node.live(&bob, &[]).await;
    let _e = node.live(&eve, &[]).await;
    a.say(json!({"t": "watch", "users": [bob.id.to_string(), eve.id.to_string()]})).await;
    loop {
        let presence = a.expect("presence").await;
        let users = presence["users"].as_array().expect("users");
        assert!(users.iter().all(|user| user["user"] != eve.id.to_string()), "a user who shares no room");
        if users.iter().any(|user| user["user"] == bob.id.to_string() && user["status"] == "online") {
            break;
        }
    }
    drop(b);
    loop {
        let presence = a.expect("presence").await;
        let users = presence["users"].as_array().expect("users");
        if users.iter().any(|user| user["user"] == bob.id.to_string() && user["status"] == "offline") {
            break;
        }
    }
}

#[tokio::test]
async fn a_removed_user_and_the_members_no_longer_see_each_others_presence() {
    let node = Cluster::new().node().await;
    let (ada, bob, eve) = (node.guest("ada").await, node.guest("bob").await, node.guest("eve").await);
    let room = node.room("general", &ada, &[&bob, &eve]).await;
    // Ada and Bob share another room, so they still see each other at the end.
    node.room("other", &ada, &[&bob]).await;
    let mut a = node.sign_in(&ada).await;
    let mut e = node.sign_in(&eve).await;
    for (socket, of) in [(&mut a, [&bob, &eve]), (&mut e, [&ada, &bob])] {
        socket.say(json!({"t": "watch", "users": of.map(|person| person.id.to_string())})).await;
        while socket.expect("presence").await["full"] == false {}
    }
    let bob_comes = node.sign_in(&bob).await;
    let status = |frame: &serde_json::Value, of: &Person| {
        let users = frame["users"].as_array().expect("users").clone();
        users.into_iter().find(|user| user["user"] == of.id.to_string()).map(|user| user["status"].clone())
    };
    let until = async |socket: &mut Socket, of: &Person, wanted: &str| loop {
        if status(&socket.expect("presence").await, of).is_some_and(|status| status == wanted) {
            return;
        }
    };
    until(&mut a, &bob, "online").await;
    until(&mut e, &bob, "online").await;
    node.ask(&ada, room, Intent::Kick { user: eve.id, why: None }).await;
    // All are still online; users who no longer share a room do not see that.
    until(&mut a, &eve, "offline").await;
    until(&mut e, &bob, "offline").await;
    drop(bob_comes);
    until(&mut a, &bob, "offline").await;
}

#[tokio::test]
async fn a_send_whose_caller_is_cancelled_finishes_and_raises_the_mark() {
    let node = Cluster::new().node().await;
    let ada = node.guest("ada").await;
    let room = node.room("general", &ada, &[]).await;
    let text = "sent, then cancelled".to_owned().try_into().expect("valid");
    let intent = Intent::Send { text, reply_to: None, thread: None, files: Vec::new() };
    let change = Change { by: ada.actor, id: entry(), seen: None, epoch: None, intent };

    // The caller is cancelled once the change is queued, as happens when a socket or a call ends.
    let reference = room.into();
    let mut submit = Box::pin(node.services.messages.submit(&reference, change));
    assert!(futures_util::poll!(submit.as_mut()).is_pending());
    drop(submit);

    let raised = async {
        while node.services.marks.mark(ada.id, room).await.expect("the store is up").read_n == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, raised).await.expect("the mark is raised");
}

//! What happens to notifications whose message is edited or deleted.

use domain::NotificationKind;
use service::excerpts;

use super::*;

/// Returns the changes of notifications that Bob's user log announced, in order.
async fn told_of(store: &Store, user: UserId) -> Vec<(&'static str, Seq)> {
    let log = LogId::User(user);
    let tip = store.log.tip(log).await.expect("reads");
    let entries = store.log.read(log, 1, tip.seq()).await.expect("reads");
    let notified = entries.into_iter().filter_map(|entry| match entry.body {
        Body::NotificationAdded(one) => Some(("added", one.key.seq)),
        Body::NotificationChanged(one) => Some(("changed", one.key.seq)),
        Body::NotificationGone { key } => Some(("gone", key.seq)),
        _ => None,
    });
    notified.collect()
}

/// Returns the notifications as their user reads them.
async fn shown(store: &Store, user: UserId) -> Vec<String> {
    let mut all = notifications(store, user).await;
    excerpts::fill(store, user, all.iter_mut().collect()).await.expect("reads");
    all.into_iter().map(|one| one.body).collect()
}

async fn unread_mentions(store: &Store, room: RoomId) -> Vec<Seq> {
    store.rooms.user_room(BOB, room).await.expect("reads").expect("there").mentions
}

/// Returns everything that is stored of a user's notifications, in the log and as rows.
async fn stored(store: &Store, user: UserId) -> String {
    let log = LogId::User(user);
    let tip = store.log.tip(log).await.expect("reads");
    let entries = store.log.read(log, 1, tip.seq()).await.expect("reads");
    format!("{:?}", (entries, notifications(store, user).await))
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_announced_once_and_shown() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let seq = node.says(ADA, room, "@bob secret").await;
    until("the notification", async || shown(&store, BOB).await == ["@bob secret"]).await;
    node.edits(ADA, room, seq, "@bob open").await;
    until("the change", async || told_of(&store, BOB).await == [("added", seq), ("changed", seq)]).await;
    assert_eq!(shown(&store, BOB).await, ["@bob open"]);
    assert_eq!(unread_mentions(&store, room).await, [seq]);
    assert!(!stored(&store, BOB).await.contains("secret") && !stored(&store, BOB).await.contains("open"));
    // Another reader of the room, which has no cursor, announces nothing again.
    let other = Node::new(&memory, "b");
    for consumer in [node.notify.clone() as Arc<dyn Consumer>, other.notify.clone()] {
        let tip = store.log.tip(LogId::Room(room)).await.expect("reads");
        let entries = store.log.read(LogId::Room(room), 1, tip.seq()).await.expect("reads");
        let batch = service::feed::Batch { room, epoch: tip.epoch(), entries: &entries };
        consumer.consume(&batch).await.expect("consumed");
    }
    assert_eq!(told_of(&store, BOB).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_mention_that_an_edit_adds_notifies_once() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let seq = node.says(ADA, room, "look at this").await;
    let further = node.says(ADA, room, "and this").await;
    node.edits(ADA, room, seq, "look at this, @bob").await;
    until("the notification", async || told_of(&store, BOB).await == [("added", seq)]).await;
    let notified = notifications(&store, BOB).await.remove(0);
    assert_eq!((notified.kind, notified.seq, notified.from), (NotificationKind::Mention, Some(seq), Some(ADA)));
    assert_eq!(unread_mentions(&store, room).await, [seq]);
    assert_eq!(shown(&store, BOB).await, ["look at this, @bob"]);
    node.edits(ADA, room, seq, "look at this, @eve and @bob").await;
    node.edits(ADA, room, further, "and `@bob` <https://social.example/@bob>").await;
    quiet().await;
    assert_eq!(told_of(&store, BOB).await, [("added", seq), ("changed", seq)], "one notification of one message");
}

#[tokio::test(start_paused = true)]
async fn an_edit_before_the_notification_is_part_of_it() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    let seq = node.says(ADA, room, "@bob secret").await;
    node.edits(ADA, room, seq, "@bob open").await;
    let edited = node.says(ADA, room, "@bob again").await;
    node.edits(ADA, room, edited, "nobody").await;
    node.feed.start(&node.logs, &node.supervisor);
    quiet().await;
    assert_eq!(told_of(&store, BOB).await, [("added", seq)]);
    assert_eq!(shown(&store, BOB).await, ["@bob open"]);
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_removes_the_mention_revokes_the_notification() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let his = node.says(BOB, room, "hm").await;
    let seq = node.says(ADA, room, "@bob secret").await;
    let reply = node.replies(ADA, room, his, "@bob yes").await;
    until("both", async || unread_mentions(&store, room).await == [seq, reply]).await;
    node.edits(ADA, room, seq, "nobody in particular").await;
    node.edits(ADA, room, reply, "yes").await;
    until("the unread mention", async || unread_mentions(&store, room).await == [reply]).await;
    quiet().await;
    assert_eq!(
        told_of(&store, BOB).await,
        [("added", seq), ("added", reply), ("gone", seq), ("changed", reply)],
        "it still answers him"
    );
    assert_eq!(shown(&store, BOB).await, ["yes"]);
    node.edits(ADA, room, seq, "@bob once more").await;
    quiet().await;
    assert_eq!(shown(&store, BOB).await, ["yes"], "a revoked one does not return");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_revokes_all_notifications_of_the_message_read_or_not() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let direct = node.direct(BOB).await;
    let his = node.says(BOB, room, "hm").await;
    let mention = node.says(ADA, room, "@bob secret 1").await;
    let reply = node.replies(ADA, room, his, "secret 2").await;
    let between = node.says(ADA, direct, "secret 3").await;
    let kept = node.says(ADA, room, "@bob and @eve, hello").await;
    let text = "secret 4".to_owned().try_into().expect("valid");
    let send = Intent::Send { text, reply_to: None, thread: Some(his), files: vec![] };
    let threaded = node.does(ADA, room, send).await;
    until("all of them", async || notifications(&store, BOB).await.len() == 5).await;
    let own = Intent::Own(OwnChange::NotificationsRead);
    node.ask(BOB, LogId::User(BOB), own).await.expect("there are unread ones");
    let all = [(room, mention, "1"), (room, reply, "2"), (direct, between, "3"), (room, threaded, "4")];
    for (room, seq, name) in all {
        node.deletes(ADA, room, seq).await;
        assert!(shown(&store, BOB).await.iter().all(|text| !text.contains(&format!("secret {name}"))));
    }
    until("one is left", async || notifications(&store, BOB).await.len() == 1).await;
    assert_eq!(notifications(&store, BOB).await[0].kind, NotificationKind::Mention);
    assert_eq!(shown(&store, BOB).await, ["@bob and @eve, hello"]);
    assert_eq!(unread_mentions(&store, room).await, [kept]);
    assert!(!stored(&store, BOB).await.contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn text_stored_by_an_earlier_release_is_not_shown() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let seq = node.says(ADA, room, "hello").await;
    let at = store.log.messages(LogId::Room(room), &[seq]).await.expect("reads")[0].at;
    let old = serde_json::json!({
        "key": format!("{}.{}.{seq}", at.0, room.0.simple()), "kind": "mention", "room": room, "seq": seq,
        "title": "ada mentioned you", "body": "what it said before",
    });
    let stored::NotificationRecord(old) = stored::from_json(&old.to_string()).expect("an older row reads");
    let own = Intent::Own(OwnChange::Notify(old));
    node.ask(BOB, LogId::User(BOB), own).await.expect("accepted");
    assert_eq!(shown(&store, BOB).await, ["hello"]);
    node.deletes(ADA, room, seq).await;
    assert_eq!(shown(&store, BOB).await.concat(), "");
}

#[tokio::test(start_paused = true)]
async fn a_user_who_left_sees_nothing_of_later_edits() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let seq = node.says(ADA, room, "@bob hello").await;
    until("the notification", async || shown(&store, BOB).await == ["@bob hello"]).await;
    node.does(ADA, room, Intent::Kick { user: BOB, why: None }).await;
    node.edits(ADA, room, seq, "@bob is not to know").await;
    quiet().await;
    assert_eq!(shown(&store, BOB).await, [""]);
}

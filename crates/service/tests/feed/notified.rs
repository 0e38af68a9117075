//! Who gets which notification.

use domain::{Level, MemberState, NotificationKind};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_mention_arrives_at_once() {
    let (memory, store) = setting().await;
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let began = Instant::now();
    let seq = node.says(ADA, room, "look, @bob").await;
    until("Bob's notification", async || !notifications(&store, BOB).await.is_empty()).await;
    assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
    let notified = notifications(&store, BOB).await.remove(0);
    assert_eq!(
        (notified.kind, notified.room, notified.seq, notified.from),
        (NotificationKind::Mention, Some(room), Some(seq), Some(ADA))
    );
    assert_eq!(
        (notified.title.as_str(), notified.body.as_str()),
        ("ada mentioned you in Garden", ""),
        "no text is stored"
    );
    until("the unread mention", async || {
        store.rooms.user_room(BOB, room).await.expect("reads").expect("there").mentions == [seq]
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_message_notifies_each_user_once_and_for_the_first_reason() {
    let (memory, store) = setting().await;
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let direct = node.direct(BOB).await;
    let his = node.says(BOB, room, "hm, @bob?").await;
    let reply = node.replies(ADA, room, his, "yes, @bob @bob").await;
    let plain = node.replies(ADA, room, his, "yes").await;
    let between = node.says(ADA, direct, "for @bob").await;
    node.replies(BOB, room, his, "to myself").await;
    node.says(ADA, room, "nothing for anybody").await;
    quiet().await;
    let mut notified: Vec<_> =
        notifications(&store, BOB).await.into_iter().map(|one| (one.kind, one.key.seq)).collect();
    notified.sort_by_key(|(_, seq)| *seq);
    let mut wanted =
        [(NotificationKind::Mention, reply), (NotificationKind::Reply, plain), (NotificationKind::Direct, between)];
    wanted.sort_by_key(|(_, seq)| *seq);
    assert_eq!(notified, wanted);
    assert_eq!(store.rooms.user_room(BOB, room).await.expect("reads").expect("there").mentions, [reply, plain]);
    assert!(notifications(&store, ADA).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_a_thread_notifies_its_author() {
    let (memory, store) = setting().await;
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let root = node.says(BOB, room, "shall we?").await;
    let text = "yes".to_owned().try_into().expect("valid");
    let seq = node.does(ADA, room, Intent::Send { text, reply_to: None, thread: Some(root), files: vec![] }).await;
    until("Bob's notification", async || !notifications(&store, BOB).await.is_empty()).await;
    let notified = notifications(&store, BOB).await.remove(0);
    assert_eq!((notified.kind, notified.seq), (NotificationKind::Reply, Some(seq)));
}

#[tokio::test(start_paused = true)]
async fn an_invitation_notifies_unless_it_was_answered_before() {
    let (memory, store) = setting().await;
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Private, &[]).await;
    node.does(ADA, room, invite(BOB)).await;
    node.does(BOB, room, Intent::Leave).await;
    node.does(ADA, room, invite(EVE)).await;
    node.feed.start(&node.logs, &node.supervisor);
    until("Eve's invitation", async || !notifications(&store, EVE).await.is_empty()).await;
    quiet().await;
    let notified = notifications(&store, EVE).await;
    assert_eq!((notified.len(), notified[0].kind, notified[0].seq), (1, NotificationKind::Invite, None));
    assert_eq!(notified[0].title, "ada invited you to Garden");
    assert!(notifications(&store, BOB).await.is_empty(), "Bob declined before the feed came to it");
    let row = store.rooms.user_room(EVE, room).await.expect("reads").expect("there");
    assert_eq!(row.state, MemberState::Invited);
}

#[tokio::test(start_paused = true)]
async fn non_members_are_not_notified() {
    let (memory, store) = setting().await;
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    node.says(ADA, room, "@eve is not here").await;
    node.does(EVE, room, Intent::Join).await;
    until("the room in Eve's list", async || is_listed(&store, EVE, room).await).await;
    node.does(ADA, room, Intent::Ban { user: EVE, why: None }).await;
    node.says(ADA, room, "@eve is banned").await;
    node.does(BOB, room, Intent::Leave).await;
    node.says(ADA, room, "@bob went").await;
    quiet().await;
    for user in [BOB, EVE] {
        assert!(notifications(&store, user).await.is_empty(), "{user:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn users_banned_from_the_installation_are_not_notified() {
    let (memory, store) = setting().await;
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    store.users.set_banned(BOB, true).await.expect("writes");
    node.feed.start(&node.logs, &node.supervisor);
    node.says(ADA, room, "@bob").await;
    quiet().await;
    assert!(notifications(&store, BOB).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_muted_room_notifies_of_nothing_and_the_level_mentions_of_mentions() {
    let (memory, store) = setting().await;
    let node = Node::start(&memory, "a");
    let (quiet_room, loud_room) = (garden(&node, &store).await, garden(&node, &store).await);
    node.settings(BOB, quiet_room, Level::None).await;
    node.settings(BOB, loud_room, Level::Mentions).await;
    node.says(ADA, quiet_room, "@bob").await;
    let his = node.says(BOB, quiet_room, "hm").await;
    node.replies(ADA, quiet_room, his, "yes").await;
    let sent = node.says(ADA, loud_room, "@bob").await;
    quiet().await;
    let all: Vec<_> = notifications(&store, BOB).await.into_iter().map(|one| (one.room, one.seq)).collect();
    assert_eq!(all, [(Some(loud_room), Some(sent))]);
    assert!(store.rooms.user_room(BOB, quiet_room).await.expect("reads").expect("there").mentions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_deleted_before_its_turn_makes_no_notification() {
    let (memory, store) = setting().await;
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    let gone = node.says(ADA, room, "@bob, a secret").await;
    node.does(ADA, room, Intent::Delete { target: gone }).await;
    let kept = node.says(ADA, room, "@bob, hello").await;
    node.feed.start(&node.logs, &node.supervisor);
    quiet().await;
    let notified: Vec<_> = notifications(&store, BOB).await.into_iter().map(|one| one.seq).collect();
    assert_eq!(notified, [Some(kept)]);
}

#[tokio::test(start_paused = true)]
async fn users_are_not_notified_of_a_past_they_may_not_see() {
    let (memory, store) = setting().await;
    let node = Node::new(&memory, "a");
    let id = Ids::system().room();
    let room = Room { hides_past: true, ..a_room(id, RoomKind::Public) };
    node.does(ADA, id, Intent::Create { room: Box::new(room), people: vec![] }).await;
    node.says(ADA, id, "@bob, before you came").await;
    node.does(BOB, id, Intent::Join).await;
    let seen = node.says(ADA, id, "@bob, welcome").await;
    node.feed.start(&node.logs, &node.supervisor);
    quiet().await;
    let notified: Vec<_> = notifications(&store, BOB).await.into_iter().map(|one| one.seq).collect();
    assert_eq!(notified, [Some(seen)]);
}

async fn setting() -> (MemoryStore, Store) {
    let memory = world().await;
    let store = memory.store();
    (memory, store)
}

//! What a reconnecting client gets: the five endings of a replay.

use domain::limits::REPLAY_ENTRIES;
use domain::{Intent, LogId, PageStatus, Role, Room, RoomKind};

use crate::setup::{World, actor, room, send, seq, text, user};

#[tokio::test(start_paused = true)]
async fn a_reconnecting_client_gets_missed_entries_page_by_page() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let cursor = world.entries(log).await.len() as u64;
    let target = seq(&node.logs.submit(log, world.change(2, send("one"))).await);
    for words in ["two", "three"] {
        let edit = Intent::Edit { target, text: text(words) };
        assert!(node.logs.submit(log, world.change(2, edit)).await.is_ok());
    }
    let page = node.messages.replay(&actor(2), log, Some(cursor), 2).await.expect("up");
    assert_eq!(page.span.status, PageStatus::More);
    assert_eq!((page.span.from, page.span.through, page.span.as_of), (cursor + 1, cursor + 2, cursor + 3));
    let rest = node.messages.replay(&actor(2), log, Some(page.span.through), 500).await.expect("up");
    assert_eq!((rest.span.status, rest.span.through), (PageStatus::Complete, cursor + 3));
    let edits = page.related.texts.values().chain(rest.related.texts.values()).map(|text| text.as_str().to_owned());
    assert_eq!(edits.collect::<Vec<_>>(), ["three", "three"], "an edit says what the message says now");
    assert!(page.related.users.contains_key(&user(2)));
    let current = node.messages.replay(&actor(2), log, Some(cursor + 3), 500).await.expect("up");
    assert_eq!(
        (current.span.status, current.entries.len(), current.span.through),
        (PageStatus::Complete, 0, cursor + 3)
    );
    assert!(node.logs.submit(log, world.change(2, Intent::Delete { target })).await.is_ok());
    let page = node.messages.replay(&actor(2), log, Some(cursor), 500).await.expect("up");
    assert!(page.related.texts.is_empty(), "the text of a deleted message is not sent");
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_cannot_be_served_is_reset() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    for n in 0..9 {
        assert!(node.logs.submit(log, world.change(2, send(&n.to_string()))).await.is_ok());
    }
    let head = world.entries(log).await.len() as u64;
    let reset = PageStatus::Reset { head, n: 9 };
    let who = actor(2);
    let ask = |cursor| node.messages.replay(&who, log, cursor, 500);
    for cursor in [None, Some(head + 1), Some(u64::MAX)] {
        assert_eq!(ask(cursor).await.expect("up").span.status, reset, "{cursor:?}");
    }
    world.memory.store().log.raise_floor(log, 5).await.expect("up");
    assert_eq!(ask(Some(4)).await.expect("up").span.status, reset, "below the floor");
    assert_eq!(ask(Some(5)).await.expect("up").span.status, PageStatus::Complete);
    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..REPLAY_ENTRIES {
        let (logs, change) = (node.logs.clone(), domain::Change { seen: None, ..world.change(1, send("x")) });
        sends.spawn(async move { logs.submit(log, change).await });
        if sends.len() > 2_000 {
            while sends.join_next().await.is_some() {}
        }
    }
    while sends.join_next().await.is_some() {}
    assert_eq!(ask(Some(head)).await.expect("up").span.status, PageStatus::More);
    let far = ask(Some(head - 1)).await.expect("up");
    assert_eq!(far.span.status, PageStatus::Reset { head: head + REPLAY_ENTRIES, n: 9 + REPLAY_ENTRIES });
}

#[tokio::test(start_paused = true)]
async fn a_member_with_a_hidden_past_begins_where_they_joined() {
    let world = World::new();
    let node = world.node();
    let hides = Room { hides_past: true, ..room(1, RoomKind::Private) };
    let log = world.room(&node, hides, &[2]).await;
    assert!(node.logs.submit(log, world.change(2, send("before"))).await.is_ok());
    world.store.users.create_user(&crate::setup::person(3)).await.expect("new");
    let invite = Intent::Invite { user: user(3), role: Role::Member };
    let invited = seq(&node.logs.submit(log, world.change(2, invite)).await);
    let who = actor(3);
    let ask = |cursor| node.messages.replay(&who, log, cursor, 500);
    assert_eq!(ask(Some(invited)).await.expect("up").span.status, PageStatus::NotFound, "not in yet");
    let joined = seq(&node.logs.submit(log, world.change(3, Intent::Join)).await);
    assert_eq!(ask(Some(invited - 1)).await.expect("up").span.status, PageStatus::Reset { head: joined, n: 1 });
    let page = ask(Some(joined - 1)).await.expect("up");
    assert_eq!((page.span.status, page.entries.len()), (PageStatus::Complete, 1));
    assert_eq!(ask(None).await.expect("up").span.status, PageStatus::Reset { head: joined, n: 1 });
}

#[tokio::test(start_paused = true)]
async fn the_page_of_a_removed_member_ends_at_the_removal() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2, 3]).await;
    let cursor = world.entries(log).await.len() as u64;
    assert!(node.logs.submit(log, world.change(3, send("still seen"))).await.is_ok());
    let kicked = seq(&node.logs.submit(log, world.change(1, Intent::Kick { user: user(2), why: None })).await);
    assert!(node.logs.submit(log, world.change(3, send("not seen"))).await.is_ok());
    assert!(node.logs.submit(log, world.change(1, Intent::Ban { user: user(2), why: None })).await.is_ok());
    let who = actor(2);
    let ask = |cursor, max| node.messages.replay(&who, log, cursor, max);
    let first = ask(Some(cursor), 1).await.expect("up");
    assert_eq!((first.span.status, first.span.through), (PageStatus::More, cursor + 1));
    let page = ask(Some(first.span.through), 500).await.expect("up");
    assert_eq!((page.span.status, page.span.through), (PageStatus::Forbidden, kicked));
    assert_eq!(page.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [kicked]);
    for cursor in [None, Some(kicked), Some(kicked + 1), Some(999)] {
        let page = ask(cursor, 500).await.expect("up");
        assert_eq!((page.span.status, page.entries.len()), (PageStatus::Forbidden, 0), "{cursor:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn rooms_and_user_logs_of_others_are_not_found() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    for (who, log) in [(9, log), (2, LogId::Room(room(7, RoomKind::Public).id)), (2, LogId::User(user(1)))] {
        let page = node.messages.replay(&actor(who), log, Some(0), 500).await.expect("up");
        assert_eq!((page.span.status, page.entries.len()), (PageStatus::NotFound, 0), "{who} {log}");
    }
    let own = node.messages.replay(&actor(2), LogId::User(user(2)), None, 500).await.expect("up");
    assert_eq!(own.span.status, PageStatus::Reset { head: 0, n: 0 });
    let own = node.messages.replay(&actor(2), LogId::User(user(2)), Some(0), 500).await.expect("up");
    assert_eq!(own.span.status, PageStatus::Complete);
}

#[tokio::test(start_paused = true)]
async fn a_non_member_does_not_learn_where_a_room_ends() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Private), &[2, 3]).await;
    let kicked = seq(&node.logs.submit(log, world.change(1, Intent::Kick { user: user(3), why: None })).await);
    for words in ["one", "two", "three"] {
        assert!(node.logs.submit(log, world.change(2, send(words))).await.is_ok());
    }
    for cursor in [None, Some(0), Some(kicked), Some(kicked + 1), Some(kicked + 2), Some(u64::MAX)] {
        let outsider = node.messages.replay(&actor(9), log, cursor, 500).await.expect("up");
        assert_eq!(
            (outsider.span.status, outsider.span.as_of, outsider.span.through),
            (PageStatus::NotFound, 0, 0),
            "{cursor:?}"
        );
        let removed = node.messages.replay(&actor(3), log, cursor, 500).await.expect("up");
        assert_eq!((removed.span.status, removed.span.as_of), (PageStatus::Forbidden, kicked), "{cursor:?}");
        assert!(removed.span.through <= kicked, "{cursor:?}");
    }
    let room = service::RoomRef::Id(log.room().expect("a room"));
    for (who, code) in [(9, domain::Code::NotFound), (3, domain::Code::Forbidden), (2, domain::Code::Stale)] {
        let query = service::PageQuery { min_seq: Some(1_000), ..Default::default() };
        let refusal = node.messages.page(&actor(who), &room, query).await.expect_err("above the head");
        assert_eq!((refusal.code, refusal.head.is_some()), (code, who == 2), "{who}");
    }
}

//! What must hold when a feed crashes, meets another one, or finds another store than it knew.

use domain::{Entry, Level, Member, MemberState, RowWrite};
use store_memory::{Fault, Flaw};
use tokio::runtime::{Builder, Runtime};

use super::*;

/// A process of its own: dropping it is `kill -9`.
fn process() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime")
}

#[test]
fn a_feed_killed_between_append_and_cursor_duplicates_nothing() {
    let first = process();
    let (memory, room) = first.block_on(async {
        let memory = world().await;
        let node = Node::start(&memory, "a");
        let room = garden(&node, &memory.store()).await;
        for _ in 0..5 {
            node.says(ADA, room, "@bob").await;
        }
        until("five notifications", async || notifications(&memory.store(), BOB).await.len() == 5).await;
        assert_eq!(memory.store().feed.cursors(room).await.expect("reads"), [], "no cursor was saved");
        (memory, room)
    });
    drop(first);
    process().block_on(async {
        let store = memory.store();
        let node = Node::start(&memory, "a");
        let before = announced(&store, BOB).await;
        let seq = node.says(ADA, room, "@bob, once more").await;
        quiet().await;
        let mut wanted = before.clone();
        wanted.0.push((room, seq));
        assert_eq!(announced(&store, BOB).await, wanted);
        let cursors = store.feed.cursors(room).await.expect("reads");
        assert!(cursors.len() == 2 && cursors.iter().all(|cursor| cursor.seq == seq), "{cursors:?}");
    });
}

#[tokio::test(start_paused = true)]
async fn an_orderly_shutdown_saves_cursors_and_releases_leases() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let seq = node.says(ADA, room, "@bob").await;
    until("the notification", async || !notifications(&store, BOB).await.is_empty()).await;
    node.feed.stop().await;
    let cursors = store.feed.cursors(room).await.expect("reads");
    assert!(cursors.len() == 2 && cursors.iter().all(|cursor| cursor.seq == seq), "{cursors:?}");
    // Another node continues at once, without waiting for a lease to expire.
    let began = Instant::now();
    let other = Node::start(&memory, "b");
    other.says(ADA, room, "@bob").await;
    until("the second", async || notifications(&store, BOB).await.len() == 2).await;
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[test]
fn another_node_takes_over_after_a_crash() {
    let first = process();
    let (memory, room) = first.block_on(async {
        let memory = world().await;
        let node = Node::start(&memory, "a");
        let room = garden(&node, &memory.store()).await;
        (memory, room)
    });
    drop(first);
    process().block_on(async {
        let store = memory.store();
        let node = Node::start(&memory, "b");
        let seq = node.says(ADA, room, "@bob").await;
        until("the notification", async || !notifications(&store, BOB).await.is_empty()).await;
        assert_eq!(announced(&store, BOB).await.0, [(room, seq)]);
    });
}

#[tokio::test(start_paused = true)]
async fn of_two_feeds_one_holds_each_shard_and_both_nodes_are_served() {
    let memory = world().await;
    let store = memory.store();
    let (one, two) = (Node::start(&memory, "a"), Node::start(&memory, "b"));
    let room = garden(&two, &store).await;
    let mut said = Vec::new();
    for _ in 0..20 {
        said.push((room, one.says(ADA, room, "@bob").await));
        said.push((room, two.says(ADA, room, "@bob").await));
    }
    until("all notifications", async || notifications(&store, BOB).await.len() >= said.len()).await;
    quiet().await;
    assert_eq!(announced(&store, BOB).await.0, said);
}

#[tokio::test(start_paused = true)]
async fn two_feeds_that_both_believe_they_hold_the_lease_duplicate_nothing() {
    let memory = world().await;
    let store = memory.store();
    // With the same name the store gives both the lease, as it would look to a node that was suspended for long.
    let (one, two) = (Node::start(&memory, "a"), Node::start(&memory, "a"));
    let room = garden(&one, &store).await;
    let mut said = Vec::new();
    for _ in 0..20 {
        said.push((room, one.says(ADA, room, "@bob").await));
        said.push((room, two.says(ADA, room, "@bob").await));
    }
    quiet().await;
    let mut entries = announced(&store, BOB).await.0;
    entries.sort();
    assert_eq!(entries, said);
}

#[tokio::test(start_paused = true)]
async fn appends_whose_answer_is_lost_notify_once() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    let mut said = Vec::new();
    for number in 0..12 {
        said.push((room, node.says(ADA, room, "@bob").await));
        let fault = [Fault::LostAnswer, Fault::Unknown, Fault::Unavailable][number % 3];
        memory.fail_next_append(fault);
        until("the notifications", async || notifications(&store, BOB).await.len() == said.len()).await;
    }
    assert_eq!(announced(&store, BOB).await.0, said);
}

#[tokio::test(start_paused = true)]
async fn a_feed_catches_up_after_an_outage_of_the_store() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::new(&memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    let seq = node.says(ADA, room, "@bob").await;
    memory.set_down(true);
    node.feed.start(&node.logs, &node.supervisor);
    tokio::time::sleep(Duration::from_secs(120)).await;
    memory.set_down(false);
    until("the notification", async || !notifications(&store, BOB).await.is_empty()).await;
    assert_eq!(announced(&store, BOB).await.0, [(room, seq)]);
}

#[tokio::test(start_paused = true)]
async fn a_feed_catches_up_with_a_week_of_messages_in_order() {
    let memory = world().await;
    let store = memory.store();
    let writer = Node::new(&memory, "w");
    let room = writer.room(RoomKind::Public, &[]).await;
    writer.does(BOB, room, Intent::Join).await;
    let mut said = Vec::new();
    for number in 0..900 {
        let seq = writer.says(ADA, room, if number % 3 == 0 { "@bob" } else { "hm" }).await;
        if number % 3 == 0 {
            said.push((room, seq));
        }
    }
    let node = Node::start(&memory, "a");
    until("all of them", async || notifications(&store, BOB).await.len() >= said.len()).await;
    node.feed.stop().await;
    assert_eq!(announced(&store, BOB).await.0, said);
    let cursors = store.feed.cursors(room).await.expect("reads");
    let head = store.log.tip(LogId::Room(room)).await.expect("reads").seq();
    assert!(cursors.len() == 2 && cursors.iter().all(|cursor| cursor.seq == head), "{cursors:?}");
}

#[tokio::test(start_paused = true)]
async fn a_restored_store_is_read_again() {
    let memory = world().await;
    let store = memory.store();
    let node = Node::start(&memory, "a");
    let room = garden(&node, &store).await;
    node.says(ADA, room, "@bob, kept").await;
    until("the first", async || notifications(&store, BOB).await.len() == 1).await;
    quiet().await;
    let backup = memory.snapshot();
    for _ in 0..10 {
        node.says(ADA, room, "@bob, lost").await;
    }
    until("the lost ones", async || notifications(&store, BOB).await.len() == 11).await;
    quiet().await;
    memory.restore(&backup);
    assert_eq!(notifications(&store, BOB).await.len(), 1);
    // The restored log is shorter than what the feed had read: the feed must forget all of it.
    let mut sent = None;
    until("the appender knows the new epoch", async || {
        sent = node.ask(ADA, LogId::Room(room), say("@bob, new")).await.ok().and_then(|ack| ack.seq);
        sent.is_some()
    })
    .await;
    until("the new one", async || notifications(&store, BOB).await.len() == 2).await;
    quiet().await;
    let entries = announced(&store, BOB).await.0;
    assert_eq!((entries.len(), entries[1]), (2, (room, sent.expect("sent"))));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_rooms_of_one_user_are_listed_once_each() {
    let memory = world().await;
    let store = memory.store();
    for _ in 0..1_000 {
        let id = Ids::system().room();
        let room = Room { rev: 1, ..a_room(id, RoomKind::Private) };
        let member = Member {
            user: BOB,
            state: MemberState::Joined,
            role: Role::Member,
            muted_until: None,
            level: Level::All,
            quiet_until: None,
            from_seq: 1,
            to_seq: None,
            rev: 2,
        };
        let joined =
            Body::Member { user: BOB, state: MemberState::Joined, role: Role::Member, muted_until: None, why: None };
        let bodies = [Body::Room(room.clone()), joined];
        let entries: Vec<Entry> = (1..)
            .zip(bodies)
            .map(|(seq, body)| Entry { v: 1, seq, n: 0, by: ADA, id: Ids::system().entry(), at: Timestamp(1), body })
            .collect();
        let log = LogId::Room(id);
        let tip = store.log.tip(log).await.expect("reads");
        let row_writes = [RowWrite::Room(room), RowWrite::Member(member)];
        store.log.append(log, &tip, &entries, &row_writes).await.expect("the log is empty");
    }
    let _node = Node::start(&memory, "a");
    until("all rooms", async || store.rooms.user_room_count(BOB).await.expect("reads") == 1_000).await;
    quiet().await;
    let rooms = announced(&store, BOB).await.1;
    let once: std::collections::HashSet<RoomId> = rooms.iter().map(|(room, _)| *room).collect();
    assert_eq!((rooms.len(), once.len()), (1_000, 1_000));
}

/// Creates a room with Bob, a feed that does not run yet, and three messages that mention him.
async fn three_mentions(memory: &MemoryStore) -> (Node, RoomId, Vec<Seq>) {
    let node = Node::new(memory, "a");
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    let mut said = Vec::new();
    for _ in 0..3 {
        said.push(node.says(ADA, room, "@bob").await);
    }
    (node, room, said)
}

async fn notified(store: &Store) -> Vec<Seq> {
    announced(store, BOB).await.0.into_iter().map(|(_, seq)| seq).collect()
}

#[tokio::test(start_paused = true)]
async fn nothing_after_a_hole_is_processed_before_it_is_filled() {
    let memory = world().await;
    let store = memory.store();
    let (node, room, said) = three_mentions(&memory).await;
    memory.set_flaw(LogId::Room(room), said[1], Some(Flaw::Missing));
    node.feed.start(&node.logs, &node.supervisor);
    quiet().await;
    assert_eq!(notified(&store).await, Vec::<Seq>::new(), "a read with a hole is no answer");
    memory.set_flaw(LogId::Room(room), said[1], None);
    until("all three", async || notifications(&store, BOB).await.len() == 3).await;
    assert_eq!(notified(&store).await, said);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_entry_is_skipped() {
    let memory = world().await;
    let store = memory.store();
    let (node, room, said) = three_mentions(&memory).await;
    memory.set_flaw(LogId::Room(room), said[1], Some(Flaw::Unreadable));
    node.feed.start(&node.logs, &node.supervisor);
    until("the other two", async || notifications(&store, BOB).await.len() == 2).await;
    assert_eq!(notified(&store).await, [said[0], said[2]]);
    node.feed.stop().await;
    let cursors = store.feed.cursors(room).await.expect("reads");
    assert!(cursors.len() == 2 && cursors.iter().all(|cursor| cursor.seq == said[2]), "{cursors:?}");
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_last_entry_is_skipped() {
    let memory = world().await;
    let store = memory.store();
    let (node, room, said) = three_mentions(&memory).await;
    memory.set_flaw(LogId::Room(room), said[2], Some(Flaw::Unreadable));
    let rest = node.catch_up.rooms(&[room]).await;
    assert_eq!((rest, notified(&store).await), (vec![], said[..2].to_vec()));
}

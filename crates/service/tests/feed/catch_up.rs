//! The feed without a loop: woken with rooms, as by a Lambda on the table's stream.

use service::limits::FEED_LEASE_LIFE;

use super::*;

async fn setting() -> (MemoryStore, Store) {
    let memory = world().await;
    let store = memory.store();
    (memory, store)
}

/// Creates a room of Ada's that Bob joined, with a mention of him, which no feed has seen.
async fn unread(node: &Node) -> (RoomId, Seq) {
    let room = node.room(RoomKind::Public, &[]).await;
    node.does(BOB, room, Intent::Join).await;
    let seq = node.says(ADA, room, "look, @bob").await;
    (room, seq)
}

#[tokio::test(start_paused = true)]
async fn rooms_are_read_to_their_heads_before_it_returns() {
    let (memory, store) = setting().await;
    let node = Node::new(&memory, "a");
    let (room, seq) = unread(&node).await;
    assert!(!is_listed(&store, BOB, room).await, "nothing runs by itself");
    assert_eq!(node.catch_up.rooms(&[room, room]).await, []);
    assert!(is_listed(&store, ADA, room).await && is_listed(&store, BOB, room).await);
    let notified = notifications(&store, BOB).await;
    assert_eq!(notified.iter().map(|one| one.key.seq).collect::<Vec<_>>(), [seq]);
    let cursors = store.feed.cursors(room).await.expect("reads");
    assert!(cursors.iter().all(|cursor| cursor.seq == seq), "the first time they are saved: {cursors:?}");
}

#[tokio::test(start_paused = true)]
async fn several_processes_in_turn_duplicate_nothing() {
    let (memory, store) = setting().await;
    let (one, other) = (Node::new(&memory, "a"), Node::new(&memory, "b"));
    let (room, first) = unread(&one).await;
    let mut said = vec![first];
    for n in 0..6 {
        let node = if n % 2 == 0 { &one } else { &other };
        assert_eq!(node.catch_up.rooms(&[room]).await, []);
        said.push(one.says(ADA, room, "and again, @bob").await);
    }
    assert_eq!(other.catch_up.rooms(&[room]).await, []);
    assert_eq!(announced(&store, BOB).await.0, said.iter().map(|seq| (room, *seq)).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn rooms_of_a_shard_with_another_reader_are_returned_for_a_retry() {
    let (memory, store) = setting().await;
    let (node, other) = (Node::new(&memory, "a"), Node::start(&memory, "b"));
    // The other node's feed takes every lease.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let room = node.room(RoomKind::Public, &[]).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, [room]);
    other.feed.stop().await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
    assert!(is_listed(&store, ADA, room).await);
}

#[tokio::test(start_paused = true)]
async fn a_crashed_reader_blocks_its_rooms_no_longer_than_its_lease() {
    let (memory, _) = setting().await;
    let node = Node::new(&memory, "a");
    let (room, _) = unread(&node).await;
    for shard in 0..service::limits::FEED_SHARDS {
        let clock = VirtualClock(Instant::now());
        let taken = memory.store().feed.lease(&format!("feed/{shard}"), "dead", clock.now(), FEED_LEASE_LIFE).await;
        assert!(taken.expect("answers").is_some());
    }
    assert_eq!(node.catch_up.rooms(&[room]).await, [room]);
    tokio::time::sleep(FEED_LEASE_LIFE).await;
    assert_eq!(node.catch_up.rooms(&[room]).await, []);
}

#[tokio::test]
async fn a_sweep_reads_whatever_is_behind_and_continues_where_it_ended() {
    let memory = world().await;
    let node = Node::new(&memory, "lambda");
    let mut rooms = Vec::new();
    for _ in 0..3 {
        rooms.push(node.room(RoomKind::Private, &[]).await);
    }
    // A sweep without time reads nothing, and keeps its place.
    node.catch_up.sweep(Duration::ZERO).await.expect("the store answers");
    assert!(memory.store().rooms.user_room(ADA, rooms[0]).await.expect("reads").is_none());
    node.catch_up.sweep(Duration::from_secs(60)).await.expect("the store answers");
    for room in rooms {
        assert!(memory.store().rooms.user_room(ADA, room).await.expect("reads").is_some());
    }
    // The rooms are found again, and nothing is done twice.
    node.catch_up.sweep(Duration::from_secs(60)).await.expect("the store answers");
}

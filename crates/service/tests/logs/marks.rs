//! Read marks: monotonic, announced at once, rarely written.

use std::sync::Arc;
use std::time::Duration;

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use conformance::suite::world::own_room;
use domain::limits::RECEIPT_MEMBERS;
use domain::{Code, Intent, LogId, MemberState, OwnChange, RoomId, RoomKind, Seq, UserId};
use parking_lot::Mutex;
use service::limits::MARKS_AT_ONCE;
use service::ports::{Bus, BusMessage, Mark, MarkRow, MarkStore, StoreResult};
use service::{MarkListener, RoomRef};

use crate::setup::{Node, World, actor, room, send, seq, user};

#[derive(Default)]
struct Marked(Mutex<Vec<Mark>>);

impl MarkListener for Marked {
    fn marked(&self, mark: &Mark) {
        self.0.lock().push(mark.clone());
    }
}

/// The row that the feed would write.
async fn list_room(world: &World, node: &Node, room: RoomId, who: u128) {
    let row = own_room(room, MemberState::Joined, 1);
    let change = world.change(who, Intent::Own(OwnChange::Room { row }));
    node.logs.submit(LogId::User(user(who)), change).await.expect("written");
}

async fn stored(world: &World, room: RoomId, who: u128) -> MarkRow {
    world.store.marks.marks(room, &[user(who)]).await.expect("up").pop().expect("there").1
}

#[tokio::test(start_paused = true)]
async fn a_mark_only_rises_and_is_announced_at_once_and_written_once_a_minute() {
    let world = World::new();
    let node = world.node();
    let other_node = world.broker.endpoint();
    let log = world.room(&node, room(1, RoomKind::Public), &[2, 3]).await;
    let id = log.room().expect("a room");
    let marked = Arc::new(Marked::default());
    node.marks.add_listener(marked.clone());
    list_room(&world, &node, id, 2).await;
    let mut heard = other_node.listen().expect("taken once");
    other_node.subscribe(LogId::User(user(2))).await;
    let mut seqs = Vec::new();
    for _ in 0..3 {
        seqs.push(seq(&node.logs.submit(log, world.change(3, send("hi"))).await));
    }
    let row = node.marks.read(&actor(2), id, seqs[1]).await.expect("a member");
    assert_eq!((row.read_seq, row.read_n), (seqs[1], 2));
    let lower = node.marks.read(&actor(2), id, seqs[0]).await.expect("a member");
    assert_eq!(lower.read_seq, seqs[1], "a lower mark changes nothing");
    let above = node.marks.read(&actor(2), id, 999).await.expect("a member");
    assert_eq!((above.read_seq, above.read_n), (seqs[2], 3), "at most the head");
    let raised: Vec<u64> = marked.0.lock().iter().map(|mark| mark.seq).collect();
    assert_eq!(raised, [seqs[1], seqs[2]]);
    let first = heard.recv().await.expect("announced");
    assert!(matches!(first.message, BusMessage::Mark(mark) if mark.seq == seqs[1]));

    assert_eq!(stored(&world, id, 2).await.read_seq, 0, "not yet");
    node.marks.flush_due().await;
    assert_eq!(stored(&world, id, 2).await.read_seq, seqs[2], "the first one is due");
    let next = seq(&node.logs.submit(log, world.change(3, send("hi"))).await);
    node.marks.read(&actor(2), id, next).await.expect("a member");
    node.marks.flush_due().await;
    assert_eq!(stored(&world, id, 2).await.read_seq, seqs[2], "its minute has not passed");
    assert_eq!(node.marks.mark(user(2), id).await.expect("up").read_seq, next, "but it is known here");
    world.clock.advance(Duration::from_secs(60));
    node.marks.flush_due().await;
    assert_eq!(stored(&world, id, 2).await.read_seq, next);
    let last = seq(&node.logs.submit(log, world.change(3, send("hi"))).await);
    node.marks.read(&actor(2), id, last).await.expect("a member");
    node.marks.flush_user(user(2)).await;
    assert_eq!(stored(&world, id, 2).await.read_seq, last, "the last socket closed");
}

#[tokio::test(start_paused = true)]
async fn a_message_raises_the_mark_of_its_sender() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let id = log.room().expect("a room");
    list_room(&world, &node, id, 2).await;
    let marked = Arc::new(Marked::default());
    node.marks.add_listener(marked.clone());
    let change = world.change(2, send("hi"));
    let sent = node.messages.submit(&RoomRef::Id(id), change.clone()).await;
    assert_eq!(node.marks.mark(user(2), id).await.expect("up").read_seq, seq(&sent));
    assert!(marked.0.lock().is_empty(), "the message itself says so");
    node.marks.flush().await;
    assert_eq!(stored(&world, id, 2).await, MarkRow { read_seq: seq(&sent), read_n: 1, mentions: Vec::new() });
}

#[tokio::test(start_paused = true)]
async fn a_repeated_message_raises_its_senders_mark() {
    let world = World::new();
    let (first, second) = (world.node(), world.node());
    let log = world.room(&first, room(1, RoomKind::Public), &[2]).await;
    let id = log.room().expect("a room");
    list_room(&world, &first, id, 2).await;
    let change = world.change(2, send("hi"));
    // The node that stored it crashed before it could raise the mark.
    let sent = seq(&first.logs.submit(log, change.clone()).await);
    let again = second.messages.submit(&RoomRef::Id(id), change.clone()).await.expect("acked");
    assert_eq!((again.seq, again.dup), (Some(sent), true));
    second.marks.flush().await;
    assert_eq!(stored(&world, id, 2).await, MarkRow { read_seq: sent, read_n: 1, mentions: Vec::new() });
    // A late copy does not lower the mark.
    let later = seq(&second.messages.submit(&RoomRef::Id(id), world.change(2, send("ho"))).await);
    second.messages.submit(&RoomRef::Id(id), change).await.expect("acked");
    assert_eq!(second.marks.mark(user(2), id).await.expect("up").read_seq, later);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_loses_no_mark() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let id = log.room().expect("a room");
    list_room(&world, &node, id, 2).await;
    let last = seq(&node.logs.submit(log, world.change(2, send("hi"))).await);
    node.marks.read(&actor(2), id, last).await.expect("a member");
    world.memory.set_down(true);
    node.marks.flush().await;
    world.memory.set_down(false);
    node.marks.flush().await;
    assert_eq!(stored(&world, id, 2).await.read_seq, last);
}

#[tokio::test(start_paused = true)]
async fn only_members_mark() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let id = log.room().expect("a room");
    assert_eq!(node.marks.read(&actor(9), id, 1).await.expect_err("not a member").code, Code::Forbidden);
    // Just joined: the feed has not written their row yet, which is not their fault.
    assert_eq!(node.marks.read(&actor(2), id, 1).await.expect("a member").read_seq, 1);
}

#[tokio::test(start_paused = true)]
async fn a_mark_of_another_epoch_is_not_written() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2, 3]).await;
    let id = log.room().expect("a room");
    list_room(&world, &node, id, 2).await;
    let backup = world.memory.snapshot();
    let lost = seq(&node.logs.submit(log, world.change(3, send("hi"))).await);
    assert_eq!(node.marks.read(&actor(2), id, lost).await.expect("a member").read_seq, lost);
    world.memory.restore(&backup);
    node.marks.forget();
    node.marks.flush_user(user(2)).await;
    assert_eq!(stored(&world, id, 2).await.read_seq, 0);
}

#[tokio::test(start_paused = true)]
async fn a_mark_of_cached_state_reads_nothing_from_the_store() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2, 3]).await;
    let id = log.room().expect("a room");
    for who in [2, 3] {
        list_room(&world, &node, id, who).await;
    }
    let mut last = seq(&node.logs.submit(log, world.change(1, send("hi"))).await);
    for who in [2, 3] {
        node.marks.read(&actor(who), id, last).await.expect("a member");
    }
    for words in ["how", "are", "you"] {
        last = seq(&node.logs.submit(log, world.change(1, send(words))).await);
    }
    world.memory.set_down(true);
    for (who, at) in [(2, last), (3, last - 1), (3, last)] {
        let row = node.marks.read(&actor(who), id, at).await.expect("nothing had to be asked");
        assert_eq!((row.read_seq, row.read_n), (at, 4 - (last - at)));
    }
    assert!(node.marks.read(&actor(2), id, last + 1).await.is_err(), "this node does not know that entry");
    assert!(node.marks.read(&actor(1), id, last).await.is_err(), "nor whether this user is a member");
}

#[tokio::test(start_paused = true)]
async fn a_user_removed_on_this_node_cannot_mark_any_more() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let id = log.room().expect("a room");
    list_room(&world, &node, id, 2).await;
    let last = seq(&node.logs.submit(log, world.change(1, send("hi"))).await);
    node.marks.read(&actor(2), id, last).await.expect("a member");
    assert!(node.logs.submit(log, world.change(1, Intent::Kick { user: user(2), why: None })).await.is_ok());
    assert_eq!(node.marks.read(&actor(2), id, last).await.expect_err("kicked").code, Code::Forbidden);

    // If another node removes a user, this node notices it after some seconds.
    assert!(node.logs.submit(log, world.change(2, Intent::Join)).await.is_ok());
    node.marks.read(&actor(2), id, last).await.expect("a member");
    let other = world.node();
    assert!(other.logs.submit(log, world.change(1, Intent::Kick { user: user(2), why: None })).await.is_ok());
    world.clock.advance(service::limits::MEMBER_BELIEVED);
    assert_eq!(node.marks.read(&actor(2), id, last).await.expect_err("kicked").code, Code::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn only_a_small_room_gets_read_receipts() {
    let world = World::new();
    let node = world.node();
    let small: Vec<u128> = (2..=RECEIPT_MEMBERS as u128).collect();
    let large: Vec<u128> = (2..=RECEIPT_MEMBERS as u128 + 1).collect();
    for (number, members, is_small) in [(1, small, true), (2, large, false)] {
        let log = world.room(&node, room(number, RoomKind::Public), &members).await;
        let id = log.room().expect("a room");
        list_room(&world, &node, id, 2).await;
        let endpoint = world.broker.endpoint();
        let mut heard = endpoint.listen().expect("taken once");
        for log in [LogId::User(user(2)), log] {
            endpoint.subscribe(log).await;
        }
        let last = seq(&node.logs.submit(log, world.change(1, send("hi"))).await);
        node.marks.read(&actor(2), id, last).await.expect("a member");
        endpoint.subscribe(LogId::User(user(9))).await;
        let end = BusMessage::Head { log, epoch: domain::Epoch(1), head: 1 };
        world.broker.endpoint().publish(LogId::User(user(9)), end).await;

        let mut channels = Vec::new();
        loop {
            let one = heard.recv().await.expect("the end comes");
            match one.message {
                BusMessage::Mark(_) => channels.push(one.log),
                BusMessage::Head { .. } => break,
                _ => {}
            }
        }
        let expected = if is_small { vec![LogId::User(user(2)), log] } else { vec![LogId::User(user(2))] };
        assert_eq!(channels, expected, "{} members", members.len() + 1);
        assert_eq!(node.marks.shows_receipts(id).await, Ok(is_small));
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_room_that_grows_gets_no_more_read_receipts() {
    let world = World::new();
    let node = world.node();
    let members: Vec<u128> = (2..=RECEIPT_MEMBERS as u128).collect();
    let log = world.room(&node, room(1, RoomKind::Public), &members).await;
    let id = log.room().expect("a room");
    assert_eq!(node.marks.shows_receipts(id).await, Ok(true));
    let _ = world.store.users.create_user(&crate::setup::person(99)).await;
    assert!(node.logs.submit(log, world.change(99, Intent::Join)).await.is_ok());
    assert_eq!(node.marks.shows_receipts(id).await, Ok(false));
}

/// Delays each write, and counts how many run concurrently.
struct SlowMarks {
    inner: Arc<dyn MarkStore>,
    now: AtomicUsize,
    most: AtomicUsize,
    writes: AtomicUsize,
}

#[async_trait]
impl MarkStore for SlowMarks {
    async fn mark_read(&self, user: UserId, room: RoomId, seq: Seq, n: u64) -> StoreResult<MarkRow> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.writes.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        self.inner.mark_read(user, room, seq, n).await
    }
    async fn add_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        self.inner.add_mention(user, room, seq).await
    }
    async fn drop_mention(&self, user: UserId, room: RoomId, seq: Seq) -> StoreResult<()> {
        self.inner.drop_mention(user, room, seq).await
    }
    async fn marks(&self, room: RoomId, users: &[UserId]) -> StoreResult<Vec<(UserId, MarkRow)>> {
        self.inner.marks(room, users).await
    }
}

#[tokio::test(start_paused = true)]
async fn marks_are_written_several_at_a_time() {
    let mut world = World::new();
    let (now, most, writes) = Default::default();
    let slow = Arc::new(SlowMarks { inner: world.store.marks.clone(), now, most, writes });
    world.store.marks = slow.clone();
    let node = world.node();
    let members: Vec<u128> = (2..=101).collect();
    let log = world.room(&node, room(1, RoomKind::Public), &members).await;
    let id = log.room().expect("a room");
    let last = seq(&node.logs.submit(log, world.change(1, send("hi"))).await);
    for who in &members {
        list_room(&world, &node, id, *who).await;
        node.marks.read(&actor(*who), id, last).await.expect("a member");
    }
    node.marks.flush_due().await;
    node.marks.flush_due().await;
    assert_eq!((slow.most.load(Ordering::SeqCst), slow.writes.load(Ordering::SeqCst)), (MARKS_AT_ONCE, 100));
    assert_eq!(stored(&world, id, 77).await.read_seq, last);
}

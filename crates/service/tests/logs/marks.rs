//! Read marks: monotonic, told at once, written seldom.

use std::sync::Arc;
use std::time::Duration;

use domain::{Code, Intent, LogId, MemberState, OwnChange, Role, RoomId, RoomKind, UserRoom};
use parking_lot::Mutex;
use service::ports::{Bus, BusMessage, Mark, MarkRow};
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
    let row = UserRoom {
        room,
        state: MemberState::Joined,
        role: Role::Member,
        rev: 1,
        level: Default::default(),
        hidden: false,
        why: None,
        read_seq: 0,
        read_n: 0,
        mentions: Vec::new(),
    };
    let change = world.change(who, Intent::Own(OwnChange::Room { row }));
    node.logs.submit(LogId::User(user(who)), change).await.expect("written");
}

async fn stored(world: &World, room: RoomId, who: u128) -> MarkRow {
    world.store.marks.marks(room, &[user(who)]).await.expect("up").pop().expect("there").1
}

#[tokio::test(start_paused = true)]
async fn a_mark_only_rises_is_told_at_once_and_written_once_a_minute() {
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
    let told: Vec<u64> = marked.0.lock().iter().map(|mark| mark.seq).collect();
    assert_eq!(told, [seqs[1], seqs[2]]);
    let first = heard.recv().await.expect("told");
    assert!(matches!(first.message, BusMessage::Mark(mark) if mark.seq == seqs[1]));

    assert_eq!(stored(&world, id, 2).await.read_seq, 0, "not yet");
    node.marks.flush_due().await;
    assert_eq!(stored(&world, id, 2).await.read_seq, seqs[2], "the first one is due");
    let next = seq(&node.logs.submit(log, world.change(3, send("hi"))).await);
    node.marks.read(&actor(2), id, next).await.expect("a member");
    node.marks.flush_due().await;
    assert_eq!(stored(&world, id, 2).await.read_seq, seqs[2], "its minute is not over");
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
async fn ones_own_message_raises_ones_mark() {
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
    assert_eq!(node.marks.read(&actor(9), id, 1).await.expect_err("a stranger").code, Code::Forbidden);
    // Just joined: the feed has not written their row yet, which is no error of theirs.
    assert_eq!(node.marks.read(&actor(2), id, 1).await.expect("a member").read_seq, 1);
}

#[tokio::test(start_paused = true)]
async fn a_mark_of_another_life_is_not_written() {
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

//! Counts what changes and replays read of a log, so that no cost grows with the wrong thing.

use std::time::Duration;

use conformance::suite::world::{entries_after, own_room, text};
use domain::{Change, Code, EntryKey, Intent, LogId, MemberState, OwnChange, PageStatus, Room, RoomKind, Seq};

use domain::limits::SYNC_ENTRIES;
use service::limits::REPLAY_BYTES;

use crate::setup::{Node, Reads, World, actor, code, room, send, seq, user};

/// Creates a room of persons 1 to 5 with messages of a given size, a millisecond apart. Person 3 sent the first one,
/// person 2 the others.
async fn full_room(world: &World, settings: Room, messages: usize, bytes: usize) -> LogId {
    let node = world.node();
    let log = world.room(&node, settings, &[2, 3, 4, 5]).await;
    let words = "x".repeat(bytes);
    for (part, by) in [(1, 3), (messages - 1, 2)] {
        let tip = world.store.log.tip(log).await.expect("up");
        let entries = entries_after(&tip, user(by), (0..part).map(|_| text(&words)).collect());
        world.store.log.append(log, &tip, &entries, &[]).await.expect("an append");
    }
    world.log.take_reads();
    log
}

fn since(world: &World, by: u128, seen: Seq, words: &str) -> Change {
    Change { seen: Some(seen), ..world.change(by, send(words)) }
}

async fn head(world: &World, log: LogId) -> Seq {
    world.memory.store().log.tip(log).await.expect("up").seq()
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_old_repeats_reads_keys_only_and_once() {
    let world = World::new();
    let log = full_room(&world, room(1, RoomKind::Public), 5_000, 2_000).await;
    let node = world.node();
    for _ in 0..50 {
        let answer = node.logs.submit(log, since(&world, 4, 5, "late")).await;
        assert!(answer.is_ok(), "{answer:?}");
    }
    let reads = world.log.take_reads();
    println!("50 repeats, 5,000 entries behind: {reads:?}");
    assert_eq!((reads.entries, reads.bytes, reads.key_reads), (0, 0, 1));
    assert!(reads.keys < 5_100);
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(node.logs.submit(log, since(&world, 4, 5, "later")).await.is_ok());
    assert_eq!(world.log.take_reads().key_reads, 1, "not kept forever");
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_found_by_its_key() {
    let world = World::new();
    let log = full_room(&world, room(1, RoomKind::Public), 2_000, 10).await;
    let key = EntryKey::from(&world.entries(log).await[700]);
    let change = Change { id: key.id, ..since(&world, 2, 3, "again") };
    let ack = world.node().logs.submit(log, change).await.expect("known");
    assert_eq!((ack.seq, ack.at, ack.dup), (Some(key.seq), key.at, true));
}

#[tokio::test(start_paused = true)]
async fn slow_mode_reads_the_history_of_its_pause_once() {
    let world = World::new();
    let slow = Room { slow_mode_s: 3_600, ..room(1, RoomKind::Public) };
    let log = full_room(&world, slow, 3_000, 500).await;
    let node = world.node();
    world.clock.advance(Duration::from_secs(60));
    let at = head(&world, log).await;
    let slowed = async |by: u128| code(&node.logs.submit(log, since(&world, by, at, "too soon")).await);
    assert_eq!(slowed(3).await, Code::SlowMode, "their message lies 3,000 entries below");
    let first = world.log.take_reads();
    println!("the first message in slow mode, with 3,000 in the pause: {first:?}");
    assert!(first.entries == 0 && first.keys < 3_100, "{first:?}");
    assert!(node.logs.submit(log, since(&world, 4, at, "hello")).await.is_ok());
    for by in [2, 3, 4] {
        assert_eq!(slowed(by).await, Code::SlowMode, "{by}");
    }
    assert_eq!(world.log.take_reads().keys, 0, "who sent when is remembered");
    // More entries than the appender's window keeps.
    let fill = (0..1_000).map(|number| {
        let react = Intent::React { target: at, emoji: crate::setup::emoji(), on: number % 2 == 0 };
        node.logs.submit(log, Change { seen: None, ..world.change(1, react) })
    });
    futures_util::future::join_all(fill).await;
    assert!(head(&world, log).await > at + 1_000);
    assert!(node.logs.submit(log, since(&world, 5, head(&world, log).await, "hello")).await.is_ok());
    let at = head(&world, log).await;
    let slowed = async |by: u128| code(&node.logs.submit(log, since(&world, by, at, "too soon")).await);
    for by in [2, 3, 4, 5] {
        assert_eq!(slowed(by).await, Code::SlowMode, "{by}");
    }
    assert_eq!(world.log.take_reads().keys, 0, "nothing is read again");
    world.clock.advance(Duration::from_secs(3_600));
    assert!(node.logs.submit(log, since(&world, 3, at, "at last")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_longer_pause_reads_only_what_it_adds() {
    let world = World::new();
    let slow = Room { slow_mode_s: 30, ..room(1, RoomKind::Public) };
    let log = full_room(&world, slow, 2_000, 10).await;
    world.clock.advance(Duration::from_secs(31));
    let node = world.node();
    let mut at = head(&world, log).await;
    at = seq(&node.logs.submit(log, since(&world, 4, at, "hello")).await);
    let reads = world.log.take_reads();
    assert!(reads.keys <= 1_024, "the pause began after nearly all: {reads:?}");
    let longer =
        Intent::Update { name: None, description: None, archived: None, hides_past: None, slow_mode_s: Some(3_600) };
    at = seq(&node.logs.submit(log, Change { seen: Some(at), ..world.change(1, longer) }).await);
    assert_eq!(code(&node.logs.submit(log, since(&world, 3, at, "too soon")).await), Code::SlowMode);
    let reads = world.log.take_reads();
    assert!(reads.keys > 500 && reads.keys < 2_100, "{reads:?}");
}

/// Submits a change and returns what it read.
async fn reads_of(world: &World, node: &Node, log: LogId, change: Change) -> Reads {
    world.log.take_reads();
    let answer = node.logs.submit(log, change).await;
    assert!(answer.is_ok(), "{answer:?}");
    world.log.take_reads()
}

#[tokio::test(start_paused = true)]
async fn a_cold_appender_reads_only_the_end_of_the_log() {
    let world = World::new();
    let log = full_room(&world, room(1, RoomKind::Public), 3_000, 500).await;
    let at = head(&world, log).await;
    let tip = Reads { tips: 1, ..Reads::default() };
    assert_eq!(reads_of(&world, &world.node(), log, since(&world, 4, at, "hello")).await, tip);
    assert_eq!(reads_of(&world, &world.node(), log, Change { seen: None, ..since(&world, 4, at, "hi") }).await, tip);
    let behind = reads_of(&world, &world.node(), log, since(&world, 4, at - 3, "hi")).await;
    assert_eq!(behind, Reads { key_reads: 1, keys: 5, ..tip });
    let id = log.room().expect("a room");
    for rev in [7, 8] {
        let own = Intent::Own(OwnChange::Room { row: own_room(id, MemberState::Joined, rev) });
        let change = Change { by: domain::Actor::SYSTEM, seen: None, ..world.change(4, own) };
        assert_eq!(reads_of(&world, &world.node(), LogId::User(user(4)), change).await, tip);
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_reads_about_as_much_as_it_sends() {
    let world = World::new();
    let log = full_room(&world, room(1, RoomKind::Public), 600, 2_000).await;
    let node = world.node();
    let (mut cursor, mut pages) = (0, 0);
    loop {
        let page = node.messages.replay(&actor(4), log, Some(cursor), SYNC_ENTRIES).await.expect("up");
        let reads = world.log.take_reads();
        assert!(reads.reads == 1 && reads.bytes <= 2 * REPLAY_BYTES, "{reads:?}");
        assert_eq!((page.span.from, page.span.through), (cursor + 1, cursor + page.entries.len() as Seq));
        (cursor, pages) = (page.span.through, pages + 1);
        if page.span.status == PageStatus::Complete {
            break;
        }
        assert!(reads.bytes >= REPLAY_BYTES / 2 && page.span.status == PageStatus::More, "{reads:?}");
    }
    println!("600 messages of 2,000 bytes: {pages} pages");
    assert_eq!(cursor, head(&world, log).await);
    assert!((19..=22).contains(&pages), "{pages}");
}

#[tokio::test(start_paused = true)]
async fn clients_that_reconnect_together_share_a_read_and_nothing_else() {
    let world = World::new();
    let log = full_room(&world, room(1, RoomKind::Private), 400, 100).await;
    let node = world.node();
    assert!(node.logs.submit(log, world.change(1, Intent::Kick { user: user(5), why: None })).await.is_ok());
    let back = |who: u128, cursor: Seq| {
        let messages = node.messages.clone();
        tokio::spawn(async move { messages.replay(&actor(who), log, Some(cursor), SYNC_ENTRIES).await.expect("up") })
    };
    world.log.take_reads();
    world.log.held.send_replace(true);
    let gone = back(2, 7);
    let same: Vec<_> = (0..100).map(|n| back([2, 3, 4, 9][n % 4], 7)).collect();
    let (other, kicked) = (back(2, 8), back(5, 7));
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The caller that started the read is cancelled; the others still wait for it.
    gone.abort();
    assert!(gone.await.expect_err("aborted").is_cancelled());
    world.log.held.send_replace(false);

    let mut statuses = Vec::new();
    for (n, page) in same.into_iter().enumerate() {
        let page = page.await.expect("no panic");
        if n % 4 < 3 {
            assert_eq!((page.span.status, page.span.from), (PageStatus::More, 8));
            assert!(page.entries.len() > 100, "{}", page.entries.len());
        }
        statuses.push(page.span.status);
    }
    assert_eq!(statuses[3], PageStatus::NotFound, "a non-member gets nothing of what was shared");
    assert_eq!(other.await.expect("no panic").span.from, 9);
    assert_eq!(kicked.await.expect("no panic").span.status, PageStatus::More, "up to where they were removed");
    let reads = world.log.take_reads();
    println!("103 clients that reconnect together: {reads:?}");
    assert_eq!(reads.reads, 3, "one of each range, and where the membership ended");

    back(2, 7).await.expect("no panic");
    assert_eq!(world.log.take_reads().reads, 1, "nothing is kept when a read has ended");
}

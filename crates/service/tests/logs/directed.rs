//! Two concurrent changes: each case from a trial of the design.

use std::time::Duration;

use domain::limits::Limits;
use domain::{Code, Intent, LogId, Role, Room, RoomId, RoomKind, Timestamp};
use service::limits::APPENDER_QUEUE;
use store_memory::{Fault, Flaw};

use crate::setup::{World, actor, code, emoji, person, room, send, seq, text, user};

#[tokio::test(start_paused = true)]
async fn an_edit_that_meets_a_delete_of_another_node_is_a_conflict() {
    let world = World::new();
    let (a, b) = (world.node(), world.node());
    let log = world.room(&a, room(1, RoomKind::Public), &[2]).await;
    let target = seq(&b.logs.submit(log, world.change(2, send("one"))).await);
    // Node B's tip is now older than the entry that node A appends.
    let delete = world.change(2, Intent::Delete { target });
    assert!(a.logs.submit(log, delete).await.is_ok());
    let edit = world.change(2, Intent::Edit { target, text: text("two") });
    assert_eq!(code(&b.logs.submit(log, edit).await), Code::Conflict);
    let stored = &world.entries(log).await[target as usize - 1];
    assert!(stored.message().is_some_and(|message| message.deleted && message.text.is_blank()));
}

#[tokio::test(start_paused = true)]
async fn a_kick_refuses_a_send_in_flight_on_another_node() {
    let world = World::new();
    let (a, b) = (world.node(), world.node());
    let log = world.room(&a, room(1, RoomKind::Public), &[2]).await;
    assert!(b.logs.submit(log, world.change(2, send("before"))).await.is_ok());
    assert!(a.logs.submit(log, world.change(1, Intent::Kick { user: user(2), why: None })).await.is_ok());
    assert_eq!(code(&b.logs.submit(log, world.change(2, send("after"))).await), Code::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn a_send_after_the_senders_leave_in_one_append_is_refused() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2, 3]).await;
    world.log.set(0, 20);
    // The first keeps the appender busy, so that the next two go into one append.
    let busy = node.logs.submit(log, world.change(3, send("busy")));
    let leave = node.logs.submit(log, world.change(2, Intent::Leave));
    let late = node.logs.submit(log, world.change(2, send("late")));
    let (busy, leave, late) = tokio::join!(busy, leave, late);
    assert_eq!(seq(&leave), seq(&busy) + 1);
    assert_eq!(code(&late), Code::Forbidden);
    let heard = node.heard.0.lock();
    let last = &heard.last().expect("announced").entries;
    assert_eq!(last.len(), 2, "all three were decided for one append; only the refused one is taken out");
}

#[tokio::test(start_paused = true)]
async fn the_same_id_twice_in_one_queue_is_one_entry_and_two_acks() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    world.log.set(0, 20);
    let change = world.change(2, send("once"));
    let other = world.change(1, send("busy"));
    let (_, first, second, third) = tokio::join!(
        node.logs.submit(log, other),
        node.logs.submit(log, change.clone()),
        node.logs.submit(log, change.clone()),
        async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            node.logs.submit(log, change.clone()).await
        }
    );
    assert_eq!((seq(&first), seq(&first)), (seq(&second), seq(&third)));
    let dups = [first, second, third].map(|answer| answer.expect("acked").dup);
    assert_eq!(dups, [false, true, true]);
    let copies = world.entries(log).await.iter().filter(|entry| entry.id == change.id).count();
    assert_eq!(copies, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_append_is_found_or_retried_but_never_duplicated() {
    for fault in [Fault::Unknown, Fault::LostAnswer, Fault::Unavailable] {
        let world = World::new();
        let node = world.node();
        let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
        world.memory.fail_next_append(fault);
        let change = world.change(2, send("once"));
        let answer = node.logs.submit(log, change.clone()).await;
        assert!(!answer.as_ref().expect("acked").dup, "{fault:?}");
        let entries = world.entries(log).await;
        assert_eq!(entries.last().expect("there").seq, seq(&answer), "{fault:?}");
        assert_eq!(entries.iter().filter(|entry| entry.id == change.id).count(), 1, "{fault:?}");
        let heard = node.heard.0.lock();
        assert_eq!(heard.last().expect("announced").entries.last().expect("not empty").id, change.id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_copy_after_the_opposite_change_is_stale() {
    let world = World::new();
    let (a, b) = (world.node(), world.node());
    let log = world.room(&a, room(1, RoomKind::Public), &[2]).await;
    let target = seq(&a.logs.submit(log, world.change(2, send("one"))).await);
    let mute = Intent::Mute { user: user(2), until: world_noon() + Duration::from_secs(60), why: None };
    assert!(a.logs.submit(log, world.change(1, mute)).await.is_ok());
    let react = |on| Intent::React { target, emoji: emoji(), on };
    let first_on = world.change(2, react(true));
    assert_eq!(code(&a.logs.submit(log, first_on.clone()).await), Code::Muted);
    assert!(a.logs.submit(log, world.change(1, Intent::Unmute { user: user(2) })).await.is_ok());
    let second_on = world.change(2, react(true));
    assert!(a.logs.submit(log, second_on.clone()).await.is_ok());
    let off = world.change(2, react(false));
    assert!(a.logs.submit(log, off).await.is_ok());
    // A late copy of the first, through another node, must not set the reaction again.
    let late = b.logs.submit(log, first_on).await;
    assert_eq!(code(&late), Code::Stale);
    assert!(late.expect_err("stale").head.is_some());
    let late = b.logs.submit(log, second_on).await.expect("known");
    assert!(late.dup, "the accepted one is acked again");
    let stored = &world.entries(log).await[target as usize - 1];
    assert!(stored.message().expect("a message").reactions.is_empty());
}

fn world_noon() -> Timestamp {
    crate::setup::NOON
}

#[tokio::test(start_paused = true)]
async fn two_people_create_the_same_direct_room_at_once() {
    let world = World::new();
    let (a, b) = (world.node(), world.node());
    for n in [1, 2] {
        world.store.users.create_user(&person(n)).await.expect("new");
    }
    world.log.set(0, 20);
    let id = RoomId::direct(user(1), user(2));
    let pair = Some((user(1), user(2)));
    let direct = Room { id, slug: None, name: None, pair, ..room(1, RoomKind::Direct) };
    let log = LogId::Room(id);
    let create = |by: u128, other: u128| {
        world.change(by, Intent::Create { room: Box::new(direct.clone()), people: vec![user(other)] })
    };
    let (first, second) = tokio::join!(a.logs.submit(log, create(1, 2)), b.logs.submit(log, create(2, 1)));
    let noops = [first.expect("made"), second.expect("made")].map(|ack| ack.noop);
    assert_eq!(noops.iter().filter(|noop| **noop).count(), 1, "one created it, one found it");
    assert_eq!(world.entries(log).await.len(), 3, "the room and its two people");
    assert!(a.logs.submit(log, world.change(1, send("hi"))).await.is_ok());
    assert!(b.logs.submit(log, world.change(2, send("hi"))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_a_mute_a_ban_and_the_rate_limit_is_acked() {
    let world = World::new();
    let node = world.node_with(Limits { sends_per_10s: 3, ..Limits::default() });
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let change = world.change(2, send("one"));
    let sent = seq(&node.logs.submit(log, change.clone()).await);
    let mute = Intent::Mute { user: user(2), until: world_noon() + Duration::from_secs(60), why: None };
    assert!(node.logs.submit(log, world.change(1, mute)).await.is_ok());
    let again = node.logs.submit(log, change.clone()).await;
    assert_eq!((seq(&again), again.expect("acked").dup), (sent, true));
    assert_eq!(code(&node.logs.submit(log, world.change(2, send("two"))).await), Code::Muted);
    assert!(node.logs.submit(log, world.change(1, Intent::Ban { user: user(2), why: None })).await.is_ok());
    for _ in 0..5 {
        assert_eq!(seq(&node.logs.submit(log, change.clone()).await), sent);
    }
    assert_eq!(code(&node.logs.submit(log, world.change(2, send("three"))).await), Code::Forbidden);
    assert_eq!(code(&node.logs.submit(log, world.change(2, send("four"))).await), Code::RateLimited);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cannot_be_checked_for_a_duplicate_is_stale() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let old = world.change(2, send("old"));
    let mut sends = tokio::task::JoinSet::new();
    for n in 0..10_010 {
        let (logs, change) = (node.logs.clone(), domain::Change { seen: None, ..world.change(1, send("filler")) });
        sends.spawn(async move { logs.submit(log, change).await });
        if n % 2_000 == 0 {
            while sends.join_next().await.is_some() {}
        }
    }
    while let Some(answer) = sends.join_next().await {
        assert!(answer.expect("no panic").is_ok());
    }
    let answer = node.logs.submit(log, old.clone()).await;
    assert_eq!(code(&answer), Code::Stale);
    let head = answer.expect_err("stale").head.expect("announced");
    assert_eq!(head, world.entries(log).await.len() as u64);
    let mut ahead = world.change(2, send("ahead"));
    ahead.seen = Some(head + 1);
    assert_eq!(code(&node.logs.submit(log, ahead).await), Code::Stale);
    let mut near = world.change(2, send("near"));
    near.seen = Some(head - 9_000);
    let near_answer = node.logs.submit(log, near.clone()).await;
    assert_eq!(seq(&near_answer), head + 1);
    assert!(node.logs.submit(log, near).await.expect("found far below the window").dup);
}

#[tokio::test(start_paused = true)]
async fn a_queue_of_a_thousand_commits_in_few_appends_and_in_order() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    world.log.set(0, 5);
    let told_before = node.heard.0.lock().len();
    let changes: Vec<_> = (0..1_000).map(|n| world.change(2, send(&n.to_string()))).collect();
    let answers = futures_util::future::join_all(changes.into_iter().map(|change| node.logs.submit(log, change))).await;
    let seqs: Vec<u64> = answers.iter().map(seq).collect();
    assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "in order, without a hole");
    let heard = node.heard.0.lock();
    assert!(heard.len() - told_before <= 4, "{} appends", heard.len() - told_before);
    assert_eq!(heard.iter().map(|committed| committed.entries.len()).sum::<usize>() as u64, seqs[999]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_unavailable_within_three_seconds_and_a_full_queue_overloaded() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    world.memory.set_down(true);
    let began = tokio::time::Instant::now();
    let changes: Vec<_> = (0..2 * APPENDER_QUEUE + 10).map(|_| world.change(2, send("x"))).collect();
    let answers =
        futures_util::future::join_all(changes.iter().map(|change| node.logs.submit(log, change.clone()))).await;
    assert!(began.elapsed() <= Duration::from_millis(3_100), "{:?}", began.elapsed());
    let count = |wanted| answers.iter().filter(|answer| code(answer) == wanted).count();
    assert!(count(Code::Overloaded) >= 10);
    assert_eq!(count(Code::Overloaded) + count(Code::Unavailable), answers.len());
    world.memory.set_down(false);
    assert!(node.logs.submit(log, changes[0].clone()).await.is_ok(), "it recovers by itself");
}

#[tokio::test(start_paused = true)]
async fn nothing_from_before_a_restore_is_trusted() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let kept = world.change(2, send("kept"));
    assert!(node.logs.submit(log, kept.clone()).await.is_ok());
    let backup = world.memory.snapshot();
    let epoch = world.store.log.epoch().await.expect("up");
    let lost = world.change(2, send("lost with the backup"));
    let head = seq(&node.logs.submit(log, lost.clone()).await);
    world.memory.restore(&backup);
    let claims = domain::Change { seen: Some(head), epoch: Some(epoch), ..world.change(2, send("new")) };
    assert_eq!(code(&node.logs.submit(log, claims.clone()).await), Code::Unavailable);
    assert_eq!(code(&node.logs.submit(log, claims.clone()).await), Code::Unavailable, "until it names the epoch");
    let epoch = world.store.log.epoch().await.expect("up");
    let repeat = |change: &domain::Change| domain::Change { seen: Some(0), epoch: Some(epoch), ..change.clone() };
    assert!(node.logs.submit(log, repeat(&kept)).await.expect("kept").dup);
    assert!(!node.logs.submit(log, repeat(&lost)).await.expect("sent again").dup);
    assert!(node.logs.submit(log, repeat(&claims)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_queued_changes_and_accepts_no_new_ones() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    world.log.set(0, 50);
    let waiting = node.logs.submit(log, world.change(2, send("in time")));
    let drained = async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        node.logs.drain().await;
        node.logs.submit(log, world.change(2, send("too late"))).await
    };
    let (waiting, late) = tokio::join!(waiting, drained);
    assert!(waiting.is_ok());
    assert_eq!(code(&late), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_appender_ends_and_a_new_one_replaces_it() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    let change = world.change(2, send("one"));
    let first = seq(&node.logs.submit(log, change.clone()).await);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert!(node.logs.submit(log, change).await.expect("acked").dup);
    assert_eq!(seq(&node.logs.submit(log, world.change(2, send("two"))).await), first + 1);
}

#[tokio::test(start_paused = true)]
async fn a_role_removed_on_another_node_gives_no_rights_here() {
    let world = World::new();
    let (a, b) = (world.node(), world.node());
    let log = world.room(&a, room(1, RoomKind::Public), &[2, 3]).await;
    let role = |role| world.change(1, Intent::SetRole { user: user(2), role });
    assert!(a.logs.submit(log, role(Role::Moderator)).await.is_ok());
    let mute = |n| Intent::Mute { user: user(n), until: world_noon() + Duration::from_secs(9), why: None };
    assert!(b.logs.submit(log, world.change(2, mute(3))).await.is_ok());
    assert!(a.logs.submit(log, role(Role::Member)).await.is_ok());
    let unmute = domain::Change { by: actor(2), ..world.change(2, Intent::Unmute { user: user(3) }) };
    assert_eq!(code(&b.logs.submit(log, unmute).await), Code::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_whose_first_copy_is_missing_from_a_read_makes_no_duplicate() {
    let world = World::new();
    let (a, b) = (world.node(), world.node());
    let log = world.room(&a, room(1, RoomKind::Public), &[2]).await;
    let change = world.change(2, send("once"));
    let first = seq(&a.logs.submit(log, change.clone()).await);
    assert!(a.logs.submit(log, world.change(1, send("later"))).await.is_ok());
    world.memory.set_flaw(log, first, Some(Flaw::Missing));
    let repeat = tokio::spawn({
        let (logs, change) = (b.logs.clone(), change.clone());
        async move { logs.submit(log, change).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!repeat.is_finished(), "nothing is decided meanwhile");
    world.memory.set_flaw(log, first, None);
    let ack = repeat.await.expect("it ends").expect("found");
    assert_eq!((ack.seq, ack.dup), (Some(first), true));
}

#[tokio::test(start_paused = true)]
async fn changes_in_a_panicking_appender_are_unavailable_and_the_next_change_is_accepted() {
    let world = World::new();
    let node = world.node();
    let log = world.room(&node, room(1, RoomKind::Public), &[2]).await;
    world.memory.fail_next_append(Fault::Panic);
    let (first, second) = (world.change(2, send("one")), world.change(1, send("two")));
    let (one, two) = tokio::join!(node.logs.submit(log, first.clone()), node.logs.submit(log, second));
    assert_eq!((code(&one), code(&two)), (Code::Unavailable, Code::Unavailable));
    let again = node.logs.submit(log, first).await.expect("taken by another appender");
    assert!(!again.dup);
    node.logs.drain().await;
}

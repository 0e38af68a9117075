//! `RoomLog::append` and `tip`: one order, no gap, no duplicate, whichever node writes.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{Body, Epoch, LogId, RowWrite, Timestamp};
use service::ports::{AppendError, Store, Tip};
use tokio::sync::Barrier;

use super::world::{LogWriter, a_room, a_user, entries_after, public_room, text};

pub async fn a_new_log_has_an_empty_tip(store: Store) {
    let epoch = store.log.epoch().await.expect("the epoch");
    let tip = store.log.tip(LogId::Room(a_room())).await.expect("the tip");
    assert_eq!(tip, Tip::from_store(epoch, 0, 0, Timestamp(0)));
}

pub async fn an_append_moves_the_tip(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::User(a_user())).await;
    let entries = log_writer.entries(vec![text("one"), super::world::react(1), text("two")]);
    let tip = store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("an append");
    assert_eq!((tip.seq(), tip.n(), tip.at()), (3, 2, entries[2].at));
    assert_eq!(store.log.tip(log_writer.log).await, Ok(tip));
    log_writer.tip = tip;
    assert_eq!(log_writer.say("three").await, 4);
}

pub async fn many_entries_go_in_one_append(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    let mut expected = Vec::new();
    for count in [1, 2, 3, 63, 64, 65, 130, 512] {
        let entries = log_writer.entries((0..count).map(|i| text(&format!("{i} of {count}"))).collect());
        log_writer.tip = store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("an append");
        expected.extend(entries);
    }
    assert_eq!(store.log.read(log_writer.log, 1, log_writer.tip.seq()).await.expect("a read"), expected);
}

pub async fn an_older_tip_is_a_conflict(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    let mut stale = vec![log_writer.tip];
    for _ in 0..3 {
        log_writer.write(vec![text("a"), text("b"), text("c")], &[]).await;
        stale.push(log_writer.tip);
    }
    stale.pop();
    for tip in stale {
        let late = entries_after(&tip, a_user(), vec![text("late")]);
        let refused = store.log.append(log_writer.log, &tip, &late, &[]).await;
        assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?} after {}", tip.seq());
        if let Err(AppendError::Conflict { slot: Some(slot) }) = refused {
            let there = store.log.read(log_writer.log, tip.seq() + 1, tip.seq() + slot.len() as u64).await;
            assert_eq!(there, Ok(slot), "a reported slot equals the stored one");
        }
    }
    // Inside an append, where a store may keep several entries in one item.
    let inside = Tip::from_store(log_writer.tip.epoch(), 2, 2, Timestamp(0));
    let late = entries_after(&inside, a_user(), vec![text("late")]);
    let refused = store.log.append(log_writer.log, &inside, &late, &[]).await;
    assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
    assert_eq!(store.log.tip(log_writer.log).await, Ok(log_writer.tip));
}

pub async fn a_tip_above_the_head_is_a_conflict(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    for head in 0..3 {
        let above = Tip::from_store(log_writer.tip.epoch(), head + 1, head + 1, Timestamp(5));
        let entries = entries_after(&above, a_user(), vec![text("in the air")]);
        let refused = store.log.append(log_writer.log, &above, &entries, &[]).await;
        assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?} at head {head}");
        log_writer.say("on the ground").await;
    }
    assert_eq!(store.log.read(log_writer.log, 1, 100).await.expect("a read").len(), 3);
}

pub async fn a_tip_of_another_epoch_is_refused(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("here").await;
    let tip = log_writer.tip;
    let other = Tip::from_store(Epoch(tip.epoch().0 ^ 1), tip.seq(), tip.n(), tip.at());
    let entries = entries_after(&other, a_user(), vec![text("there")]);
    assert_eq!(store.log.append(log_writer.log, &other, &entries, &[]).await, Err(AppendError::OtherEpoch));
    assert_eq!(store.log.tip(log_writer.log).await, Ok(tip));
}

/// A bug of the caller: a panic in a debug build, otherwise an error, and nothing is written in both.
pub async fn entries_with_a_gap_are_not_written(store: Store) {
    let log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    let mut hole = log_writer.entries(vec![text("a"), text("b")]);
    hole[1].seq = 3;
    let mut miscounted = log_writer.entries(vec![text("a"), text("b")]);
    miscounted[1].n = 7;
    let mut shifted = log_writer.entries(vec![text("a")]);
    shifted[0].seq = 2;
    for wrong in [hole, miscounted, shifted, Vec::new()] {
        let (store, log, tip) = (store.clone(), log_writer.log, log_writer.tip);
        let done = tokio::spawn(async move { store.log.append(log, &tip, &wrong, &[]).await }).await;
        assert!(!matches!(done, Ok(Ok(_))), "it must not be accepted");
    }
    assert_eq!(store.log.tip(log_writer.log).await, Ok(log_writer.tip));
    assert_eq!(store.log.read(log_writer.log, 0, 10).await, Ok(Vec::new()));
}

pub async fn concurrent_appenders_make_no_gap_and_no_duplicate(store: Store) {
    const WRITERS: usize = 12;
    const EACH: usize = 15;
    let log = LogId::Room(a_room());
    let begin = Arc::new(Barrier::new(WRITERS));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, begin) = (store.clone(), begin.clone());
            tokio::spawn(async move {
                begin.wait().await;
                let mut mine = Vec::new();
                let mut log_writer = LogWriter::new(&store, log).await;
                while mine.len() < EACH {
                    // Some with a reaction in between, so that `n` and `seq` differ.
                    let bodies = match writer % 3 {
                        0 => vec![super::world::react(1), text("c")],
                        _ => vec![text("b")],
                    };
                    let entries = log_writer.entries(bodies);
                    match store.log.append(log, &log_writer.tip, &entries, &[]).await {
                        Ok(tip) => {
                            log_writer.tip = tip;
                            mine.push(entries);
                        }
                        Err(AppendError::Conflict { .. }) => log_writer.catch_up().await,
                        Err(other) => panic!("{other:?}"),
                    }
                }
                mine
            })
        })
        .collect();
    let mut acked = Vec::new();
    for writer in writers {
        acked.extend(writer.await.expect("a writer ends").into_iter().flatten());
    }
    acked.sort_by_key(|entry| entry.seq);
    let read = store.log.read(log, 1, u64::MAX >> 1).await.expect("a read");
    assert_eq!(read, acked, "exactly the acked entries, each at its seq");
    let (mut n, mut ids) = (0, HashSet::new());
    for (seq, entry) in (1..).zip(&read) {
        n += u64::from(entry.message().is_some());
        assert_eq!((entry.seq, entry.n), (seq, n));
        assert!(ids.insert(entry.id), "twice: {:?}", entry.id);
    }
    let tip = store.log.tip(log).await.expect("the tip");
    assert_eq!((tip.seq(), tip.n()), (read.len() as u64, n));
}

pub async fn a_conflict_does_not_affect_other_logs(store: Store) {
    let mut taken = LogWriter::new(&store, LogId::Room(a_room())).await;
    let owner = taken.log.room().expect("a room's log");
    taken.row_writes(&[RowWrite::Room(public_room(owner, "tea", "Tea"))]).await;
    let mut stale = LogWriter::new(&store, LogId::Room(a_room())).await;
    let old = stale.tip;
    stale.say("first").await;
    let mut appends = Vec::new();
    for number in 0..60 {
        let store = store.clone();
        appends.push(tokio::spawn(async move {
            let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
            (log_writer.try_write(vec![text(&format!("log {number}"))], &[]).await, log_writer.log)
        }));
    }
    let late = entries_after(&old, a_user(), vec![text("late")]);
    let conflict = store.log.append(stale.log, &old, &late, &[]);
    let mut claimant = LogWriter::new(&store, LogId::Room(a_room())).await;
    let claim = RowWrite::Room(public_room(claimant.log.room().expect("a room's log"), "tea", "Coffee"));
    let claimed = claimant.try_write(vec![text("mine")], std::slice::from_ref(&claim));
    let (conflict, claimed) = tokio::join!(conflict, claimed);
    assert!(matches!(conflict, Err(AppendError::Conflict { .. })), "{conflict:?}");
    assert_eq!(claimed, Err(AppendError::Taken("slug")));
    for append in appends {
        let (appended, log) = append.await.expect("an append ends");
        assert_eq!(appended.expect("the other logs continue").seq(), 1);
        assert_eq!(store.log.read(log, 1, 9).await.expect("a read").len(), 1);
    }
}

pub async fn an_acked_append_is_in_the_next_read(store: Store) {
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    for _ in 0..40 {
        let seq = log_writer.say("now").await;
        let (tip, read) = (store.log.tip(log_writer.log).await, store.log.read(log_writer.log, seq, seq).await);
        assert_eq!(tip, Ok(log_writer.tip));
        assert_eq!(read.expect("a read").len(), 1);
    }
}

pub async fn unknown_kinds_and_versions_are_kept(store: Store) {
    let log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    let poll = serde_json::json!({"kind": "poll", "question": "tea?", "choices": [1, {"a": null}]});
    let mut entries = log_writer.entries(vec![Body::Unknown(poll), text("\u{1F375} 'quoted' \"twice\" \\ \n")]);
    entries[0].v = 9;
    store.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("an append");
    assert_eq!(store.log.read(log_writer.log, 1, 2).await, Ok(entries));
}

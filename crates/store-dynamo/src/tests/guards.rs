//! Conditions: no hole and no duplicate, even for an `after` that is not the end of an item.

use std::sync::Arc;
use std::time::Duration;

use conformance::suite::world::{LogWriter, a_room, a_room_with, a_user, entries_after, member, plain_room, text};
use domain::{Level, LogId, MemberState, RoomKind, RowWrite, Timestamp};
use service::ports::{AppendError, Store, Tip};
use tokio::sync::Barrier;

use super::world::{TestStore, on_dynamodb_local};
use crate::{DynamoSettings, DynamoStore, keys};

/// Opens another process's store on the same table.
async fn another(settings: &DynamoSettings) -> Store {
    DynamoStore::open(settings.clone()).await.expect("the table is there").store()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_after_inside_a_chunk_or_above_the_head_is_refused_by_a_process_that_knows_nothing() {
    let settings = on_dynamodb_local();
    let store = TestStore::open(settings.clone()).await.expect("a table").store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("begins").await;
    log_writer.write((0..13).map(|i| text(&format!("one of a chunk, {i}"))).collect(), &[]).await;
    for seq in (2..14).chain(15..17) {
        let fresh = another(&settings).await;
        let wrong = Tip::from_store(log_writer.tip.epoch(), seq, seq, Timestamp(0));
        let entries = entries_after(&wrong, a_user(), vec![text("late")]);
        let refused = fresh.log.append(log_writer.log, &wrong, &entries, &[]).await;
        assert!(matches!(refused, Err(AppendError::Conflict { .. })), "after {seq}: {refused:?}");
    }
    let entries = entries_after(&log_writer.tip, a_user(), vec![text("right")]);
    another(&settings).await.log.append(log_writer.log, &log_writer.tip, &entries, &[]).await.expect("after the head");
    assert_eq!(store.log.read(log_writer.log, 1, 99).await.expect("a read").len(), 15);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_returns_the_entries_in_its_place() {
    let settings = on_dynamodb_local();
    let store = TestStore::open(settings.clone()).await.expect("a table").store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("begins").await;
    let before = log_writer.tip;
    let late = another(&settings).await;
    assert_eq!(late.log.tip(log_writer.log).await, Ok(before), "it has seen where the log ended");
    let theirs = log_writer.entries(vec![text("theirs"), text("too")]);
    store.log.append(log_writer.log, &before, &theirs, &[]).await.expect("an append");
    // The same change through another node is a different append, and that node acks it.
    for (ours, row_writes) in [
        (theirs.clone(), vec![]),
        (entries_after(&before, a_user(), vec![text("ours")]), vec![]),
        (entries_after(&before, a_user(), vec![text("ours")]), vec![RowWrite::Pin { target: 1, on: true }]),
    ] {
        let refused = late.log.append(log_writer.log, &before, &ours, &row_writes).await;
        assert_eq!(refused, Err(AppendError::Conflict { slot: Some(theirs.clone()) }));
    }
    assert_eq!(store.rooms.pins(log_writer.log.room().expect("a room")).await, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_processes_append_to_one_log_without_hole_or_duplicate() {
    const PROCESSES: usize = 3;
    const WRITERS: usize = 4;
    const EACH: usize = 12;
    let settings = on_dynamodb_local();
    let test = TestStore::open(settings.clone()).await.expect("a table");
    let room = plain_room(a_room(), RoomKind::Private);
    let log = LogId::Room(room.id);
    a_room_with(&test.store(), &room, &[]).await;
    let begin = Arc::new(Barrier::new(PROCESSES * WRITERS));
    let mut writers = Vec::new();
    for _ in 0..PROCESSES {
        let store = another(&settings).await;
        for writer in 0..WRITERS {
            let (store, begin) = (store.clone(), begin.clone());
            writers.push(tokio::spawn(async move {
                let mut log_writer = LogWriter::new(&store, log).await;
                let (mut mine, mut conflicts) = (Vec::new(), 0);
                begin.wait().await;
                while mine.len() < EACH {
                    // Transactions and plain writes meet at one place.
                    let user = a_user();
                    let row_writes = match writer % 2 {
                        0 => vec![RowWrite::Member(member(user, MemberState::Joined))],
                        _ => Vec::new(),
                    };
                    let entries = log_writer.entries(vec![text("a"), text("b")]);
                    match store.log.append(log, &log_writer.tip, &entries, &row_writes).await {
                        Ok(tip) => {
                            log_writer.tip = tip;
                            mine.push(entries);
                        }
                        Err(AppendError::Conflict { .. }) => {
                            conflicts += 1;
                            log_writer.catch_up().await;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
                (mine, conflicts)
            }));
        }
    }
    let (mut acked, mut conflicts) = (Vec::new(), 0);
    for writer in writers {
        let (mine, met) = writer.await.expect("a writer ends");
        acked.extend(mine.into_iter().flatten());
        conflicts += met;
    }
    acked.sort_by_key(|entry| entry.seq);
    let read = test.store().log.read(log, 2, 9_999).await.expect("a read");
    assert_eq!(read, acked, "what was acked, and nothing else, each at its place");
    let members = test.store().rooms.member_count(room.id).await.expect("a count");
    assert_eq!(members as usize, PROCESSES * WRITERS / 2 * EACH, "each row_write happened with its entry");
    let per_append = f64::from(conflicts) / (PROCESSES * WRITERS * EACH) as f64;
    println!("{} entries of {PROCESSES} processes, {per_append:.1} conflicts an append", read.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_of_two_logs_written_in_opposite_order_do_not_block() {
    let settings = on_dynamodb_local();
    let store = TestStore::open(settings.clone()).await.expect("a table").store();
    let (room, user) = (plain_room(a_room(), RoomKind::Private), a_user());
    let mut log_writer = a_room_with(&store, &room, &[user]).await;
    let room_id = room.id;
    let own_store = another(&settings).await;
    // The room's log writes the member row; the user log writes it, too, with the user's setting.
    let by_room = tokio::spawn(async move {
        for round in 0..30_u64 {
            let mut row = member(user, MemberState::Joined);
            row.rev = round;
            log_writer.row_writes(&[RowWrite::Member(row), RowWrite::Pin { target: 1, on: round % 2 == 0 }]).await;
        }
    });
    let by_user = tokio::spawn(async move {
        let mut own = LogWriter::new(&own_store, LogId::User(user)).await;
        for round in 0..30 {
            let level = if round % 2 == 0 { Level::None } else { Level::Mentions };
            own.row_writes(&[RowWrite::RoomSettings { room: room_id, level, quiet_until: None, hidden: false }]).await;
        }
    });
    by_room.await.expect("the room's log is written");
    by_user.await.expect("the user log is written");
    let row = store.rooms.member(room_id, user).await.expect("a read").expect("the row");
    assert_eq!((row.level, row.rev), (Level::Mentions, 29), "neither undid the other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_can_begin_with_as_many_members_as_allowed() {
    let store = TestStore::open(on_dynamodb_local()).await.expect("a table").store();
    let room = conformance::suite::world::public_room(a_room(), "big", "Big");
    let mut log_writer = LogWriter::new(&store, LogId::Room(room.id)).await;
    let people: Vec<_> = (0..=domain::limits::PEOPLE_PER_CREATE).map(|_| a_user()).collect();
    let mut row_writes = vec![RowWrite::Room(room.clone())];
    row_writes.extend(people.iter().map(|user| RowWrite::Member(member(*user, MemberState::Joined))));
    let joined = |user| domain::Body::Member {
        user,
        state: MemberState::Joined,
        role: domain::Role::Member,
        muted_until: None,
        why: None,
    };
    let bodies = std::iter::once(domain::Body::Room(room.clone())).chain(people.iter().copied().map(joined));
    log_writer.write(bodies.collect(), &row_writes).await;
    assert_eq!(store.rooms.member_count(room.id).await, Ok(people.len() as u64));
    // More than one transaction holds is refused as a whole.
    let tip = log_writer.tip;
    let many: Vec<RowWrite> = (0..101).map(|_| RowWrite::Member(member(a_user(), MemberState::Joined))).collect();
    let refused = log_writer.try_write(vec![text("too many")], &many).await;
    assert_eq!(refused, Err(AppendError::TooLarge));
    assert_eq!(store.log.tip(log_writer.log).await, Ok(tip));
    assert_eq!(store.rooms.member_count(room.id).await, Ok(people.len() as u64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_share_an_item_grow_until_it_is_full() {
    let store = TestStore::open(on_dynamodb_local()).await.expect("a table").store();
    let room = a_room();
    let mut log_writer = LogWriter::new(&store, LogId::Room(room)).await;
    log_writer.row_writes(&[RowWrite::Room(plain_room(room, RoomKind::Private))]).await;
    log_writer.write((0..30).map(|_| text("hi")).collect(), &[]).await;
    // The longest text there is, of characters of four bytes.
    let longest = "\u{1F600}".repeat(domain::limits::TEXT_CHARS);
    let messages = store.log.read(log_writer.log, 2, 31).await.expect("they share an item");
    let (mut edited, mut refused) = (0, 0);
    for mut message in messages {
        let tip = log_writer.tip;
        if let domain::Body::Message(content) = &mut message.body {
            (content.text, content.rev) = (longest.clone().try_into().expect("as long as allowed"), tip.seq() + 1);
        }
        let edit = domain::Body::edit(message.seq);
        match log_writer.try_write(vec![edit], &[RowWrite::Message(message)]).await {
            Ok(_) => edited += 1,
            Err(error) => {
                assert_eq!(error, AppendError::TooLarge, "an answer that says that it never fits");
                assert_eq!(store.log.tip(log_writer.log).await, Ok(tip), "nothing was written");
                refused += 1;
            }
        }
    }
    assert_eq!((edited, refused), (24, 6));
    assert_eq!(log_writer.say("the room goes on").await, 56);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_table_begins_a_new_epoch() {
    let settings = on_dynamodb_local();
    let store = TestStore::open(settings.clone()).await.expect("a table").store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("in the old epoch").await;
    let cursor = store.log.changes(None).await.expect("a cursor").next;

    let epoch = DynamoStore::renew(settings.clone()).await.expect("renewed");
    assert_ne!(epoch, log_writer.tip.epoch());
    let ports = another(&settings).await;
    assert_eq!(ports.log.epoch().await, Ok(epoch));
    assert_eq!(ports.log.tip(log_writer.log).await.map(|tip| tip.seq()), Ok(1), "what was written is there");
    let late = ports.log.append(log_writer.log, &log_writer.tip, &log_writer.entries(vec![text("late")]), &[]).await;
    assert_eq!(late, Err(AppendError::OtherEpoch));
    assert!(ports.log.changes(Some(&cursor)).await.expect("changes").lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_store_continues_in_the_new_epoch() {
    let settings = DynamoSettings { epoch_max_age: Duration::ZERO, ..on_dynamodb_local() };
    let long = DynamoSettings { epoch_max_age: Duration::from_secs(3_600), ..settings.clone() };
    let test = TestStore::open(settings.clone()).await.expect("a table");
    let (writes, looks) = (test.store(), another(&long).await);
    let log = LogId::Room(a_room());
    let mut log_writer = LogWriter::new(&writes, log).await;
    log_writer.say("saved").await;
    log_writer.say("lost").await;
    assert_eq!(looks.log.tip(log).await, Ok(log_writer.tip), "it remembers where the log ended");
    let cursor = looks.log.changes(None).await.expect("a cursor").next;

    // The backup has been made after the first message.
    test.dynamo.shared().delete(keys::entries(log, 2)).await.expect("deleted");
    let epoch = DynamoStore::renew(settings).await.expect("renewed");
    let late = writes.log.append(log, &log_writer.tip, &log_writer.entries(vec![text("late")]), &[]).await;
    assert_eq!(late, Err(AppendError::OtherEpoch), "otherwise it would follow a hole");
    let changes = looks.log.changes(Some(&cursor)).await.expect("changes");
    assert!(changes.lost && changes.epoch == epoch, "{changes:?}");
    assert_eq!(looks.log.epoch().await, Ok(epoch));
    let beyond = Tip::from_store(epoch, 2, 2, Timestamp(0));
    let refused = looks.log.append(log, &beyond, &entries_after(&beyond, a_user(), vec![text("late")]), &[]).await;
    assert_eq!(refused, Err(AppendError::Conflict { slot: None }), "no end of the old epoch is cached");

    log_writer.catch_up().await;
    assert_eq!((log_writer.tip.epoch(), log_writer.tip.seq()), (epoch, 1));
    assert_eq!(log_writer.say("in the new epoch").await, 2);
}

//! Two stores on one database, like two nodes: no hole, no duplicate, no lost change.

use std::sync::Arc;
use std::time::Duration;

use conformance::suite::world::{
    LogWriter, a_room, a_session, a_user, file, person, plain_room, public_room, react, text,
};
use domain::{LogId, Member, MemberState, RoomKind, RowWrite, Seq, Timestamp, UserRole};
use service::ports::{AppendError, Charged, Quota, Rotation, SessionRecord, Store, StoreError};

use super::{connections, new_database, open_at, until, whole_logs};
use crate::SqlStore;

/// Opens two stores on one new database.
async fn two() -> (String, SqlStore, SqlStore) {
    let url = new_database();
    let (one, other) = (open_at(&url).await.expect("it opens"), open_at(&url).await.expect("it opens"));
    (url, one, other)
}

/// Appends as many messages, and decides again after each conflict. Returns the number of conflicts.
async fn insist(store: Store, log: LogId, messages: usize) -> usize {
    let (mut log_writer, mut conflicts) = (LogWriter::new(&store, log).await, 0);
    for number in 0..messages {
        let bodies = |number: usize| (0..=number % 3).map(|i| if i == 2 { react(1) } else { text("x") }).collect();
        loop {
            match log_writer.try_write(bodies(number), &[]).await {
                Ok(_) => break,
                Err(AppendError::Conflict { .. }) => {
                    conflicts += 1;
                    log_writer.catch_up().await;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    conflicts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appenders_of_two_stores_make_no_hole_and_no_duplicate() {
    const EACH: usize = 60;
    let (_, one, other) = two().await;
    let logs = [LogId::Room(a_room()), LogId::Room(a_room())];
    let mut writers = Vec::new();
    for store in [&one, &other, &one, &other] {
        for log in logs {
            writers.push(tokio::spawn(insist(store.store(), log, EACH)));
        }
    }
    let mut conflicts = 0;
    for writer in writers {
        conflicts += writer.await.expect("a writer ends");
    }
    // 1 + 2 + 3 entries in turn, by four writers.
    let expected = 4 * EACH * 2;
    for (log, entries) in whole_logs(&other.store()).await {
        assert_eq!(entries.len(), expected, "{log}");
        let ids: std::collections::BTreeSet<_> = entries.iter().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), expected, "{log} has one of them twice");
    }
    assert!(conflicts > 0, "no conflict occurred, so this test tested nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_written_in_opposite_orders_do_not_deadlock() {
    const ROUNDS: usize = 100;
    let (url, one, other) = two().await;
    let logs: Vec<LogId> = (0..6).map(|_| LogId::Room(a_room())).collect();
    let all_of_them = |store: Store, logs: Vec<LogId>| async move {
        for _ in 0..ROUNDS {
            futures_util::future::join_all(logs.iter().map(|log| insist(store.clone(), *log, 1))).await;
        }
    };
    let backwards = logs.iter().rev().copied().collect();
    let first = tokio::spawn(all_of_them(one.store(), logs.clone()));
    tokio::spawn(all_of_them(other.store(), backwards)).await.expect("the second ends");
    first.await.expect("the first ends");
    assert_eq!(whole_logs(&one.store()).await.iter().map(|(_, entries)| entries.len()).sum::<usize>(), 6 * 2 * ROUNDS);
    let pool = connections(&url).await;
    let deadlocks: i64 =
        sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            .fetch_one(&pool)
            .await
            .expect("a count");
    assert_eq!(deadlocks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_logs_do_not_wait_for_a_locked_one() {
    let (url, store, _) = two().await;
    let ports = store.store();
    let mut held = super::super::a_log_of(&ports, 1).await;
    let pool = connections(&url).await;
    let mut holder = pool.begin().await.expect("a transaction");
    let lock = sqlx::query("SELECT 1 FROM log WHERE log = $1 FOR UPDATE").bind(held.log.to_string());
    lock.execute(&mut *holder).await.expect("it is held");
    let waiting = tokio::spawn(async move { held.say("after").await });
    let meets = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                 AND datname = current_database())";
    until(&pool, meets).await;
    let mut free = LogWriter::new(&ports, LogId::Room(a_room())).await;
    for _ in 0..20 {
        free.say("meanwhile").await;
    }
    assert!(!waiting.is_finished());
    holder.commit().await.expect("it is released");
    assert_eq!(waiting.await.expect("it ends"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_locked_too_long_is_unavailable() {
    let url = new_database();
    let settings = crate::SqlSettings { lock_timeout: Duration::from_millis(50), ..Default::default() };
    let store = SqlStore::connect(&url, None, settings).await.expect("it opens");
    let mut held = super::super::a_log_of(&store.store(), 1).await;
    let pool = connections(&url).await;
    let mut holder = pool.begin().await.expect("a transaction");
    let lock = sqlx::query("SELECT 1 FROM log WHERE log = $1 FOR UPDATE").bind(held.log.to_string());
    lock.execute(&mut *holder).await.expect("it is held");
    let refused = held.try_write(vec![text("x")], &[]).await;
    assert!(matches!(refused, Err(AppendError::Unavailable { retry_ms: 1.., .. })), "{refused:?}");
    drop(holder);
    held.say("x").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_two_concurrent_first_users_becomes_admin() {
    let (_, one, other) = two().await;
    let registering: Vec<_> = (0..12)
        .map(|number| {
            let people = if number % 2 == 0 { one.store().users } else { other.store().users };
            tokio::spawn(async move { people.register(&person(&format!("ada{number}"))).await })
        })
        .collect();
    let mut admins = 0;
    for registered in registering {
        let user = registered.await.expect("it ends").expect("registered");
        admins += usize::from(user.role == UserRole::Admin);
    }
    assert_eq!(admins, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_requested_twice_goes_to_one_user() {
    let (_, one, other) = two().await;
    for round in 0..10 {
        let (a, b) = (person(&format!("eve{round}")), person(&format!("eve{round}")));
        let (ones, others) = (one.store().users, other.store().users);
        let (a, b) = tokio::join!(ones.create_user(&a), others.create_user(&b));
        let both = [a, b];
        assert_eq!(both.iter().filter(|made| made.is_ok()).count(), 1, "{both:?}");
        assert!(both.contains(&Err(StoreError::Taken("name"))), "{both:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slug_that_two_rooms_claim_goes_to_one() {
    let (_, one, other) = two().await;
    for round in 0..10 {
        let claim = async |store: Store| {
            let room = public_room(a_room(), &format!("tea{round}"), "Tea");
            let mut log_writer = LogWriter::new(&store, LogId::Room(room.id)).await;
            log_writer.try_write(vec![text("x")], &[RowWrite::Room(room)]).await
        };
        let (a, b) = tokio::join!(claim(one.store()), claim(other.store()));
        let both = [a, b];
        assert_eq!(both.iter().filter(|made| made.is_ok()).count(), 1, "{both:?}");
        assert!(both.contains(&Err(AppendError::Taken("slug"))), "{both:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_rotates_once_on_two_nodes() {
    let (_, one, other) = two().await;
    let (id, at, later) = (a_session(), Timestamp(1_000), Timestamp(9_000_000));
    let session = SessionRecord {
        id,
        user: a_user(),
        current: [1; 32],
        previous: None,
        previous_expires_at: None,
        rotated_at: at,
        created_at: at,
        expires_at: later,
        revoked: false,
        signed_out: false,
        device: "a phone".into(),
    };
    one.store().sessions.open(&session).await.expect("opened");
    let rotating: Vec<_> = (0..8_u8)
        .map(|number| {
            let sessions = if number % 2 == 0 { one.store().sessions } else { other.store().sessions };
            tokio::spawn(async move { sessions.rotate(id, [1; 32], [10 + number; 32], at, later).await })
        })
        .collect();
    let mut rotated = 0;
    for rotation in rotating {
        match rotation.await.expect("it ends").expect("an answer") {
            Rotation::Rotated(_) => rotated += 1,
            Rotation::Repeated(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(rotated, 1);
}

/// Applies many concurrent changes to one user's row of a room: marks, mentions, settings and membership. None undoes
/// another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_and_mentions_of_two_nodes_all_count() {
    let (_, one, other) = two().await;
    let (room, ada) = (plain_room(a_room(), RoomKind::Private), a_user());
    let id = room.id;
    conformance::suite::world::a_room_with(&one.store(), &room, &[ada]).await;
    let working: Vec<_> = (1..=8_u64)
        .map(|seq| {
            let marks = if seq % 2 == 0 { one.store().marks } else { other.store().marks };
            tokio::spawn(async move {
                match seq {
                    4 => marks.mark_read(ada, id, 4, 4).await.map(|_| ()),
                    seq => marks.add_mention(ada, id, 100 + seq).await,
                }
            })
        })
        .collect();
    for done in working {
        done.await.expect("it ends").expect("written");
    }
    let marks = one.store().marks.marks(id, &[ada]).await.expect("a read");
    let mentions: Vec<Seq> = (1..=8).filter(|seq| *seq != 4).map(|seq| 100 + seq).collect();
    assert_eq!((marks[0].1.read_seq, &marks[0].1.mentions), (4, &mentions));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_counted_right_when_many_join_and_leave() {
    let (_, one, other) = two().await;
    let room = plain_room(a_room(), RoomKind::Private);
    let id = room.id;
    let mut log_writer = LogWriter::new(&one.store(), LogId::Room(id)).await;
    log_writer.write(vec![text("x")], &[RowWrite::Room(room)]).await;
    let joining: Vec<_> = (0..4)
        .map(|number| {
            let store = if number % 2 == 0 { one.store() } else { other.store() };
            tokio::spawn(async move {
                let user = a_user();
                let mut log_writer = LogWriter::new(&store, LogId::Room(id)).await;
                for state in [MemberState::Joined, MemberState::Left, MemberState::Joined] {
                    loop {
                        let rev = log_writer.tip.seq() + 1;
                        let row = Member { rev, ..conformance::suite::world::member(user, state) };
                        match log_writer.try_write(vec![text("x")], &[RowWrite::Member(row)]).await {
                            Ok(_) => break,
                            Err(AppendError::Conflict { .. }) => log_writer.catch_up().await,
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                }
            })
        })
        .collect();
    for joined in joining {
        joined.await.expect("it ends");
    }
    assert_eq!(one.store().rooms.member_count(id).await, Ok(4));
}

/// While a floor rises, messages are edited and more come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_floor_rises_in_a_busy_log() {
    let (_, one, other) = two().await;
    let log = super::super::a_log_of(&one.store(), 600).await.log;
    let row = file(a_room(), a_user(), 5);
    assert_eq!(one.store().files.put(&row, Quota::NONE).await, Ok(Charged::Done), "put");
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer = {
        let (store, over) = (other.store(), over.clone());
        tokio::spawn(async move {
            let mut log_writer = LogWriter::new(&store, log).await;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let edited = store.log.messages(log, &[300]).await.expect("a read");
                let edited = edited.into_iter().map(RowWrite::Message).collect::<Vec<_>>();
                log_writer.write(vec![text("more")], &edited).await;
            }
            log_writer.tip.seq()
        })
    };
    one.store().log.raise_floor(log, 600).await.expect("it rises");
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    let head = writer.await.expect("it ends");
    assert_eq!(one.store().log.floor(log).await, Ok(600));
    let entries = one.store().log.read(log, 1, head).await.expect("a read");
    assert_eq!(entries.len() as Seq, head);
    let blank = |entry: &domain::Entry| entry.message().is_none_or(|message| message.deleted);
    assert!(entries[..600].iter().all(blank), "blanked entries stay blank");
    assert!(!entries[600..].iter().any(blank));
}

//! Lost answers, and a server that is down: never a false ack, never a duplicate.

use std::time::Duration;

use conformance::suite::world::{LogWriter, a_room, a_user, member, text};
use domain::{LogId, MemberState, RowWrite};
use service::ports::{AppendError, StoreError};

use super::proxy::Proxy;
use super::world::{TestStore, on_dynamodb_local, settings};
use crate::{DynamoSettings, DynamoStore, keys};

/// A table, the same table behind a proxy, and the proxy.
async fn behind_a_proxy(patience: Duration) -> (TestStore, DynamoStore, Proxy) {
    let direct = on_dynamodb_local();
    let proxy = Proxy::before(local_servers::shared::dynamodb_local().port()).await;
    let through = DynamoSettings {
        table: direct.table.clone(),
        patience,
        attempt_timeout: patience,
        ..settings(proxy.endpoint())
    };
    let test = TestStore::open(direct).await.expect("a table");
    let store = DynamoStore::open(through).await.expect("the table is there");
    (test, store, proxy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_makes_no_duplicate() {
    let (test, store, proxy) = behind_a_proxy(Duration::from_secs(20)).await;
    let (room, direct, through) = (a_room(), test.store(), store.store());
    let mut log_writer = LogWriter::new(&through, LogId::Room(room)).await;
    log_writer.say("begins").await;
    let mut expected = 1;
    for round in 0..10_usize {
        // One write, a chunk, and a transaction with row writes; one answer lost, or several.
        proxy.swallow(1 + round % 3);
        let row_writes = match round % 2 {
            0 => vec![RowWrite::Member(member(a_user(), MemberState::Joined)), RowWrite::Pin { target: 1, on: true }],
            _ => Vec::new(),
        };
        let count = 1 + round % 4;
        let seq = log_writer.write((0..count).map(|_| text("once")).collect(), &row_writes).await;
        expected += count;
        assert_eq!((seq as usize, proxy.left()), (expected, 0));
    }
    let read = direct.log.read(log_writer.log, 1, 9_999).await.expect("a read");
    assert_eq!(read.len(), expected);
    assert!((1..).zip(&read).all(|(seq, entry)| entry.seq == seq));
    assert_eq!(direct.rooms.member_count(room).await, Ok(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_no_answer_comes_the_outcome_is_unknown() {
    let (test, store, proxy) = behind_a_proxy(Duration::from_millis(600)).await;
    let direct = test.store();
    let mut log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
    log_writer.say("begins").await;
    proxy.swallow(usize::MAX);
    for row_writes in [vec![], vec![RowWrite::Pin { target: 1, on: true }]] {
        let lost = log_writer.try_write(vec![text("written without an answer")], &row_writes).await;
        assert_eq!(lost, Err(AppendError::Unknown));
        // It was committed: a read of its position finds it.
        let seq = log_writer.tip.seq() + 1;
        assert_eq!(direct.log.read(log_writer.log, seq, seq).await.expect("a read").len(), 1);
        log_writer.tip = direct.log.tip(log_writer.log).await.expect("the tip");
        proxy.swallow(0);
        // The store has not seen this end of the log itself, so it reads before it writes.
        log_writer.say("goes on").await;
        proxy.swallow(usize::MAX);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_never_leads_to_an_ack() {
    let server = local_servers::DynamoDbLocal::start();
    let patience = Duration::from_millis(1_500);
    let settings = DynamoSettings { patience, attempt_timeout: patience, ..settings(server.endpoint()) };
    let test = TestStore::open(DynamoSettings {
        patience: Duration::from_secs(30),
        attempt_timeout: Duration::from_secs(20),
        ..settings.clone()
    });
    test.await.expect("a table");
    let store = DynamoStore::open(settings).await.expect("the table is there").store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("begins").await;
    drop(server);
    let begun = std::time::Instant::now();
    let lost = log_writer.try_write(vec![text("no server hears")], &[]).await;
    assert!(matches!(lost, Err(AppendError::Unknown | AppendError::Unavailable { .. })), "{lost:?}");
    assert!(store.log.tip(log_writer.log).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(10), "answered after {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_with_a_hole_is_an_error() {
    let settings = on_dynamodb_local();
    let test = TestStore::open(settings.clone()).await.expect("a table");
    let mut log_writer = LogWriter::new(&test.store(), LogId::Room(a_room())).await;
    for text in ["one", "two", "three"] {
        log_writer.say(text).await;
    }
    // The view of a reader that meets a transaction before all of its items are visible.
    let hidden = keys::entries(log_writer.log, 2);
    let client = crate::client::Clients::connect(&settings).await.write;
    let removal = client.delete_item().table_name(&settings.table).set_key(Some(crate::op::key_map(&hidden)));
    removal.send().await.expect("a removal");
    let newcomer = DynamoStore::open(settings).await.expect("the table is there").store();
    for (from, to) in [(2, 3), (1, 3)] {
        let read = newcomer.log.read(log_writer.log, from, to).await;
        assert!(matches!(read, Err(StoreError::Unavailable { .. })), "{from} to {to}: {read:?}");
    }
    // Where the range ends with the hole, only a reader that knows of a later head can notice.
    newcomer.log.tip(log_writer.log).await.expect("a tip");
    for (from, to) in [(1, 2), (2, 2)] {
        let read = newcomer.log.read(log_writer.log, from, to).await;
        assert!(matches!(read, Err(StoreError::Unavailable { .. })), "{from} to {to}: {read:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_fail_at_once_while_the_server_does_not_answer() {
    let (_test, store, proxy) = behind_a_proxy(Duration::from_millis(400)).await;
    let store = store.store();
    let mut log_writer = LogWriter::new(&store, LogId::Room(a_room())).await;
    log_writer.say("there").await;
    proxy.swallow(usize::MAX);
    let lost = futures_util::future::join_all((0..10).map(|_| store.log.tip(log_writer.log))).await;
    assert!(lost.iter().all(Result::is_err));

    let mut times = Vec::new();
    for _ in 0..40 {
        let began = std::time::Instant::now();
        assert!(matches!(store.log.tip(log_writer.log).await, Err(StoreError::Unavailable { retry_ms: 1.., .. })));
        times.push(began.elapsed());
    }
    times.sort();
    assert!(times[30] < Duration::from_millis(50), "{times:?}");
    let refused = log_writer.try_write(vec![text("not sent")], &[]).await;
    assert!(matches!(refused, Err(AppendError::Unavailable { .. } | AppendError::Unknown)), "{refused:?}");

    proxy.swallow(0);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while store.log.tip(log_writer.log).await.is_err() {
        assert!(std::time::Instant::now() < deadline, "it does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

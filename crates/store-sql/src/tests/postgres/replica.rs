//! A streaming replica serves pages as far as it has caught up, and never less than requested (P7).

use std::time::Duration;

use conformance::suite::world::{LogWriter, a_room};
use domain::{LogId, Seq};
use local_servers::{Postgres, shared};
use service::ports::{LogPage, PageFrom, Store};

use super::{connections, name_of, new_database, open_at, until};
use crate::{SqlSettings, SqlStore};

const NEWEST: PageFrom = PageFrom::Before(Seq::MAX);

async fn page(store: &Store, log: LogId, min_seq: Option<Seq>) -> LogPage {
    store.log.page(log, NEWEST, 10, min_seq).await.expect("a page")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_behind_serves_no_more_than_it_has() {
    // A server of its own, since a replica copies all databases of one.
    let primary = Postgres::start();
    let url = primary.new_database();
    let writer = open_at(&url).await.expect("it opens").store();
    let mut log_writer = LogWriter::new(&writer, LogId::Room(a_room())).await;
    log_writer.say("one").await;
    let follower = primary.replica();
    let replica = follower.url_of(name_of(&url));
    let behind = connections(&replica).await;
    until(&behind, "SELECT count(*) = 1 FROM entry").await;
    follower.pause();
    until(&behind, "SELECT pg_get_wal_replay_pause_state() = 'paused'").await;
    // Another node writes; this one has the replica.
    let reader = SqlStore::connect(&url, Some(&replica), SqlSettings::default()).await.expect("it opens").store();
    log_writer.say("two").await;

    let old = page(&reader, log_writer.log, Some(1)).await;
    assert_eq!((old.as_of, old.entries.len()), (1, 1), "the replica answers, with its own head");
    let new = page(&reader, log_writer.log, Some(2)).await;
    assert_eq!((new.as_of, new.entries.len()), (2, 2), "it has not caught up, so the primary answers");
    let strong = page(&reader, log_writer.log, None).await;
    assert_eq!((strong.as_of, strong.entries.len()), (2, 2), "without `min_seq` the primary answers");
    let future = page(&reader, log_writer.log, Some(9)).await;
    assert_eq!(future.as_of, 2, "no server has caught up, and the caller can see that");
    let forward = reader.log.page(log_writer.log, PageFrom::After(0), 10, Some(1)).await.expect("a page");
    assert_eq!((forward.as_of, forward.entries.len()), (1, 1));
    let unknown = page(&reader, LogId::Room(a_room()), Some(1)).await;
    assert_eq!((unknown.as_of, unknown.entries.len()), (0, 0));
    // All else is the primary's: what an append builds on, above all.
    assert_eq!(reader.log.tip(log_writer.log).await, Ok(log_writer.tip));
    assert_eq!(reader.log.read(log_writer.log, 1, 9).await.expect("a read").len(), 2);

    follower.resume();
    until(&behind, "SELECT count(*) = 2 FROM entry").await;
    assert_eq!(page(&reader, log_writer.log, Some(1)).await.as_of, 2, "it follows again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_with_another_epoch_or_without_an_answer_is_not_used() {
    let url = new_database();
    let writer = open_at(&url).await.expect("it opens").store();
    let mut log_writer = LogWriter::new(&writer, LogId::Room(a_room())).await;
    log_writer.say("one").await;
    // The same log in a copy with another epoch and a higher head.
    let other = shared::postgres();
    let copy = new_database();
    open_at(&copy).await.expect("it opens").close().await;
    let further =
        format!("INSERT INTO log (log, head, n, at, floor, chg) VALUES ('{}', 50, 50, 1, 0, 1)", log_writer.log);
    other.sql(name_of(&copy), &further);
    let nobody = url.replace(&other.port().to_string(), &local_servers::free_port().to_string());
    for replica in [copy, nobody] {
        let store = SqlStore::connect(&url, Some(&replica), SqlSettings::default()).await.expect("it opens");
        for _ in 0..3 {
            let begin = std::time::Instant::now();
            assert_eq!(page(&store.store(), log_writer.log, Some(1)).await.as_of, 1);
            assert!(begin.elapsed() < Duration::from_secs(3), "a page does not wait for it");
        }
        store.close().await;
    }
}

//! `changes` while transactions stay open: one that commits late is seen, however long it took.

use std::collections::BTreeMap;
use std::time::Duration;

use conformance::suite::world::{LogWriter, a_room};
use domain::{LogId, Seq};
use service::ports::ChangesCursor;
use sqlx::{AssertSqlSafe, Executor as _};

use super::{connections, new_database, until};
use crate::{SqlSettings, SqlStore};

/// Makes commits of appends to this log wait for the test's lock.
fn waits(log: LogId) -> String {
    format!(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW WHEN (NEW.log = '{log}') EXECUTE FUNCTION wait()"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_stays_open_over_two_looks_is_seen() {
    let url = new_database();
    let long = Duration::from_secs(60);
    let settings = SqlSettings { lock_timeout: long, statement_timeout: long, ..SqlSettings::default() };
    let store = SqlStore::connect(&url, None, settings).await.expect("it opens");
    let ports = store.store();
    let mut slow = LogWriter::new(&ports, LogId::Room(a_room())).await;
    let mut quick = LogWriter::new(&ports, LogId::Room(a_room())).await;
    slow.say("one").await;
    let pool = connections(&url).await;
    pool.execute(sqlx::raw_sql(AssertSqlSafe(waits(slow.log)))).await.expect("a trigger");
    let mut holder = pool.acquire().await.expect("a connection");
    holder.execute("SELECT pg_advisory_lock(77)").await.expect("the lock");
    let look = async |cursor: &ChangesCursor| {
        let found = ports.log.changes(Some(cursor)).await.expect("changes");
        assert!(!found.lost);
        (found.logs.into_iter().collect::<BTreeMap<LogId, Seq>>(), found.next)
    };
    let begin = ports.log.changes(None).await.expect("a cursor").next;

    let log = slow.log;
    let held = tokio::spawn(async move { slow.say("two").await });
    until(&pool, "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)").await;
    quick.say("one").await;
    let (seen, first) = look(&begin).await;
    assert_eq!(seen, [(quick.log, 1)].into(), "the other is not committed");
    quick.say("two").await;
    let (seen, second) = look(&first).await;
    assert_eq!(seen, [(quick.log, 2)].into());
    let (seen, third) = look(&second).await;
    assert_eq!(seen, BTreeMap::new(), "an open transaction repeats nothing");

    holder.execute("SELECT pg_advisory_unlock(77)").await.expect("it is released");
    assert_eq!(held.await.expect("it ends"), 2);
    let (seen, fourth) = look(&third).await;
    assert_eq!(seen, [(log, 2)].into(), "its number is lower than those that were seen, and it is seen");
    assert_eq!(look(&fourth).await.0, BTreeMap::new());
    // A cursor from before all of it has all of it.
    assert_eq!(look(&begin).await.0, [(log, 2), (quick.log, 2)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_from_the_future_is_lost() {
    let store = super::open_empty().await.expect("it opens").store();
    let now = store.log.changes(None).await.expect("a cursor").next.0;
    let (epoch, _) = now.split_once('.').expect("an epoch");
    for look in ["9000000000:9000000000:", "x:y:", "1:2", "1:2:x", "", "7"] {
        let found = store.log.changes(Some(&ChangesCursor(format!("{epoch}.{look}")))).await.expect("an answer");
        assert!(found.lost, "{look:?}");
        let next = store.log.changes(Some(&found.next)).await.expect("changes");
        assert!(!next.lost && next.logs.is_empty(), "it goes on from now");
    }
}

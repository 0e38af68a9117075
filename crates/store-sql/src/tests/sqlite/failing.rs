//! A full disk, a commit that fails, a row that cannot be written: nothing is acked that is not stored, and the store
//! recovers by itself.

use conformance::suite::world::{LogWriter, a_room, person, text};
use domain::LogId;
use service::ports::{AppendError, StoreError};
use sqlx::AssertSqlSafe;

use super::open::hold_the_writer;
use super::{a_log_of, backend, whole_logs};
use crate::database::run;
use crate::{SqlStore, sql};

/// Lets the file grow by so many pages and no more.
async fn allow_pages(store: &SqlStore, more: i64) {
    let allowed = store.shared.write(move |connection| {
        Box::pin(async move {
            let pages: i64 = sql::query("PRAGMA page_count").fetch_one(&mut *connection).await?.get("page_count")?;
            let limit = format!("PRAGMA max_page_count = {}", pages + more);
            run(connection, AssertSqlSafe(limit)).await?;
            Ok(())
        })
    });
    allowed.await.expect("the limit is set");
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let ports = store.store();
    let mut log_writer = a_log_of(&ports, 10).await;
    let mut other = a_log_of(&ports, 10).await;
    allow_pages(&store, 2).await;
    let big = "x".repeat(4_000);
    let mut acked = 0;
    let full = loop {
        match log_writer.try_write((0..20).map(|_| text(&big)).collect(), &[]).await {
            Ok(_) => acked += 1,
            Err(full) => break full,
        }
        assert!(acked < 10, "the limit is never met");
    };
    assert!(matches!(&full, AppendError::Full { .. }), "{full:?}");
    for _ in 0..3 {
        let again = log_writer.try_write((0..20).map(|_| text(&big)).collect(), &[]).await;
        assert!(matches!(again, Err(AppendError::Full { .. })), "{again:?}");
        assert_eq!(ports.log.tip(log_writer.log).await, Ok(log_writer.tip), "nothing of it was written");
    }
    // An append that still fits is taken, one that does not is refused like the others.
    let small = other.try_write(vec![text("small")], &[]).await;
    assert!(matches!(small, Ok(_) | Err(AppendError::Full { .. })), "{small:?}");
    let mut new = person("ada");
    new.password_hash = Some("x".repeat(400_000));
    let refused = ports.users.create_user(&new).await;
    assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
    assert_eq!(ports.users.user(new.user.id).await, Ok(None));
    allow_pages(&store, 1_000).await;
    log_writer.write((0..20).map(|_| text(&big)).collect(), &[]).await;
    ports.users.create_user(&new).await.expect("there is space again");
    assert_eq!(whole_logs(&ports).await.len(), 2);
    assert_eq!(ports.log.tip(log_writer.log).await.expect("the tip").seq(), 10 + 20 * (acked + 1));
}

/// Work whose transaction cannot commit: a constraint that is checked only then.
async fn fail_the_commit(store: &SqlStore) -> Result<(), StoreError> {
    let failing = store.shared.write(|connection| {
        Box::pin(async move {
            run(connection, "CREATE TEMP TABLE IF NOT EXISTS one (id INTEGER PRIMARY KEY)").await?;
            let many =
                "CREATE TEMP TABLE IF NOT EXISTS many (one INTEGER REFERENCES one DEFERRABLE INITIALLY DEFERRED)";
            run(connection, many).await?;
            run(connection, "INSERT INTO many VALUES (1)").await?;
            Ok(())
        })
    });
    failing.await
}

#[tokio::test]
async fn a_commit_that_fails_leaves_the_outcome_unknown() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let ports = store.store();
    let mut log_writer = a_log_of(&ports, 1).await;
    let mut stale = LogWriter::new(&ports, log_writer.log).await;
    log_writer.say("two").await;
    let gate = hold_the_writer(&store).await;
    let before = log_writer.tip;
    let (appended, refused, failed, ()) = tokio::join!(
        log_writer.try_write(vec![text("perhaps")], &[]),
        stale.try_write(vec![text("stale")], &[]),
        fail_the_commit(&store),
        async {
            while backend(&store).writer.waiting() < 3 {
                tokio::task::yield_now().await;
            }
            drop(gate);
        }
    );
    assert_eq!(appended, Err(AppendError::Unknown));
    assert!(matches!(refused, Err(AppendError::Conflict { .. })), "a refused append is refused in either case");
    assert!(matches!(failed, Err(StoreError::Unavailable { .. })));
    assert_eq!(ports.log.tip(log_writer.log).await, Ok(before), "the slot is empty: the same again");
    assert_eq!(log_writer.write(vec![text("surely")], &[]).await, 3);
}

#[tokio::test]
async fn a_row_that_cannot_be_written_fails_alone() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let ports = store.store();
    let broken = a_log_of(&ports, 1).await;
    // As if a head had been lost: the slot that it names is filled.
    let log = broken.log.to_string();
    let damaged =
        store.shared.execute(move || sql::query("UPDATE log SET head = 0, n = 0 WHERE log = $1").bind(log.clone()));
    damaged.await.expect("damaged");
    let mut broken = LogWriter::new(&ports, broken.log).await;
    let mut log_writer = LogWriter::new(&ports, LogId::Room(a_room())).await;
    let new = person("ada");
    let gate = hold_the_writer(&store).await;
    let (refused, appended, created, ()) = tokio::join!(
        broken.try_write(vec![text("where one is")], &[]),
        log_writer.try_write(vec![text("fine")], &[]),
        ports.users.create_user(&new),
        async {
            while backend(&store).writer.waiting() < 3 {
                tokio::task::yield_now().await;
            }
            drop(gate);
        }
    );
    assert!(matches!(refused, Err(AppendError::Unavailable { .. })), "{refused:?}");
    assert_eq!(appended.expect("the other log goes on").seq(), 1);
    created.expect("and other writes");
    assert_eq!(ports.log.read(log_writer.log, 1, 9).await.expect("a read").len(), 1);
}

#[tokio::test]
async fn a_lost_connection_is_reopened() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let ports = store.store();
    let mut log_writer = a_log_of(&ports, 1).await;
    // A rollback in the middle of the task's transaction: its commit then fails.
    let broken = store.shared.execute(|| sql::query("ROLLBACK")).await;
    assert!(matches!(broken, Err(StoreError::Unavailable { .. })), "{broken:?}");
    log_writer.say("on").await;
    assert_eq!(whole_logs(&ports).await[0].1.len(), 2);
}

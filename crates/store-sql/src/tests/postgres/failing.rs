//! A commit whose answer is lost, a server that crashes, a slow one: nothing is acked that is not stored, and the store
//! recovers by itself.

use std::time::{Duration, Instant};

use conformance::suite::world::{LogWriter, a_room, person, text};
use domain::LogId;
use service::ports::{AppendError, StoreError};
use sqlx::{AssertSqlSafe, Executor as _};

use super::{Postgres, connections, new_database, open_at, whole_logs};
use crate::{SqlSettings, SqlStore};

/// Runs `body` at each commit that appended (`WHEN` of a deferred trigger) or at each entry's insert.
async fn at_each(url: &str, when: &str, body: &str) {
    let kind = match when {
        "commit" => "CONSTRAINT TRIGGER hook AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED",
        _ => "TRIGGER hook AFTER INSERT ON entry",
    };
    let sql = format!(
        "CREATE SEQUENCE tries; CREATE FUNCTION hook() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN {body}; RETURN NULL; END $$; CREATE {kind} FOR EACH ROW EXECUTE FUNCTION hook()"
    );
    connections(url).await.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.expect("a trigger");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_unknown() {
    let url = new_database();
    let store = open_at(&url).await.expect("it opens");
    at_each(&url, "commit", "IF nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF")
        .await;
    let mut log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
    assert_eq!(log_writer.try_write(vec![text("perhaps")], &[]).await, Err(AppendError::Unknown));
    assert_eq!(
        store.store().log.tip(log_writer.log).await.expect("a tip").seq(),
        0,
        "the slot is empty: the same again"
    );
    assert_eq!(log_writer.write(vec![text("surely")], &[]).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_before_the_commit_is_unavailable() {
    let url = new_database();
    let store = open_at(&url).await.expect("it opens");
    at_each(&url, "row", "IF nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF").await;
    let mut log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
    let lost = log_writer.try_write(vec![text("no")], &[]).await;
    assert!(matches!(lost, Err(AppendError::Unavailable { retry_ms: 1.., .. })), "{lost:?}");
    assert_eq!(log_writer.write(vec![text("yes")], &[]).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_others_interfere_with_is_retried() {
    for (when, code) in [("commit", "40001"), ("row", "40P01"), ("row", "40001")] {
        let url = new_database();
        let store = open_at(&url).await.expect("it opens");
        let raise = format!("IF nextval('tries') <= 4 THEN RAISE EXCEPTION 'again' USING ERRCODE = '{code}'; END IF");
        at_each(&url, when, &raise).await;
        let mut log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
        assert_eq!(log_writer.write(vec![text("x")], &[]).await, 1);
        assert_eq!(store.stats().entries, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_others_always_interfere_with_fails_in_time() {
    let url = new_database();
    let store = open_at(&url).await.expect("it opens");
    at_each(&url, "row", "RAISE EXCEPTION 'again' USING ERRCODE = '40001'").await;
    let mut log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
    let begin = Instant::now();
    let given_up = log_writer.try_write(vec![text("x")], &[]).await;
    assert!(matches!(given_up, Err(AppendError::Unavailable { retry_ms: 1.., .. })), "{given_up:?}");
    assert!(begin.elapsed() < Duration::from_secs(3), "a fault is answered within 3 s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_statement_times_out() {
    let url = new_database();
    let settings = SqlSettings { statement_timeout: Duration::from_millis(100), ..SqlSettings::default() };
    let store = SqlStore::connect(&url, None, settings).await.expect("it opens");
    at_each(&url, "row", "IF nextval('tries') = 1 THEN PERFORM pg_sleep(60); END IF").await;
    let mut log_writer = LogWriter::new(&store.store(), LogId::Room(a_room())).await;
    let slow = log_writer.try_write(vec![text("x")], &[]).await;
    assert!(matches!(slow, Err(AppendError::Unavailable { .. })), "{slow:?}");
    assert_eq!(log_writer.write(vec![text("x")], &[]).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_is_used_again() {
    let mut server = Postgres::start();
    let url = server.new_database();
    let settings = SqlSettings { read_timeout: Duration::from_secs(1), ..SqlSettings::default() };
    let store = SqlStore::connect(&url, None, settings).await.expect("it opens");
    let ports = store.store();
    let mut log_writer = LogWriter::new(&ports, LogId::Room(a_room())).await;
    let mut acked = 0;
    for _ in 0..3 {
        acked = log_writer.say("there").await;
    }
    server.kill();
    let begin = Instant::now();
    let down = log_writer.try_write(vec![text("x")], &[]).await;
    assert!(matches!(down, Err(AppendError::Unavailable { .. } | AppendError::Unknown)), "{down:?}");
    let down = ports.users.create_user(&person("ada")).await;
    assert!(matches!(down, Err(StoreError::Unavailable { .. })), "{down:?}");
    assert!(ports.log.tip(log_writer.log).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(6), "each fault is answered within 3 s");
    let place = format!("127.0.0.1:{}", server.port());
    loop {
        let message = ports.log.tip(log_writer.log).await.expect_err("no server is running").to_string();
        assert!(message.contains(&place), "{message}");
        // Connections that were open first report their own end.
        if !message.contains("broke") {
            assert!(message.contains("onnection refused") && message.contains("start it"), "{message}");
            break;
        }
    }
    server.restart();
    let deadline = Instant::now() + Duration::from_secs(20);
    while log_writer.try_write(vec![text("again")], &[]).await.is_err() {
        assert!(Instant::now() < deadline, "it does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(whole_logs(&ports).await[0].1.len() as u64, acked + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_at_once_while_the_server_is_down() {
    let mut server = Postgres::start();
    let url = server.new_database();
    let settings = SqlSettings { read_timeout: Duration::from_secs(1), ..SqlSettings::default() };
    let store = SqlStore::connect(&url, None, settings).await.expect("it opens");
    let ports = store.store();
    let mut log_writer = LogWriter::new(&ports, LogId::Room(a_room())).await;
    log_writer.say("there").await;
    server.kill();
    let tips = |times: u64| futures_util::future::join_all((0..times).map(|_| ports.log.tip(log_writer.log)));
    assert!(tips(10).await.iter().all(Result::is_err), "each waits for its time-out, and records the failure");

    // Each would wait for a second otherwise; a probe between them may.
    let mut times = Vec::new();
    for _ in 0..40 {
        let began = Instant::now();
        let away = ports.log.tip(log_writer.log).await;
        assert!(matches!(away, Err(StoreError::Unavailable { retry_ms: 1.., .. })), "{away:?}");
        times.push(began.elapsed());
    }
    times.sort();
    assert!(times[30] < Duration::from_millis(50), "{times:?}");
    let began = Instant::now();
    let mut away = 0;
    while began.elapsed() < Duration::from_millis(200) {
        away += u32::from(log_writer.try_write(vec![text("x")], &[]).await.is_err());
    }
    assert!(away > 0);

    server.restart();
    let deadline = Instant::now() + Duration::from_secs(20);
    while log_writer.try_write(vec![text("again")], &[]).await.is_err() {
        assert!(Instant::now() < deadline, "it does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_statements_open_no_circuit() {
    let url = new_database();
    let settings = SqlSettings { statement_timeout: Duration::from_millis(50), ..SqlSettings::default() };
    let store = SqlStore::connect(&url, None, settings).await.expect("it opens");
    let ports = store.store();
    at_each(&url, "row", "IF nextval('tries') <= 10 THEN PERFORM pg_sleep(60); END IF").await;
    let mut log_writer = LogWriter::new(&ports, LogId::Room(a_room())).await;
    for _ in 0..10 {
        assert!(log_writer.try_write(vec![text("slow")], &[]).await.is_err());
        assert!(ports.log.tip(log_writer.log).await.is_ok(), "reads go on");
    }
    for _ in 0..2 {
        log_writer.say("quick").await;
    }
}

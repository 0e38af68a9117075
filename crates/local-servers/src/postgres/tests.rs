use std::time::{Duration, Instant};

use super::*;

/// Waits until a statement returns the expected value.
fn wait_for(what: &str, look: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !look() {
        assert!(Instant::now() < deadline, "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn postgres_gives_databases_and_survives_a_crash() {
    let mut postgres = Postgres::start();
    let first = postgres.new_database();
    assert_ne!(first, postgres.new_database());
    assert!(first.ends_with("/palaver_1"), "{first}");

    postgres.sql("palaver_1", "CREATE TABLE t (n INT)");
    postgres.sql("palaver_1", "INSERT INTO t VALUES (7)");
    let copy = postgres.new_database_like("palaver_1");
    assert_eq!(postgres.sql(&copy, "SELECT n FROM t"), "7");

    postgres.restart();
    assert_eq!(postgres.sql("palaver_1", "SELECT n FROM t"), "7");
}

#[test]
fn a_replica_follows_until_it_is_paused() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE TABLE t AS SELECT 1 AS n");
    let replica = postgres.replica();
    let sum = || replica.sql("postgres", "SELECT sum(n) FROM t");
    wait_for("what was there", || sum() == "1");
    replica.pause();
    wait_for("the pause", || replica.sql("postgres", "SELECT pg_get_wal_replay_pause_state()") == "paused");
    postgres.sql("postgres", "INSERT INTO t VALUES (2)");
    assert_eq!(sum(), "1");
    replica.resume();
    wait_for("what came in the pause", || sum() == "3");
}

//! Every statement finds its rows by key or index; its cost does not grow with the tables.

use conformance::suite::world::{a_room, a_room_with, plain_room, react};
use domain::RoomKind;
use sqlx::AssertSqlSafe;

use super::super::everything::call_everything;
use super::backend;
use crate::database::Statement;
use crate::limits::KEY_ROWS;
use crate::{SqlStore, sql};

/// Statements that may scan all rows of a table.
const SWEEPS: [&str; 2] = [
    // The nodes are few.
    "FROM node WHERE at >= $1",
    "DELETE FROM node WHERE at < $1",
];

#[tokio::test]
async fn statements_search_and_do_not_scan() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    sql::seen::take();
    call_everything(&store.store()).await;
    let statements = sql::seen::take();
    assert!(statements.len() > 100, "only {} statements were seen", statements.len());
    for statement in statements.into_keys() {
        let plan = plan_of(&store, &statement).await;
        let may_scan = SWEEPS.iter().any(|sweep| statement.contains(sweep));
        let scans = plan.iter().any(|step| step.starts_with("SCAN") && !is_bounded(step));
        assert!(!scans || may_scan, "{statement}\n{plan:#?}");
        let sorts = plan.iter().any(|step| step.contains("AUTOMATIC") || step.contains("TEMP B-TREE"));
        assert!(!sorts, "{statement}\n{plan:#?}");
    }
}

/// Rows that the statement itself brings along, or a walk along an index that `LIMIT` ends.
fn is_bounded(step: &str) -> bool {
    let own = ["CONSTANT ROW", "SUBQUERY", "(subquery-", "VALUES", "few"];
    own.iter().any(|name| step.contains(name)) || step == "SCAN log USING COVERING INDEX log_chg"
}

#[tokio::test]
async fn a_page_is_read_through_the_index_of_messages() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let mut log_writer = a_room_with(&store.store(), &plain_room(a_room(), RoomKind::Private), &[]).await;
    sql::seen::take();
    store.store().log.read_back(log_writer.log, 9, 5).await.expect("a page");
    store.store().log.read_forward(log_writer.log, 0, 5).await.expect("a page");
    let statements = sql::seen::take();
    assert_eq!(statements.len(), 2);
    for statement in statements.into_keys() {
        let plan = plan_of(&store, &statement).await;
        let entry = plan.iter().filter(|step| step.contains("entry")).collect::<Vec<_>>();
        assert!(entry.iter().all(|step| step.starts_with("SEARCH")), "{plan:#?}");
        assert!(entry.iter().any(|step| step.contains("entry_message")), "{plan:#?}");
    }
    // A run of reactions longer than any page lies between two messages.
    log_writer.say("old").await;
    for _ in 0..40 {
        log_writer.write((0..500).map(|_| react(2)).collect(), &[]).await;
    }
    log_writer.say("new").await;
    let page = store.store().log.read_back(log_writer.log, u64::from(u32::MAX), 50).await.expect("a page");
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 20_003]);
}

#[tokio::test]
async fn keys_are_read_without_bodies() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let mut log_writer = a_room_with(&store.store(), &plain_room(a_room(), RoomKind::Private), &[]).await;
    for _ in 0..3 {
        log_writer.write((0..KEY_ROWS).map(|_| react(2)).collect(), &[]).await;
    }
    sql::seen::take();
    let read = store.store().log.read_keys(log_writer.log, 1, log_writer.tip.seq()).await.expect("a read");
    assert_eq!(read.keys.len(), 3 * KEY_ROWS + 1);
    let statements: Vec<String> = sql::seen::take().into_keys().collect();
    assert!(statements.len() == 1 && !statements[0].contains("body"), "{statements:?}");
}

async fn plan_of(store: &SqlStore, statement: &str) -> Vec<String> {
    let explained = Statement::new(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}")));
    let mut reader = backend(store).reads.get().await.expect("a connection");
    let rows = explained.fetch_all(&mut *reader).await.expect("a plan");
    rows.iter().map(|row| row.try_get("detail").expect("a step")).collect()
}

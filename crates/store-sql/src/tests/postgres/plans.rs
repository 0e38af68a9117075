//! Every statement finds its rows by key or index; its cost does not grow with the tables.

use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use super::super::everything::call_everything;
use super::{connections, new_database, open_at, readers};
use crate::ports::log::{PAGE_BACK, PAGE_FORWARD};
use crate::sql;

/// Statements that may scan all rows of a table.
const SWEEPS: [&str; 3] = [
    // The nodes are few.
    "FROM node WHERE at >= $1",
    "DELETE FROM node WHERE at < $1",
    // One row.
    "FROM meta",
];

// One thread only, since each thread knows its own statements.
#[tokio::test]
async fn statements_search_and_do_not_scan() {
    let url = new_database();
    let store = open_at(&url).await.expect("it opens");
    sql::seen::take();
    call_everything(&store.store()).await;
    let statements = sql::seen::take();
    assert!(statements.len() > 100, "only {} statements were seen", statements.len());
    let mut connection = connections(&url).await.acquire().await.expect("a connection");
    // Tables are empty, where a scan costs nothing: this way it is planned only where nothing else can be.
    connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan").await.expect("set");
    for (statement, types) in statements {
        let types_of = if types.is_empty() { String::new() } else { format!("({})", types.join(", ")) };
        let nulls = vec!["NULL"; types.len()].join(", ");
        let values = if types.is_empty() { String::new() } else { format!("({nulls})") };
        let prepare = format!("PREPARE seen{types_of} AS {statement}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.expect("it is prepared");
        let explain = sqlx::raw_sql(AssertSqlSafe(format!("EXPLAIN EXECUTE seen{values}")));
        let plan: Vec<String> =
            explain.fetch_all(&mut *connection).await.expect("a plan").iter().map(|r| r.get(0)).collect();
        connection.execute("DEALLOCATE seen").await.expect("it is deallocated");
        let may_scan = SWEEPS.iter().any(|sweep| statement.contains(sweep));
        assert!(may_scan || !plan.iter().any(|step| step.contains("Seq Scan")), "{statement}\n{plan:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_long_log_is_a_search_by_key() {
    let url = new_database();
    let store = open_at(&url).await.expect("it opens");
    let pool = connections(&url).await;
    let fill = "INSERT INTO entry (log, seq, kind, by_id, id, at, n, rev, deleted, v, body)
                SELECT 'r:' || l, s, CASE WHEN s % 10 = 0 THEN 'react' ELSE 'message' END, 'u', 'i', s, s, s, 0, 1,
                       repeat('x', 200)
                FROM generate_series(1, 4) l, generate_series(1, 25000) s";
    pool.execute(fill).await.expect("100,000 rows");
    pool.execute("ANALYZE entry").await.expect("counted");
    for (page, edge) in [(PAGE_BACK, 20_000_i64), (PAGE_BACK, i64::MAX), (PAGE_FORWARD, 0), (PAGE_FORWARD, 24_990)] {
        let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN (ANALYZE, BUFFERS) {page}")));
        let explain = explain.bind("r:2").bind(edge).bind(51_i64);
        let plan = explain.fetch_all(readers(&store)).await.expect("a plan");
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        let has = |what: &str| plan.iter().any(|step| step.contains(what));
        assert!(!has("Seq Scan") && !has("Bitmap"), "{plan:#?}");
        assert!(has("entry_pkey") && has("entry_message"), "{plan:#?}");
        // The first such line counts those of all steps: `Buffers: shared hit=12 read=3`.
        let buffers = plan.iter().find(|step| step.contains("Buffers:")).expect("they are counted");
        let blocks: u64 = buffers.split(['=', ' ']).filter_map(|word| word.parse::<u64>().ok()).sum();
        assert!((1..300).contains(&blocks), "51 rows by key: {plan:#?}");
    }
}

//! Every table and every column is copied, or left out for a reason.

use std::collections::BTreeSet;

use super::tables::{OTHERS, TABLES};
use super::{EMPTIED, sql};
use crate::SqlStore;
use crate::tests::everything::call_everything;

/// Columns that follow from others when a row is written.
const DERIVED: [(&str, &str); 9] = [
    ("feed", "fence"),
    ("usr", "folded"),
    ("room", "kind"),
    ("room", "slug"),
    ("room", "name"),
    ("room", "listed"),
    ("room", "rev"),
    ("room", "members"),
    ("react", "rev"),
];

#[tokio::test]
async fn no_table_and_no_column_is_forgotten() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    let tables = sql::query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    let names = |rows: Vec<crate::database::Row>| {
        rows.iter().map(|row| row.get::<String>("name").expect("a name")).collect::<BTreeSet<_>>()
    };
    let tables = names(store.shared.all(tables).await.expect("a list"));
    let known = TABLES.iter().map(|table| table.name).chain(OTHERS.iter().map(|(name, _)| *name));
    assert_eq!(tables, known.map(str::to_owned).collect(), "a table is neither copied nor left out for a reason");

    for table in &TABLES {
        let columns = sql::query("SELECT name FROM pragma_table_info($1) ORDER BY cid").bind(table.name.to_owned());
        let columns = names(store.shared.all(columns).await.expect("a list"));
        let read: BTreeSet<&str> =
            table.columns.split(", ").map(|column| column.split(" AS ").next().unwrap_or_default()).collect();
        for column in &columns {
            let derived = DERIVED.contains(&(table.name, column));
            assert!(read.contains(column.as_str()) || derived, "{}.{column} is not copied", table.name);
        }
    }
    let emptied: BTreeSet<String> = EMPTIED.iter().map(|(name, _)| (*name).to_owned()).collect();
    let kept: Vec<&String> = tables.difference(&emptied).collect();
    assert_eq!(kept, ["meta"], "an interrupted copy leaves rows behind");
}

#[tokio::test]
async fn a_page_is_read_by_key_and_does_not_sort() {
    let store = SqlStore::open_temporary().await.expect("it opens");
    call_everything(&store.store()).await;
    for table in &TABLES {
        let rows = store.shared.all(table.page(None, 1)).await.expect("a page");
        let Some(row) = rows.first() else { continue };
        let key = table.key_of(row).expect("a key");
        let (text, values) = table.page(Some(&key), 5).into_parts();
        let plan = sql::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", text.as_str())));
        let plan = values.into_iter().fold(plan, crate::database::Statement::bind);
        for step in store.shared.all(plan).await.expect("a plan") {
            let step: String = step.get("detail").expect("a step");
            assert!(step.starts_with("SEARCH"), "{}: {step}", table.name);
        }
    }
}

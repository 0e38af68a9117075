//! The audit log: pages over the turn of months, newest first.

use domain::{AuditAction, AuditOutcome, AuditRecord, AuditSubject, AuditVia, Timestamp};
use service::ports::Store;
use uuid::Uuid;

use super::world::a_user;

/// Midnight of 2026-03-01, UTC.
const MARCH: i64 = 1_772_323_200_000;

/// Returns a record of this moment.
pub fn record(at: i64) -> AuditRecord {
    AuditRecord {
        at: Timestamp(at),
        id: Uuid::now_v7(),
        by: Some(a_user()),
        by_name: Some("ada".into()),
        via: AuditVia::Rest,
        action: AuditAction::Rename,
        subject: AuditSubject::User(a_user()),
        subject_name: "bob".into(),
        outcome: AuditOutcome::Begun,
    }
}

/// The position behind all records.
const END: (Timestamp, Uuid) = (Timestamp(MARCH + 40 * 86_400_000), Uuid::max());

pub async fn records_come_newest_first_in_pages(store: Store) {
    let moments = [MARCH - 40 * 86_400_000, MARCH - 1, MARCH, MARCH, MARCH, MARCH + 5, MARCH + 31 * 86_400_000];
    let mut all: Vec<AuditRecord> = moments.into_iter().map(record).collect();
    for record in &all {
        store.audit.record(record).await.expect("recorded");
    }
    all.sort_by_key(|record| std::cmp::Reverse(record.key()));
    for limit in 1..=all.len() + 1 {
        let (mut found, mut before) = (Vec::new(), END);
        loop {
            let page = store.audit.page(before, Timestamp(moments[0]), limit).await.expect("a page");
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            before = last.key();
            found.extend(page);
        }
        assert_eq!(found, all, "by {limit}");
    }
    let since = Timestamp(MARCH);
    assert_eq!(store.audit.page(END, since, 9).await.expect("a page"), all[..5], "nothing older");
    let middle = store.audit.page((Timestamp(MARCH), Uuid::nil()), Timestamp(0), 9).await.expect("a page");
    assert_eq!(middle, all[5..]);
}

pub async fn a_record_is_replaced_by_its_outcome(store: Store) {
    let begun = record(MARCH);
    store.audit.record(&begun).await.expect("recorded");
    let done = AuditRecord { outcome: AuditOutcome::Done, ..begun };
    store.audit.record(&done).await.expect("replaced");
    assert_eq!(store.audit.page(END, Timestamp(MARCH), 9).await, Ok(vec![done]));
}

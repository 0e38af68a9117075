//! Implements `AuditStore`. A month of records is a partition, ordered by time.

use async_trait::async_trait;
use domain::{AuditKey, AuditRecord, Timestamp};
use service::limits::AUDIT_LIFE;
use service::ports::{AuditStore, StoreResult, audit_month, readable};
use stored::AuditForm;

use crate::item::{Item, decoded, json};
use crate::keys::{self, Key};
use crate::table_store::{Range, TableStore};

/// Costs: a record one write; a page one read for each month that it looks at, from the newest to the oldest one asked
/// for. The table's time to live removes old records.
#[async_trait]
impl AuditStore for TableStore {
    async fn record(&self, record: &AuditRecord) -> StoreResult<()> {
        self.put(item(record)).await
    }

    async fn page(&self, before: AuditKey, since: Timestamp, limit: usize) -> StoreResult<Vec<AuditRecord>> {
        let (at, id) = before;
        let newest = audit_month(at);
        let mut found = Vec::new();
        for month in months(&newest, &audit_month(since)) {
            let pk = keys::audit_month(&month);
            let range = match month == newest {
                true => Range::before(pk, "", &keys::audited(at, id)),
                false => Range::all(pk),
            };
            let rows = self.query(range.descending().limit(limit - found.len())).await?;
            found.extend(readable(
                rows.iter().map(|item| decoded("audit record", item, |item| Ok(item.json::<AuditForm>("au")?.0))),
            )?);
            if found.len() >= limit {
                break;
            }
        }
        found.retain(|record| record.at >= since);
        Ok(found)
    }

    async fn sweep_audit(&self, _before: Timestamp) -> StoreResult<u64> {
        Ok(0)
    }
}

/// Returns the item of a record.
pub fn item(record: &AuditRecord) -> Item {
    let key = Key::new(keys::audit_month(&audit_month(record.at)), keys::audited(record.at, record.id));
    Item::at(key).with("au", json(&AuditForm(record.clone()))).expires(record.at + AUDIT_LIFE)
}

/// Returns the months from `newest` down to `oldest`.
fn months(newest: &str, oldest: &str) -> Vec<String> {
    let number = |month: &str| {
        let (year, month) = month.split_once('-')?;
        Some(year.parse::<u32>().ok()? * 12 + month.parse::<u32>().ok()? - 1)
    };
    let (Some(newest), Some(oldest)) = (number(newest), number(oldest)) else { return Vec::new() };
    (oldest..=newest).rev().map(|month| format!("{:04}-{:02}", month / 12, month % 12 + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_go_down_over_the_turn_of_a_year() {
        assert_eq!(months("2026-02", "2025-11"), ["2026-02", "2026-01", "2025-12", "2025-11"]);
        assert_eq!(months("2026-02", "2026-02"), ["2026-02"]);
        assert!(months("2026-01", "2026-02").is_empty());
    }
}

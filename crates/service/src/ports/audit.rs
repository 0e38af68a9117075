//! Stores the audit log.

use async_trait::async_trait;
use domain::{AuditKey, AuditRecord, Timestamp};
use time::OffsetDateTime;

use super::StoreResult;

/// Stores the audit log.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Writes a record, durably. Replaces the one with the same time and id.
    async fn record(&self, record: &AuditRecord) -> StoreResult<()>;

    /// Returns the newest records that are older than `before` and not older than `since`, newest first. Records that
    /// cannot be decoded are left out. The cost grows with the months between `since` and `before`.
    async fn page(&self, before: AuditKey, since: Timestamp, limit: usize) -> StoreResult<Vec<AuditRecord>>;

    /// Removes records older than `before` and returns how many: 0 for a store whose rows expire by themselves.
    async fn sweep_audit(&self, before: Timestamp) -> StoreResult<u64>;
}

/// Returns the month of a moment as `2026-03`, by which stores divide the log.
pub fn audit_month(at: Timestamp) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("{:04}-{:02}", moment.year(), u8::from(moment.month()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_the_month_of_its_utc_date() {
        for (at, month) in [
            (0, "1970-01"),
            (951_782_399_999, "2000-02"),
            (951_868_800_000, "2000-03"),
            (1_772_323_199_999, "2026-02"),
            (1_772_323_200_000, "2026-03"),
            (1_798_761_599_999, "2026-12"),
            (1_798_761_600_000, "2027-01"),
        ] {
            assert_eq!(audit_month(Timestamp(at)), month, "{at}");
        }
    }
}

//! Implements `AuditStore`.

use async_trait::async_trait;
use domain::{AuditKey, AuditRecord, Timestamp};
use service::ports::{AuditStore, StoreResult, audit_month, readable};
use stored::AuditForm;

use crate::codec::{decoded, json};
use crate::connections::SqlConnections;
use crate::sql;

#[async_trait]
impl AuditStore for SqlConnections {
    async fn record(&self, record: &AuditRecord) -> StoreResult<()> {
        let record = record.clone();
        let written = self.execute(move || {
            let sql = "INSERT INTO audit (month, at, id, body) VALUES ($1, $2, $3, $4)
                       ON CONFLICT (month, at, id) DO UPDATE SET body = excluded.body";
            let query = sql::query(sql).bind(audit_month(record.at)).bind(record.at.0);
            query.bind(record.id.to_string()).bind(json(&AuditForm(record.clone())))
        });
        written.await.map(|_| ())
    }

    async fn page(&self, before: AuditKey, since: Timestamp, limit: usize) -> StoreResult<Vec<AuditRecord>> {
        let (at, id) = before;
        let sql = "SELECT month, id, body FROM audit WHERE (month, at, id) < ($1, $2, $3) AND month >= $4 AND at >= $5
                   ORDER BY month DESC, at DESC, id DESC LIMIT $6";
        let query = sql::query(sql).bind(audit_month(at)).bind(at.0).bind(id.to_string());
        let query = query.bind(audit_month(since)).bind(since.0).bind(sql::limit(limit));
        let rows = self.all(query).await?;
        readable(
            rows.iter()
                .map(|row| decoded("audit record", row, &["month", "id"], |row| Ok(row.json::<AuditForm>("body")?.0))),
        )
    }

    async fn sweep_audit(&self, before: Timestamp) -> StoreResult<u64> {
        let swept = self.execute(move || {
            let sql = "DELETE FROM audit WHERE month <= $1 AND at < $2";
            sql::query(sql).bind(audit_month(before)).bind(before.0)
        });
        swept.await
    }
}

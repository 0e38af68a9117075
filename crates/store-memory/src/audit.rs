//! The audit log in memory.

use async_trait::async_trait;
use domain::{AuditKey, AuditRecord, Timestamp};
use service::ports::{AuditStore, StoreResult};

use crate::MemoryStore;

#[async_trait]
impl AuditStore for MemoryStore {
    async fn record(&self, record: &AuditRecord) -> StoreResult<()> {
        self.up()?.audit.insert(record.key(), record.clone());
        Ok(())
    }

    async fn page(&self, before: AuditKey, since: Timestamp, limit: usize) -> StoreResult<Vec<AuditRecord>> {
        let state = self.up()?;
        let newest = state.audit.range(..before).rev().filter(|(key, _)| key.0 >= since);
        Ok(newest.take(limit).map(|(_, record)| record.clone()).collect())
    }

    async fn sweep_audit(&self, before: Timestamp) -> StoreResult<u64> {
        let mut state = self.up()?;
        let all = state.audit.len();
        state.audit.retain(|key, _| key.0 >= before);
        Ok((all - state.audit.len()) as u64)
    }
}

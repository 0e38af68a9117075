//! The common suite of all stores, on Amazon's own emulator and on the local cloud: each lies somewhere else.

use std::sync::Arc;

use conformance::suite::limits::LimitNodes;
use service::ports::SharedLimits;

use super::world::{TestStore, on_dynamodb_local, on_ministack};
use crate::OpenError;

async fn dynamodb_local() -> Result<TestStore, OpenError> {
    TestStore::timeless(on_dynamodb_local()).await
}

async fn ministack() -> Result<TestStore, OpenError> {
    TestStore::timeless(on_ministack()).await
}

/// Nodes that count in one table.
struct OneTable(TestStore);

#[async_trait::async_trait]
impl LimitNodes for OneTable {
    async fn node(&self) -> Arc<dyn SharedLimits> {
        self.0.limits()
    }
}

async fn on_local() -> OneTable {
    OneTable(dynamodb_local().await.expect("the store opens"))
}

conformance::limits!(local_limits, on_local);
conformance::store!(local, dynamodb_local, expires_by_itself);
conformance::store!(cloud, ministack, expires_by_itself);

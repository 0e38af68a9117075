//! The common suite of all stores, on Amazon's own emulator and on the local cloud: each lies somewhere else.

use super::world::{TestStore, on_dynamodb_local, on_ministack};
use crate::OpenError;

async fn dynamodb_local() -> Result<TestStore, OpenError> {
    TestStore::timeless(on_dynamodb_local()).await
}

async fn ministack() -> Result<TestStore, OpenError> {
    TestStore::timeless(on_ministack()).await
}

conformance::store!(local, dynamodb_local, expires_by_itself);
conformance::store!(cloud, ministack, expires_by_itself);
